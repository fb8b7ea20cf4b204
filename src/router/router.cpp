// SPDX-License-Identifier: Apache-2.0
#include "router/router.hpp"

#include "net/shard.hpp"
#include "router/domain_service.hpp"
#include "router/server.hpp"

#include <algorithm>
#include <variant>

namespace stonechat {
namespace {

/// Interval between sweeps. An idle user is unloaded after one to two intervals.
constexpr std::chrono::seconds sweep_interval { 30 };

} // namespace

Router::Router(Server& server, Shard& shard, std::unique_ptr<Storage> storage, SharedSettings settings)
    : server_(server), shard_(shard), storage_(std::move(storage)), accounts_(*this), notifications_(*this),
      dead_letters_(shard.index()), settings_(std::move(settings)),
      sweep_timer_([](void* self) { static_cast<Router*>(self)->sweep(); }, this)
{
    shard_.post([this] { sweep_timer_.start(shard_.timers(), sweep_interval); });
}

Router::~Router() = default;

void Router::reconfigure(SharedSettings settings)
{
    settings_ = std::move(settings);
    for (const auto& host : hosts_) {
        host->reconfigured();
    }
}

Host* Router::host(std::string_view domain) const
{
    for (const auto& host : hosts_) {
        if (host->name() == domain) {
            return host.get();
        }
    }
    return nullptr;
}

void Router::add_host(std::string name)
{
    hosts_.push_back(std::make_unique<Host>(*this, std::move(name)));
}

DomainService* Router::service(std::string_view domain) const
{
    for (const auto& [name, service] : services_) {
        if (name == domain) {
            return service;
        }
    }
    return nullptr;
}

void Router::add_service(std::string domain, DomainService& service)
{
    services_.emplace_back(std::move(domain), &service);
}

Destination* Router::destination(std::string_view domain) const
{
    if (Host* addressed = host(domain)) {
        return addressed;
    }
    if (DomainService* addressed = service(domain)) {
        return addressed;
    }
    return remote_;
}

std::size_t Router::shard_for(const Jid& address) const
{
    return home_of(address, destination(address.domain()));
}

std::size_t Router::home_of(const Jid& address, const Destination* taker) const
{
    if (taker != nullptr && taker->placement() == Destination::Placement::by_domain) {
        return server_.shard_of(address.domain());
    }
    // Every shard knows a domain of ours; an account or a room lives on one.
    return address.has_local() ? server_.shard_of(address.bare_text()) : shard_.index();
}

void Router::route(Stanza stanza, Settlement settlement)
{
    if (stanza.to().empty()) {
        std::move(settlement).settle();
        return;
    }
    Destination* const taker = destination(stanza.to().domain());
    if (taker == nullptr) {
        refuse(stanza, StanzaError(StanzaError::remote_server_not_found));
        std::move(settlement).settle();
        return;
    }
    const std::size_t home = home_of(stanza.to(), taker);
    if (home == shard_.index()) {
        taker->deliver(std::move(stanza), std::move(settlement));
        return;
    }
    send_mail(home, DeliverStanza { std::move(stanza), std::move(settlement) });
}

void Router::send_mail(std::size_t home, Mail mail)
{
    Router& other = server_.router(home);
    other.shard().post([&other, mail = std::move(mail)]() mutable {
        std::visit([&other](auto& opened) { other.take(opened); }, mail);
    });
}

void Router::take(DeliverStanza& mail)
{
    Destination* const taker = destination(mail.stanza.to().domain());
    taker->deliver(std::move(mail.stanza), std::move(mail.settlement));
}

void Router::take(FanOut& mail)
{
    fan_out_here(*mail.stanza, mail.targets);
}

void Router::take(Multicast& mail)
{
    multicast_here(*mail.stanza, mail.audience->at(shard_.index()), mail.except);
}

void Router::take(Unicast& mail)
{
    unicast(mail.recipient, std::move(mail.stanzas), mail.from);
}

void Router::take(Notification& mail)
{
    notifications_.deliver(std::move(mail));
}

Stanza::Seal Router::new_seal()
{
    return ++seals_ * server_.shard_count() + shard_.index();
}

void Router::refuse(const Stanza& request, const StanzaError& error)
{
    ++counters_.refused;
    if (request.kind() == StanzaKind::message) {
        tracks_.note(MessageLog::key_of(request.id()), server_.clock().wall(), "refused",
            to_text(error.condition()));
    }
    if (server_.trace().is_on()) {
        server_.trace().step("refused", request, to_text(error.condition()));
    }
    if (is_answerable(request) && !request.from().empty()) {
        route(request.error_reply(error));
    }
}

bool Router::is_answerable(const Stanza& stanza)
{
    return !stanza.is_error() && (stanza.kind() != StanzaKind::iq || stanza.is_request());
}

void Router::fan_out(std::shared_ptr<const Stanza> stanza, std::vector<Jid> targets)
{
    if (server_.shard_count() == 1) {
        fan_out_here(*stanza, targets);
        return;
    }
    std::vector<std::vector<Jid>> by_home(server_.shard_count());
    for (Jid& target : targets) {
        by_home[shard_for(target)].push_back(std::move(target));
    }
    for (std::size_t home = 0; home < by_home.size(); ++home) {
        if (by_home[home].empty()) {
            continue;
        }
        if (home == shard_.index()) {
            fan_out_here(*stanza, by_home[home]);
            continue;
        }
        send_mail(home, FanOut { stanza, std::move(by_home[home]) });
    }
}

void Router::fan_out_here(const Stanza& stanza, const std::vector<Jid>& targets)
{
    Stanza shared = stanza;
    if (targets.size() > 1) {
        shared.serialize_for_many();
    }
    for (const Jid& target : targets) {
        if (Destination* taker = destination(target.domain())) {
            taker->deliver_copy(shared, target);
            continue;
        }
        Stanza copy = shared;
        copy.set_to(target);
        refuse(copy, StanzaError(StanzaError::remote_server_not_found));
    }
}

void Router::multicast(const std::shared_ptr<const Stanza>& stanza, const AudiencePtr& audience,
    const Except& except)
{
    ++counters_.addresses;
    for (std::size_t home = 0; home < server_.shard_count(); ++home) {
        if (audience->at(home).empty()) {
            continue;
        }
        if (home == shard_.index()) {
            multicast_here(*stanza, audience->at(home), except);
            continue;
        }
        send_mail(home, Multicast { stanza, audience, except });
    }
}

void Router::multicast_here(const Stanza& stanza, const Audience::Recipients& recipients,
    const Except& except)
{
    const Shard::ForMany for_many(shard_);
    Stanza shared = stanza; // one copy for all on this shard; only its `to` changes
    for (const RecipientPtr& recipient : recipients) {
        if (std::find(except.begin(), except.end(), recipient) != except.end()) {
            continue;
        }
        if (Destination* taker = destination(recipient->jid.domain())) {
            taker->deliver_directly(shared, recipient->jid);
            continue;
        }
        Stanza copy = shared;
        copy.set_to(recipient->jid);
        refuse(copy, StanzaError(StanzaError::remote_server_not_found));
    }
}

void Router::unicast(const RecipientPtr& recipient, WireForms stanzas, const Jid& from)
{
    if (recipient->home == shard_.index()) {
        if (Destination* taker = destination(recipient->jid.domain())) {
            taker->deliver_directly(std::move(stanzas), recipient->jid, from);
        }
        return;
    }
    send_mail(recipient->home, Unicast { recipient, std::move(stanzas), from });
}

void Router::notify(Notification notification)
{
    if (server_.shard_count() == 1) {
        notifications_.deliver(std::move(notification));
        return;
    }
    std::vector<std::vector<NotificationTarget>> by_home(server_.shard_count());
    for (NotificationTarget& target : notification.targets) {
        by_home[shard_for(target.account)].push_back(std::move(target));
    }
    for (std::size_t home = 0; home < by_home.size(); ++home) {
        if (by_home[home].empty()) {
            continue;
        }
        Notification part { notification.event, notification.feature, std::move(by_home[home]) };
        if (home == shard_.index()) {
            notifications_.deliver(std::move(part));
        } else {
            send_mail(home, std::move(part));
        }
    }
}

void Router::sweep()
{
    for (const auto& [name, service] : services_) {
        service->sweep();
    }
    std::size_t changes = static_cast<std::size_t>(counters_.logins - logins_swept_);
    logins_swept_ = counters_.logins;
    std::size_t left = 0;
    for (const auto& host : hosts_) {
        changes += host->sweep();
        left += host->users().size();
    }
    shard_.drop_spare_buffers();
    server_.freed_memory().note(shard_, changes, left);
    sweep_timer_.start(shard_.timers(), sweep_interval);
}

} // namespace stonechat
