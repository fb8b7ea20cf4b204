// SPDX-License-Identifier: Apache-2.0
#include "pubsub/pubsub_service.hpp"

#include "base/background.hpp"
#include "pubsub/bounces.hpp"
#include "pubsub/node_archive.hpp"
#include "pubsub/node_commands.hpp"
#include "pubsub/node_discovery.hpp"
#include "pubsub/subscription_approval.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

Element service_info()
{
    Element query("query", ns::disco_info);
    query.add("identity")
        .set_attribute("category", "pubsub")
        .set_attribute("type", "service")
        .set_attribute("name", "Publish-Subscribe");
    for (const std::string_view feature :
        { ns::disco_info, ns::disco_items, ns::ping, ns::commands, ns::archive, ns::archive_extended }) {
        query.add("feature").set_attribute("var", feature);
    }
    for (const std::string_view feature : pubsub_features()) {
        query.add("feature").set_attribute("var", feature);
    }
    return query;
}

Element empty_answer(const Iq& iq)
{
    Element query("query", iq.payload().ns());
    if (const auto node = iq.payload().attribute("node")) {
        query.set_attribute("node", *node);
    }
    return query;
}

bool names_node(const Iq& iq)
{
    return !iq.payload().attribute_or("node").empty();
}

} // namespace

PubsubService::PubsubService(Host& host, Jid domain) : NodeService(host, std::move(domain)) {}

const Section& PubsubService::settings() const
{
    return host().settings("pubsub");
}

Relation PubsubService::relation(const Node& node, const Jid& who) const
{
    Relation relation;
    relation.affiliation = owns_all(who) ? NodeAffiliation::owner : node.affiliation(who);
    relation.subscription = node.subscription_state(who);
    return relation;
}

bool PubsubService::owns_all(const Jid& who) const
{
    return host().is_admin(who);
}

bool PubsubService::may_create(const Jid& who) const
{
    const std::string& allowed = settings().text("create");
    const bool is_local = who.has_local() && host().router().host(who.domain()) != nullptr;
    return host().is_admin(who) || allowed == "anyone" || (allowed == "local" && is_local);
}

NodeConfig PubsubService::default_config(std::string_view) const
{
    return {};
}

void PubsubService::deliver(Stanza stanza, Settlement settlement)
{
    const bool to_service = stanza.to().is_domain();
    if (to_service && stanza.kind() == StanzaKind::iq && !stanza.is_request()) {
        host().requests().take(std::move(stanza));
    } else if (to_service && stanza.kind() == StanzaKind::iq) {
        answer_request(std::move(stanza), std::move(settlement));
        return;
    } else if (to_service && stanza.kind() == StanzaKind::message && !stanza.is_error()) {
        if (auto form = approval_of(std::as_const(stanza).element())) {
            start_in_background(take_approval(*this, stanza.from(), std::move(*form), std::move(settlement)),
                host().log(), "subscription to a node not approved");
            return;
        } else {
            host().router().refuse(stanza, StanzaError(StanzaError::service_unavailable));
        }
    } else if (to_service && stanza.kind() == StanzaKind::message) {
        start_in_background(take_bounce(*this, hold(), std::move(stanza)), host().log(),
            "error for an event not taken");
    } else if (stanza.kind() != StanzaKind::presence) {
        const auto condition = to_service ? StanzaError::service_unavailable : StanzaError::item_not_found;
        host().router().refuse(stanza, StanzaError(condition));
    }
    std::move(settlement).settle();
}

void PubsubService::answer_request(Stanza request, Settlement settlement)
{
    const auto failed = [this, refusable = request](const std::exception_ptr& failure) {
        host().log().error("pubsub request failed", { { "why", what_of(failure) } });
        host().router().refuse(refusable, StanzaError(StanzaError::internal_server_error));
    };
    start(
        answer_later(std::move(request), std::move(settlement)), [](Done) {}, failed);
}

Task<Done> PubsubService::answer_later(Stanza request, Settlement settlement)
{
    auto asked = answer(Iq(request));
    auto answered = co_await asked;
    host().trace("answered", request, answered ? "result" : to_text(answered.error().condition()));
    host().router().route(answered ? request.result(std::move(*answered))
                                   : request.error_reply(answered.error()));
    std::move(settlement).settle();
    co_return Done();
}

Task<IqAnswer> PubsubService::answer(Iq iq)
{
    const Element& payload = iq.payload();
    const bool is_get = iq.type() == IqType::get;
    if (payload.is("pubsub", ns::pubsub) || payload.is("pubsub", ns::pubsub_owner)) {
        auto asked = requests_.answer(*this, iq);
        auto answer = co_await asked;
        co_return answer;
    }
    if (is_get && payload.is("query", ns::disco_info)) {
        auto asked = answer_info(iq);
        auto answer = co_await asked;
        co_return answer;
    }
    if (is_get && payload.is("query", ns::disco_items)) {
        auto asked = answer_items(iq);
        auto answer = co_await asked;
        co_return answer;
    }
    if (payload.ns() == ns::archive) {
        auto asked = answer_node_archive(*this, iq, nullptr);
        auto answer = co_await asked;
        co_return answer;
    }
    if (!is_get && payload.is("command", ns::commands)) {
        auto running = answer_node_command(*this, iq);
        auto answer = co_await running;
        co_return answer;
    }
    if (is_get && payload.is("ping", ns::ping)) {
        co_return std::nullopt;
    }
    co_return StanzaError(StanzaError::service_unavailable);
}

Task<IqAnswer> PubsubService::answer_info(Iq iq)
{
    if (!names_node(iq)) {
        co_return service_info();
    }
    Element query = empty_answer(iq);
    if (iq.payload().attribute_or("node") == get_pending_command) {
        describe_get_pending(query);
        co_return query;
    }
    auto adding = add_node_info(*this, iq, query);
    const auto added = co_await adding;
    if (!added) {
        co_return added.error();
    }
    co_return query;
}

Task<IqAnswer> PubsubService::answer_items(Iq iq)
{
    Element query = empty_answer(iq);
    if (iq.payload().attribute_or("node") == ns::commands) {
        list_node_commands(*this, query);
        co_return query;
    }
    const auto add = names_node(iq) ? add_node_items : add_nodes;
    auto adding = add(*this, iq, query);
    const auto added = co_await adding;
    if (!added) {
        co_return added.error();
    }
    co_return query;
}

Task<bool> PubsubService::forget_account(Jid)
{
    co_return true; // the store removes what nodes have of an account with the account (NodeStore::forget)
}

} // namespace stonechat
