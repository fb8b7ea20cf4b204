// SPDX-License-Identifier: Apache-2.0
#include "modules/last_activity.hpp"

#include "modules/user_activity.hpp"
#include "router/host.hpp"
#include "router/last_seen.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/date_time.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/utf8.hpp"

#include <algorithm>
#include <charconv>

namespace stonechat {
namespace {

constexpr const char* visibility = "visibility"; ///< key in the store, and field of the command
constexpr const char* command_node = "urn:stonechat:last-activity:0#visibility";
/// Limit on the status text that is kept and later shown to contacts.
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

std::int64_t seconds_of(WallTime time)
{
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// When the user last used a device, and whether contacts may know.
struct Seen {
    std::int64_t time = 0; ///< seconds since 1970; 0: never
    std::string status;    ///< text of the last unavailable presence (§3)
    bool is_hidden = false;
    bool is_written = true;
    std::optional<SteadyTime> written; ///< time of the last write since the server was started

    /// Returns the stored form: the seconds on the first line, then the status.
    std::string to_text() const { return std::to_string(time) + "\n" + status; }
    void read(std::string_view text)
    {
        const auto line_end = std::min(text.find('\n'), text.size());
        std::from_chars(text.data(), text.data() + line_end, time);
        status = text.substr(std::min(line_end + 1, text.size()));
    }
};

DataForm visibility_form()
{
    DataForm form(DataForm::Type::form, command_node);
    form.set_title("Who sees when you were last active");
    DataForm::Field field;
    field.var = visibility;
    field.type = DataForm::FieldType::list_single;
    field.values = { "contacts" };
    field.label = "Your last activity is shown to";
    field.required = true;
    field.options = { { "Contacts who see your presence", "contacts" }, { "Nobody", "nobody" } };
    form.add(std::move(field));
    return form;
}

/// Removes the elements that say when the user last used the device (XEP-0319, and XEP-0256 before it).
/// Returns whether there were any.
bool strip_idle(Element& presence)
{
    return presence.remove_children("idle", ns::idle) + presence.remove_children("query", ns::last_activity)
        > 0;
}

class LastActivity final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("last_activity", "Tells contacts when a user was last active.")
            .implements(Xep { 12, "2.0", "Last Activity" })
            .implements(Xep { 319, "1.0.2", "Last User Interaction in Presence" })
            .feature(ns::last_activity, On::both)
            .setting(SettingSpec::duration("write_interval", std::chrono::minutes(5), std::chrono::seconds(1),
                std::chrono::hours(24),
                "Interval at which the time of last activity is written to the database while a user is "
                "active."))
            .store(last_activity_store);
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        status_ = on.session_slot<std::string>();
        seen_ = on.user_slot<Seen>();
        on.user_load([this](User& user) { return load(user); });
        on.iq_get(To::host, ns::last_activity, "query", uptime);
        on.iq_get(To::account, ns::last_activity, "query",
            [this](const Iq& iq, const Context& c) { return last_seen(iq, c); });
        on.iq_get(To::nobody, ns::last_activity, "query",
            [](const Iq&, const Context&) -> IqAnswer { return StanzaError(StanzaError::forbidden); });
        on.any(Flow::to_user, [this](Stanza& stanza, const Context& c) { return guard(stanza, *c.user); });
        on.presence(Flow::from_client, Stage::stamp,
            [this](Presence p, const Context& c) { return hide_idle(p, c); });
        on.presence(Flow::from_client, Stage::copy,
            [this](Presence p, const Context& c) { return look(p, c); });
        on.message(Flow::from_client, Stage::copy,
            [this](Message m, const Context& c) { return look(m, c); });
        on.session_ended([this](const Context& c) { end(c); });
        on.command(visibility_command());
    }

private:
    Task<bool> load(User& user)
    {
        auto pending = user.host().storage().keyval().load(user.key(), last_activity_store);
        const auto entries = co_await pending;
        if (!entries) {
            co_return false;
        }
        Seen& seen = seen_.of(user);
        seen = Seen();
        for (const auto& [name, value] : *entries) {
            if (name.empty()) {
                seen.read(value);
            } else if (name == visibility) {
                seen.is_hidden = value == "nobody";
            }
        }
        co_return true;
    }

    // Queries ----------------------------------------------------------------------------------------

    /// Example 5: returns the server's uptime.
    static IqAnswer uptime(const Iq&, const Context& context)
    {
        const auto up = context.host.clock().wall() - context.host.router().server().started();
        return answer(std::chrono::duration_cast<std::chrono::seconds>(up).count());
    }

    /// Returns whether `asker` sees the user's presence and the user does not hide the last activity.
    bool may_know(const User& user, const Jid& asker) const
    {
        return user.jid().same_bare(asker) || (!seen_.find(user)->is_hidden && user.shows_presence_to(asker));
    }

    /// §3 and §6: everyone else gets the same answer as for an account that does not exist.
    IqAnswer last_seen(const Iq& iq, const Context& context) const
    {
        const User& user = *context.user;
        if (!may_know(user, iq.from())) {
            return StanzaError(StanzaError::forbidden);
        }
        if (user.has_available_session()) {
            return answer(0);
        }
        const Seen& seen = *seen_.find(user);
        if (seen.time == 0) {
            return StanzaError(StanzaError::item_not_found); // the user has never logged in
        }
        return answer(seconds_of(host_->clock().wall()) - seen.time, seen.status);
    }

    /// §4: bounces queries to a device if the user hides the last activity.
    Verdict guard(const Stanza& stanza, const User& user) const
    {
        const bool asks = stanza.kind() == StanzaKind::iq && stanza.iq_type() == IqType::get
            && stanza.to().has_resource() && stanza.element().first_child()->is("query", ns::last_activity);
        if (!asks || !seen_.find(user)->is_hidden || user.jid().same_bare(stanza.from())
            || !user.shows_presence_to(stanza.from())) {
            return Verdict::pass();
        }
        return Verdict::bounce(StanzaError(StanzaError::forbidden));
    }

    // Recording --------------------------------------------------------------------------------------

    Verdict hide_idle(const Presence& presence, const Context& context) const
    {
        if (seen_.of(*context.user).is_hidden) {
            strip_idle(presence.element());
        }
        return Verdict::pass();
    }

    Verdict look(const Message& message, const Context& context) const
    {
        if (!context.session->is_inactive() && is_user_activity(message.stanza(), nullptr)) {
            note(*context.user, host_->clock().wall());
        }
        return Verdict::pass();
    }

    Verdict look(const Presence& presence, const Context& context) const
    {
        const Session& session = *context.session;
        if (presence.type() == PresenceType::unavailable && presence.to().empty()) {
            status_.of(*context.session) = std::string(utf8_prefix(presence.element().child_text("status"),
                status_bytes));
            return Verdict::pass();
        }
        const WallTime now = host_->clock().wall();
        if (!session.is_inactive() && is_user_activity(presence.stanza(), session.presence().get())) {
            note(*context.user, now);
            return Verdict::pass();
        }
        const Element* idle = presence.element().child("idle", ns::idle);
        const auto since = idle ? parse_datetime(idle->attribute_or("since")) : std::nullopt;
        if (since && !session.is_inactive()) {
            note(*context.user, std::min(*since, now));
        }
        if (seen_.of(*context.user).time == 0) {
            note(*context.user, now); // the first login of this user
        }
        return Verdict::pass();
    }

    /// The user was active at `when`.
    void note(User& user, WallTime when) const
    {
        Seen& seen = seen_.of(user);
        if (seconds_of(when) <= seen.time) {
            return;
        }
        seen.time = seconds_of(when);
        seen.is_written = false;
        const auto interval = host_->settings("last_activity").duration("write_interval");
        if (!seen.written || host_->clock().steady() - *seen.written >= interval) {
            write(user, seen);
        }
    }

    /// Writes what is not written yet. The status of the last available session is kept.
    void end(const Context& context) const
    {
        User& user = *context.user;
        if (user.state() != User::State::ready) {
            return; // the account was removed or disabled under this session
        }
        Seen& seen = seen_.of(user);
        const auto& sessions = user.sessions();
        const bool others = std::any_of(sessions.begin(), sessions.end(), [&context](const auto& other) {
            return other.get() != context.session && other->is_open() && other->is_available();
        });
        const std::string* status = status_.find(*context.session);
        if (!others && seen.time != 0 && seen.status != (status ? *status : std::string())) {
            seen.status = status ? *status : std::string();
            seen.is_written = false;
        }
        if (!seen.is_written) {
            write(user, seen);
        }
    }

    void write(User& user, Seen& seen) const
    {
        seen.is_written = true;
        seen.written = host_->clock().steady();
        // Not awaited: if the write fails, the earlier time stays.
        host_->storage()
            .keyval()
            .set(user.key(), last_activity_store, last_seen_key, seen.to_text())
            .then([](const auto&) {});
    }

    // Visibility -------------------------------------------------------------------------------------

    Command visibility_command()
    {
        Command command;
        command.node = command_node;
        command.name = "Who sees when I was last active";
        command.access = Command::For::local_users;
        command.form = visibility_form();
        command.run = [this](DataForm form, Context c) { return show_to(std::move(form), c); };
        return command;
    }

    Task<Result<Command::Outcome, StanzaError>> show_to(DataForm form, Context context)
    {
        const std::string choice(form.value(visibility).value_or(""));
        if (context.user == nullptr || (choice != "contacts" && choice != "nobody")) {
            co_return StanzaError(StanzaError::bad_request);
        }
        const auto user = context.user->shared_from_this();
        auto pending = host_->storage().keyval().set(user->key(), last_activity_store, visibility, choice);
        const auto saved = co_await pending;
        if (!saved) {
            co_return to_stanza_error(saved.error());
        }
        const bool hidden = choice == "nobody";
        seen_.of(*user).is_hidden = hidden;
        if (hidden) {
            hide_shown(*user);
        }
        co_return Command::Outcome::of(hidden
                ? "Nobody is told when you were last active."
                : "Contacts who see your presence are told when you were last active.");
    }

    /// Also removes the idle time from the presence that is kept to answer probes.
    static void hide_shown(const User& user)
    {
        for (const auto& session : user.sessions()) {
            if (session->is_available()) {
                Stanza presence = *session->presence();
                if (strip_idle(presence.element())) {
                    session->set_available(std::make_shared<const Stanza>(std::move(presence)),
                        session->priority());
                }
            }
        }
    }

    Host* host_ = nullptr; ///< set in attach()
    SessionSlot<std::string> status_;
    UserSlot<Seen> seen_;
};

} // namespace

std::unique_ptr<Module> make_last_activity()
{
    return std::make_unique<LastActivity>();
}

} // namespace stonechat
