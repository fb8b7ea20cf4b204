// SPDX-License-Identifier: Apache-2.0
#include "router/handlers.hpp"

#include "router/host.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

std::string_view to_text(To to)
{
    switch (to) {
    case To::host: return "host";
    case To::own_account: return "own account";
    case To::account: return "account";
    case To::nobody: return "nobody";
    }
    return {};
}

std::string_view to_text(Flow flow)
{
    switch (flow) {
    case Flow::from_client: return "from_client";
    case Flow::to_user: return "to_user";
    }
    return {};
}

std::string_view to_text(Stage stage)
{
    switch (stage) {
    case Stage::guard: return "guard";
    case Stage::stamp: return "stamp";
    case Stage::archive: return "archive";
    case Stage::copy: return "copy";
    case Stage::deliver: return "deliver";
    case Stage::fallback: return "fallback";
    }
    return {};
}

template <class Steps>
void print_steps(std::string& out, std::string_view kind, Flow flow, Stage stage, const Steps& steps)
{
    for (const auto& step : steps) {
        out += std::string(to_text(flow)) + ' ' + std::string(kind) + ' ' + std::string(to_text(stage)) + ": "
            + step.module + '\n';
    }
}

} // namespace

Handlers::Handlers(Host& host) : host_(host), before_login_("request before login") {}

void Handlers::add_iq(To to, IqType type, std::string_view ns, std::string_view element, IqHandler handler)
{
    iq_[static_cast<std::size_t>(to)].add(module_, type, ns, element, std::move(handler));
}

void Handlers::iq_get(To to, std::string_view ns, std::string_view element, Now handler)
{
    add_iq(to, IqType::get, ns, element, IqHandler { std::move(handler), nullptr });
}

void Handlers::iq_set(To to, std::string_view ns, std::string_view element, Now handler)
{
    add_iq(to, IqType::set, ns, element, IqHandler { std::move(handler), nullptr });
}

void Handlers::iq_get_later(To to, std::string_view ns, std::string_view element, Later handler)
{
    add_iq(to, IqType::get, ns, element, IqHandler { nullptr, std::move(handler) });
}

void Handlers::iq_set_later(To to, std::string_view ns, std::string_view element, Later handler)
{
    add_iq(to, IqType::set, ns, element, IqHandler { nullptr, std::move(handler) });
}

void Handlers::message(Flow flow, Stage stage, OnMessage handler)
{
    chains_[static_cast<std::size_t>(flow)].message[static_cast<std::size_t>(stage)].push_back({ module_,
        std::move(handler) });
}

void Handlers::presence(Flow flow, Stage stage, OnPresence handler)
{
    chains_[static_cast<std::size_t>(flow)].presence[static_cast<std::size_t>(stage)].push_back({ module_,
        std::move(handler) });
}

void Handlers::any(Flow flow, OnStanza handler)
{
    chains_[static_cast<std::size_t>(flow)].any.push_back({ module_, std::move(handler) });
}

void Handlers::session_bound(OnMoment handler)
{
    bound_.push_back(std::move(handler));
}

void Handlers::session_available(OnMoment handler)
{
    available_.push_back(std::move(handler));
}

void Handlers::session_presence(OnMoment handler)
{
    presence_.push_back(std::move(handler));
}

void Handlers::session_capabilities(OnMoment handler)
{
    capabilities_.push_back(std::move(handler));
}

void Handlers::session_priority(OnMoment handler)
{
    priority_.push_back(std::move(handler));
}

void Handlers::session_ended(OnMoment handler)
{
    ended_.push_back(std::move(handler));
}

void Handlers::session_disconnected(OnMoment handler)
{
    disconnected_.push_back(std::move(handler));
}

void Handlers::session_resumed(OnMoment handler)
{
    resumed_.push_back(std::move(handler));
}

void Handlers::session_attention(OnMoment handler)
{
    attention_.push_back(std::move(handler));
}

void Handlers::session_kept(std::string_view ns, Save save, Restore restore)
{
    if (std::any_of(kept_.begin(), kept_.end(), [ns](const Kept& part) { return part.ns == ns; })) {
        refuse_second("kept state", module_, std::string(ns));
    }
    kept_.push_back({ std::string(ns), std::move(save), std::move(restore) });
}

Element Handlers::save(const Session& session) const
{
    Element kept("kept", ns::session_state);
    for (const Kept& part : kept_) {
        if (auto element = part.save(session)) {
            kept.add(std::move(*element));
        }
    }
    return kept;
}

void Handlers::restore(Session& session, const Element& kept) const
{
    for (const Element* element : kept.children()) {
        for (const Kept& part : kept_) {
            if (element->ns() == part.ns) {
                part.restore(session, *element);
            }
        }
    }
}

void Handlers::room_notice(OnNotice handler)
{
    notice_.push_back(std::move(handler));
}

void Handlers::mailbox_grown(OnMoment handler)
{
    mailbox_grown_.push_back(std::move(handler));
}

void Handlers::account_removed(OnMoment handler)
{
    removed_.push_back(std::move(handler));
}

void Handlers::account_changed(OnMoment handler)
{
    changed_.push_back(std::move(handler));
}

void Handlers::other_account_removed(OnGone handler)
{
    other_removed_.push_back(std::move(handler));
}

void Handlers::items_expired(OnExpired handler)
{
    items_expired_.push_back(std::move(handler));
}

void Handlers::disco_later(To to, DiscoLater handler)
{
    disco_later_[static_cast<std::size_t>(to)] = std::move(handler);
}

const Handlers::DiscoLater* Handlers::find_disco_later(To to) const
{
    const DiscoLater& handler = disco_later_[static_cast<std::size_t>(to)];
    return handler ? &handler : nullptr;
}

void Handlers::account_forgotten(Forget handler)
{
    forgotten_.push_back(std::move(handler));
}

void Handlers::user_load(OnLoad handler)
{
    load_.push_back(std::move(handler));
}

void Handlers::disco_items(To to, std::string_view node, DiscoItems handler)
{
    disco_[static_cast<std::size_t>(to)].add(DiscoKind::items, node, std::move(handler));
}

void Handlers::disco_info(To to, std::string_view node, DiscoItems handler)
{
    disco_[static_cast<std::size_t>(to)].add(DiscoKind::info, node, std::move(handler));
}

void Handlers::command(Command command)
{
    if (std::any_of(commands_.begin(), commands_.end(),
            [&command](const Command& other) { return other.node == command.node; })) {
        refuse_second("command", module_, command.node);
    }
    commands_.push_back(std::move(command));
}

void Handlers::stream_feature(Offer offer, StreamFeature feature)
{
    features_.emplace_back(offer, std::move(feature));
}

void Handlers::stream_element(std::string_view ns, std::string_view element, OnStreamElement handler)
{
    std::pair key(std::string { ns }, std::string { element });
    for (const auto& [taken, other] : stream_elements_) {
        if (taken == key) {
            refuse_second("stream element", module_, request_in_words(element, ns));
        }
    }
    stream_elements_.emplace_back(std::move(key), std::move(handler));
}

void Handlers::iq_before_login(std::string_view ns, std::string_view element, BeforeLogin handler)
{
    before_login_.add(module_, IqType::get, ns, element, handler);
    before_login_.add(module_, IqType::set, ns, element, std::move(handler));
}

const Handlers::IqHandler* Handlers::find_iq(To to, IqType type, const Element& payload) const
{
    const IqHandler* found = iq_[static_cast<std::size_t>(to)].find(type, payload);
    return found == nullptr && to == To::own_account ? find_iq(To::account, type, payload) : found;
}

const Handlers::BeforeLogin* Handlers::find_before_login(const Element& payload) const
{
    return before_login_.find(IqType::get, payload);
}

const Handlers::OnStreamElement* Handlers::find_stream_element(const Element& element) const
{
    for (const auto& [key, handler] : stream_elements_) {
        if (element.is(key.second, key.first)) {
            return &handler;
        }
    }
    return nullptr;
}

Verdict Handlers::run(Flow flow, Stage from, Stage to, Stanza& stanza, const Context& context) const
{
    const Chain& chain = chains_[static_cast<std::size_t>(flow)];
    if (from == Stage::guard) {
        for (const auto& step : chain.any) {
            Verdict verdict = step.run(stanza, context);
            if (!verdict.is_pass()) {
                return verdict;
            }
        }
    }
    for (auto stage = static_cast<std::size_t>(from); stage <= static_cast<std::size_t>(to); ++stage) {
        if (stanza.kind() == StanzaKind::message) {
            for (const auto& step : chain.message[stage]) {
                Verdict verdict = step.run(Message(stanza), context);
                if (!verdict.is_pass()) {
                    return verdict;
                }
            }
        } else if (stanza.kind() == StanzaKind::presence) {
            for (const auto& step : chain.presence[stage]) {
                Verdict verdict = step.run(Presence(stanza), context);
                if (!verdict.is_pass()) {
                    return verdict;
                }
            }
        }
    }
    return Verdict::pass();
}

void Handlers::run_moment(const std::vector<OnMoment>& handlers, const Context& context) const
{
    for (const OnMoment& handler : handlers) {
        handler(context);
    }
}

bool Handlers::disco(DiscoKind what, To to, std::string_view node, const Context& context, const Iq& iq,
    Element& query) const
{
    return disco_[static_cast<std::size_t>(to)].run(what, node, context, iq, query);
}

std::string Handlers::print() const
{
    std::string out;
    for (const Flow flow : { Flow::from_client, Flow::to_user }) {
        const Chain& chain = chains_[static_cast<std::size_t>(flow)];
        print_steps(out, "stanza", flow, Stage::guard, chain.any);
        for (std::size_t stage = 0; stage < stage_count; ++stage) {
            print_steps(out, "message", flow, static_cast<Stage>(stage), chain.message[stage]);
            print_steps(out, "presence", flow, static_cast<Stage>(stage), chain.presence[stage]);
        }
    }
    std::vector<std::string> iqs;
    for (const To to : { To::host, To::own_account, To::account, To::nobody }) {
        iq_[static_cast<std::size_t>(to)].for_each([&iqs, to](const std::string& module, IqType type,
                                                       const std::string& ns, const std::string& element) {
            iqs.push_back("iq " + std::string(stonechat::to_text(type)) + " to " + std::string(to_text(to))
                + ": " + request_in_words(element, ns) + ": " + module + '\n');
        });
    }
    std::sort(iqs.begin(), iqs.end());
    for (const std::string& line : iqs) {
        out += line;
    }
    return out;
}

} // namespace stonechat
