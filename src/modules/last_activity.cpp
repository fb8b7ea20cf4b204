// SPDX-License-Identifier: Apache-2.0
#include "modules/last_activity.hpp"

#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"

#include <charconv>

namespace stonechat {
namespace {

constexpr const char* store = "last_activity";
/// A status is shown to contacts later; more than this of it is of no use to them.
constexpr std::size_t status_bytes = 1024;

Element answer(std::int64_t seconds, std::string_view status = {})
{
    Element query("query", ns::last_activity);
    query.set_attribute("seconds", std::to_string(std::max<std::int64_t>(seconds, 0)));
    if (!status.empty()) {
        query.add_text(status);
    }
    return query;
}

/// Cut at a character, never inside one.
std::string shortened(std::string text)
{
    if (text.size() > status_bytes) {
        std::size_t end = status_bytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
            --end;
        }
        text.resize(end);
    }
    return text;
}

class LastActivity final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("last_activity", "Tells contacts when somebody was last seen.")
            .implements(Xep { 12, "2.0", "Last Activity" })
            .feature(ns::last_activity, On::both)
            .store(store);
    }

    void attach(Handlers& on) override
    {
        status_ = on.session_slot<std::string>();
        on.iq_get(To::host, ns::last_activity, "query", uptime);
        on.iq_get_later(To::account, ns::last_activity, "query", last_seen);
        on.iq_get(To::nobody, ns::last_activity, "query",
            [](const Iq&, const Context&) -> IqAnswer { return StanzaError(StanzaError::forbidden); });
        on.presence(Flow::from_client, Stage::copy,
            [this](Presence p, const Context& c) { return keep_status(p, c); });
        on.session_ended([this](const Context& c) { write_down(c); });
    }

private:
    /// Example 5: how long the server has been up.
    static IqAnswer uptime(const Iq&, const Context& context)
    {
        const auto up = context.host.clock().wall() - context.host.router().server().started();
        return answer(std::chrono::duration_cast<std::chrono::seconds>(up).count());
    }

    /// §3 and §6: only who sees the user's presence may ask; everybody else hears what they would
    /// hear of an account that does not exist.
    static Task<IqAnswer> last_seen(Iq iq, Context context)
    {
        if (!context.user->shows_presence_to(iq.from())) {
            co_return StanzaError(StanzaError::forbidden);
        }
        if (context.user->has_available_session()) {
            co_return answer(0);
        }
        auto pending = context.host.storage().keyval().get(context.user->key(), store, "");
        const auto found = co_await pending;
        if (!found) {
            co_return StanzaError(StanzaError::internal_server_error);
        }
        if (!found->has_value()) {
            co_return StanzaError(StanzaError::item_not_found); // has never been here
        }
        const std::string& text = **found;
        const auto line_end = std::min(text.find('\n'), text.size());
        std::int64_t seen = 0;
        std::from_chars(text.data(), text.data() + line_end, seen);
        const auto now =
            std::chrono::duration_cast<std::chrono::seconds>(context.host.clock().wall().time_since_epoch())
                .count();
        co_return answer(now - seen, std::string_view(text).substr(std::min(line_end + 1, text.size())));
    }

    Verdict keep_status(Presence presence, const Context& context)
    {
        if (presence.type() == PresenceType::unavailable && presence.to().empty()) {
            status_.of(*context.session) = shortened(presence.element().child_text("status"));
        }
        return Verdict::pass();
    }

    /// Once for the last session that was available: not for each heartbeat, and not while another
    /// device is still there.
    void write_down(const Context& context)
    {
        if (context.user->state() != User::State::ready) {
            return; // the account was removed or disabled under this session
        }
        for (const auto& other : context.user->sessions()) {
            if (other.get() != context.session && other->is_open() && other->is_available()) {
                return;
            }
        }
        const auto now =
            std::chrono::duration_cast<std::chrono::seconds>(context.host.clock().wall().time_since_epoch());
        std::string value = std::to_string(now.count()) + "\n";
        if (const std::string* status = status_.find(*context.session)) {
            value += *status;
        }
        auto written = context.host.storage().keyval().set(context.user->key(), store, "", std::move(value));
        // Nobody waits for it; if it is lost, the time before it stands.
        std::move(written).then([](const Result<Done, StoreError>&) {});
    }

    SessionSlot<std::string> status_;
};

} // namespace

std::unique_ptr<Module> make_last_activity()
{
    return std::make_unique<LastActivity>();
}

} // namespace stonechat
