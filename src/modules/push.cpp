// SPDX-License-Identifier: Apache-2.0
#include "modules/push.hpp"

#include "base/background.hpp"
#include "base/log.hpp"
#include "modules/notice_lookup.hpp"
#include "modules/notification_choices.hpp"
#include "modules/push_attention.hpp"
#include "modules/push_registration.hpp"
#include "net/shard.hpp"
#include "router/async_mutex.hpp"
#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "router/requests.hpp"
#include "router/room_notice.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/message_content.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <list>
#include <map>

namespace stonechat {
namespace {

constexpr const char* push_store = "push";

/// A registration in use. While an answer is awaited, `number` identifies it: the registration may be
/// replaced by a new one of the same name meanwhile.
struct Device {
    PushRegistration registration;
    PushPace pace;
    std::uint64_t number = 0;
    bool waits = false; ///< in Push::waiting_

    // While the device is active: messages sent to it, and how many of them it has confirmed.
    unsigned sent = 0;
    unsigned confirmed = 0;
    bool is_asked = false; ///< a confirmation is awaited

    unsigned round = 0; ///< counts connections, to recognise a late confirmation

    void begin_round()
    {
        sent = confirmed = 0;
        is_asked = false;
        ++round;
    }
};

using Devices = std::list<Device>;

/// Returns whether the message is worth a notification: a text, a ciphertext or a call.
bool is_worth_waking(const Stanza& message, StoragePolicy policy)
{
    const Element& element = message.element();
    return policy != StoragePolicy::nothing && !message.is_error()
        && (element.child("body") != nullptr || has_ciphertext(element) || is_call_invite(element));
}

/// Returns whether the device is offline, waits to be resumed, or is inactive (XEP-0352).
bool is_away(const User& user, const Device& device)
{
    const Session* session = user.session(device.registration.resource);
    return session == nullptr || !session->is_open() || !session->is_connected() || session->is_inactive();
}

class Push final : public Module {
public:
    Push() : timer_([](void* self) { static_cast<Push*>(self)->wake(); }, this) {}

    Manifest describe() const override
    {
        return Manifest("push", "Asks push services to wake devices when a message has arrived.")
            .implements(Xep {
                357, "0.4.1", "Push Notifications", "remote disabling by a message of the push service" })
            .implements(Xep { 492, "0.2.0", "Chat notification settings", "what is inside `advanced`" })
            .feature(ns::push, On::both)
            .setting(SettingSpec::integer("max_registrations", 20, 1, 1000,
                "Maximum number of devices of one account that may be registered for push."))
            .setting(SettingSpec::duration("interval", std::chrono::seconds(3), std::chrono::milliseconds(0),
                std::chrono::hours(1), "Minimum time between two notifications for the same device."))
            .setting(SettingSpec::list("local_services", {},
                "Accounts on this server that are push services; notifications are sent to no other account "
                "on it."))
            .store(push_store);
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        devices_ = on.user_slot<Devices>();
        change_mutex_ = on.user_slot<AsyncMutex>();
        choices_.attach(on, [this](User& user, const Jid& chat) { settings_changed(user, chat); });
        on.user_load([this](User& user) { return load(user); });
        on.iq_set_later(To::own_account, ns::push, "enable",
            [this](Iq iq, Context c) { return enable(iq, c); });
        on.iq_set_later(To::own_account, ns::push, "disable",
            [this](Iq iq, Context c) { return disable(iq, c); });
        on.message(Flow::to_user, Stage::copy, [this](Message m, const Context& c) { return look(m, c); });
        lookup_.attach(on.host(), push_store, [this](const RoomNotice& notice) { look_when_loaded(notice); });
        on.room_notice([this](const RoomNotice& notice) { take_notice(notice); });
        on.session_bound([this](const Context& c) { attend(c); });
        on.session_resumed([this](const Context& c) { attend(c); });
        on.session_attention([this](const Context& c) { attend(c); });
        on.session_disconnected([this](const Context& c) { lose(c); });
        on.session_ended([this](const Context& c) { lose(c); });
        on.account_removed([this](const Context& c) { devices_.clear(*c.user); });
    }

private:
    // Registrations ----------------------------------------------------------------------------------

    Task<bool> load(User& user)
    {
        auto pending = user.host().storage().keyval().load(user.key(), push_store);
        const auto entries = co_await pending;
        if (!entries) {
            co_return false;
        }
        devices_.clear(user);
        for (const auto& [name, value] : *entries) {
            if (auto registration = PushRegistration::from_text(value)) {
                put(user, std::move(*registration));
            }
        }
        if (!has_devices(user)) {
            co_return true;
        }
        auto loading = choices_.load(user.shared_from_this());
        const bool loaded = co_await loading;
        co_return loaded;
    }

    bool has_devices(const User& user) const
    {
        const Devices* devices = devices_.find(user);
        return devices != nullptr && !devices->empty();
    }

    Device* find(const User& user, std::string_view name) const
    {
        Devices* devices = devices_.find(user);
        if (devices == nullptr) {
            return nullptr;
        }
        const auto found = std::find_if(devices->begin(), devices->end(),
            [name](const Device& device) { return device.registration.name() == name; });
        return found == devices->end() ? nullptr : &*found;
    }

    Device* find(const User& user, std::uint64_t number) const
    {
        Devices* devices = devices_.find(user);
        if (devices == nullptr) {
            return nullptr;
        }
        const auto found = std::find_if(devices->begin(), devices->end(),
            [number](const Device& device) { return device.number == number; });
        return found == devices->end() ? nullptr : &*found;
    }

    void put(User& user, PushRegistration registration)
    {
        remove(user, registration.name());
        Device& device = devices_.of(user).emplace_back();
        device.registration = std::move(registration);
        device.number = ++numbers_;
    }

    void remove(User& user, std::string_view name) const
    {
        if (Devices* devices = devices_.find(user)) {
            devices->remove_if([name](const Device& device) { return device.registration.name() == name; });
        }
    }

    void drop_choices_without_devices(const User& user) const
    {
        if (!has_devices(user)) {
            choices_.drop(user);
        }
    }

    /// §5. A new request replaces an earlier one for the same service and node.
    Task<IqAnswer> enable(Iq iq, Context context)
    {
        User& user = *context.user;
        auto registration = PushRegistration::from_enable(iq.payload(), iq.from().resource());
        if (!registration) {
            co_return registration.error();
        }
        if (!may_be_asked(user, registration->service)) {
            co_return StanzaError(StanzaError::not_allowed,
                registration->service.text() + " is no push service that this server may ask");
        }
        auto locking = change_mutex_.of(user).lock();
        const auto lock = co_await locking;
        const std::string name = registration->name();
        if (find(user, name) == nullptr && devices_.of(user).size() >= most_registrations()) {
            co_return StanzaError(StanzaError::resource_constraint);
        }
        auto loading = choices_.load(user.shared_from_this());
        const bool loaded = co_await loading;
        if (!loaded) {
            co_return StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait);
        }
        auto pending = host_->storage().keyval().set(user.key(), push_store, name, registration->to_text());
        const auto saved = co_await pending;
        if (!saved) {
            drop_choices_without_devices(user);
            co_return to_stanza_error(saved.error());
        }
        const bool is_first = !has_devices(user);
        put(user, std::move(*registration));
        if (is_first) {
            forget_notice_interest(host_->router().server(), user.jid());
        }
        co_return std::nullopt;
    }

    /// Returns whether notifications may go to `service`: not if the user has blocked it. An account of this
    /// server must be listed in the settings, because other users have not asked for notifications.
    bool may_be_asked(const User& user, const Jid& service) const
    {
        const bool is_local = service.has_local() && host_->router().server().serves(service.domain());
        return !user.block_list().covers(service) && (!is_local || is_named(service));
    }

    bool is_named(const Jid& service) const
    {
        const auto& named = host_->settings("push").list("local_services");
        return std::any_of(named.begin(), named.end(), [&service](const std::string& each) {
            const auto jid = Jid::parse(each);
            return jid && jid->same_bare(service);
        });
    }

    std::size_t most_registrations() const
    {
        return static_cast<std::size_t>(host_->settings("push").integer("max_registrations"));
    }

    /// §6: removes one node of a service, or all its nodes.
    Task<IqAnswer> disable(Iq iq, Context context)
    {
        User& user = *context.user;
        if (!iq.payload().has_attribute("jid")) {
            co_return StanzaError(StanzaError::bad_request);
        }
        const auto service = Jid::parse(iq.payload().attribute_or("jid"));
        if (!service) {
            co_return StanzaError(StanzaError::jid_malformed);
        }
        const auto node = iq.payload().attribute("node");
        auto locking = change_mutex_.of(user).lock();
        const auto lock = co_await locking;
        KeyvalStore::Changes changes;
        for (const Device& device : devices_.of(user)) {
            const PushRegistration& registration = device.registration;
            if (registration.service == *service && (!node || registration.node == *node)) {
                changes.emplace_back(registration.name(), std::nullopt);
            }
        }
        std::vector<std::string> names;
        for (const auto& change : changes) {
            names.push_back(change.first);
        }
        auto pending = host_->storage().keyval().apply(user.key(), push_store, std::move(changes));
        const auto saved = co_await pending;
        if (!saved) {
            co_return to_stanza_error(saved.error());
        }
        for (const std::string& name : names) {
            remove(user, name);
        }
        drop_choices_without_devices(user);
        co_return std::nullopt;
    }

    // Messages ---------------------------------------------------------------------------------------

    Verdict look(const Message& message, const Context& context)
    {
        User& user = *context.user;
        const Devices* devices = devices_.find(user);
        if (devices == nullptr || devices->empty() || context.plan == nullptr
            || message.from().same_bare(user.jid())
            || !is_worth_waking(message.stanza(), context.plan->storage_policy())
            || !may_wake(message.stanza().element(), setting_for(user, message.stanza()), user.jid())) {
            return Verdict::pass();
        }
        std::vector<std::uint64_t> receivers;
        for (const Device& device : *devices) {
            const Session* session = user.session(device.registration.resource);
            if (session != nullptr && context.plan->has_receiver(*session)) {
                receivers.push_back(device.number);
            }
        }
        context.plan->when_over([this, held = user.shared_from_this(), receivers](bool committed) {
            if (committed) {
                on_message(*held, receivers);
            }
        });
        return Verdict::pass();
    }

    /// An occupant of a room who writes in private is a chat of its own. No account can pass for one.
    NotificationSetting setting_for(const User& user, const Stanza& message) const
    {
        const Jid& from = message.from();
        const bool is_account = host_->router().server().has_accounts(from.domain());
        const auto chat = !is_account && is_from_occupant(message) ? std::string_view(from.text())
                                                                   : from.bare_text();
        return choices_.find(user, chat).value_or(NotificationSetting::always);
    }

    std::vector<std::uint64_t> numbers_of_devices(const User& user) const
    {
        std::vector<std::uint64_t> numbers;
        if (const Devices* devices = devices_.find(user)) {
            for (const Device& device : *devices) {
                numbers.push_back(device.number);
            }
        }
        return numbers;
    }

    /// There is a message for `user`; `receivers` get it.
    void on_message(User& user, const std::vector<std::uint64_t>& receivers)
    {
        for (const std::uint64_t number : numbers_of_devices(user)) {
            Device* device = find(user,
                number); // a service on this shard may answer at once, removing a device
            if (device == nullptr) {
                continue;
            }
            if (is_away(user, *device)) {
                device->pace.news();
                go_on(user, *device);
            } else if (std::find(receivers.begin(), receivers.end(), number) != receivers.end()) {
                ++device->sent;
                await_confirmation(user, *device);
            }
        }
    }

    /// Waits until the device confirms its messages, because a lost connection may be noticed only much
    /// later.
    void await_confirmation(User& user, Device& device)
    {
        Session* session = user.session(device.registration.resource);
        if (device.is_asked || device.sent == device.confirmed || session == nullptr) {
            return;
        }
        device.is_asked = true;
        session->after_next_stanza([this, weak = user.weak_from_this(), number = device.number,
                                       sent = device.sent, round = device.round] {
            const auto held = weak.lock();
            Device* confirming = held ? find(*held, number) : nullptr;
            if (confirming != nullptr && confirming->is_asked && confirming->round == round) {
                confirming->is_asked = false;
                confirming->confirmed = sent;
                await_confirmation(*held, *confirming);
            }
        });
    }

    /// The device has lost its connection. It is notified of the messages that it did not confirm.
    void lose(const Context& context)
    {
        Devices* devices = devices_.find(*context.user);
        if (devices == nullptr) {
            return;
        }
        std::vector<std::uint64_t> numbers;
        for (Device& device : *devices) {
            if (device.registration.resource != context.session->jid().resource()
                || device.sent == device.confirmed) {
                continue;
            }
            device.pace.news(device.sent - device.confirmed);
            device.begin_round();
            numbers.push_back(device.number);
        }
        for (const std::uint64_t number : numbers) {
            if (Device* device = find(*context.user, number)) {
                go_on(*context.user, *device);
            }
        }
    }

    /// The device is connected and active.
    void attend(const Context& context) const
    {
        if (context.session->is_inactive()) {
            return;
        }
        if (Devices* devices = devices_.find(*context.user)) {
            for (Device& device : *devices) {
                if (device.registration.resource == context.session->jid().resource()) {
                    device.pace.attended();
                }
            }
        }
    }

    // Messages in rooms ------------------------------------------------------------------------------

    void take_notice(const RoomNotice& notice)
    {
        if (host_->find_user(notice.user.local()) != nullptr) {
            look_when_loaded(notice);
        } else {
            lookup_.look_up(notice);
        }
    }

    void look_when_loaded(const RoomNotice& notice)
    {
        host_->user(notice.user.local())->when_loaded([this, notice](User& user) {
            if (user.state() == User::State::ready) {
                look(user, notice);
            }
        });
    }

    void look(User& user, const RoomNotice& notice)
    {
        if (!has_devices(user)) {
            set_notice_interest(host_->router().server(), notice, NoticeInterest::none);
            return;
        }
        const auto setting = choices_.find(user, notice.author.bare_text()).value_or(notice.otherwise);
        if (interest_of(setting) != NoticeInterest::all) {
            set_notice_interest(host_->router().server(), notice, interest_of(setting));
        }
        if (user.block_list().covers(notice.author)) {
            return;
        }
        switch (attention_for(notice.mention, setting)) {
        case Attention::none: break;
        case Attention::count: count(user); break;
        case Attention::wake: on_message(user, numbers_of_devices(user)); break; // the room sends it to them
        }
    }

    /// The next notification says that there was one more message.
    void count(const User& user) const
    {
        for (Device& device : *devices_.find(user)) {
            if (is_away(user, device)) {
                device.pace.count();
            }
        }
    }

    /// The room may send notices that were of no use before.
    void settings_changed(const User& user, const Jid& chat) const
    {
        Server& server = host_->router().server();
        if (chat.empty()) {
            forget_notice_interest(server, user.jid());
        } else {
            forget_notice_interest(server, user.jid(), chat);
        }
    }

    // Notifications ----------------------------------------------------------------------------------

    /// Notifies the service if there is something new, now or when the device's interval is over.
    void go_on(User& user, Device& device)
    {
        if (!device.pace.is_due() || device.waits) {
            return;
        }
        if (!may_be_asked(user, device.registration.service)) {
            give_up(user, device);
            return;
        }
        const SteadyTime now = host_->clock().steady();
        if (device.pace.not_before() > now) {
            device.waits = true;
            waiting_.emplace(device.pace.not_before(), Waiting { user.shared_from_this(), device.number });
            sleep();
            return;
        }
        device.pace.begin(now, host_->settings("push").duration("interval"));
        const std::uint64_t number = device.number;
        const bool asked = host_->requests().ask(user.jid(), device.registration.service, IqType::set,
            device.registration.notification(device.pace.unseen()),
            [this, held = user.shared_from_this(), number](const Stanza* answer) {
                answered(*held, number, push_outcome(answer));
            });
        if (!asked) {
            answered(user, number, PushOutcome::try_again);
        }
    }

    void answered(User& user, std::uint64_t number, PushOutcome outcome)
    {
        Device* device = find(user, number);
        if (device == nullptr) {
            return;
        }
        if (device->pace.end(outcome, host_->clock().steady())) {
            go_on(user, *device);
        } else {
            give_up(user, *device);
        }
    }

    void give_up(User& user, const Device& device)
    {
        const std::string name = device.registration.name();
        host_->log().info("push registration given up",
            { { "account", user.jid().text() }, { "service", device.registration.service.text() } });
        remove(user, name);
        drop_choices_without_devices(user);
        start_in_background(forget(user.shared_from_this(), name), host_->log(),
            "push registration not forgotten");
    }

    /// Erases a registration from the store, unless it was registered again while this waited for the mutex.
    Task<Done> forget(std::shared_ptr<User> user, std::string name)
    {
        auto locking = change_mutex_.of(*user).lock();
        const auto lock = co_await locking;
        if (find(*user, name) == nullptr) {
            auto erasing = host_->storage().keyval().erase(user->key(), push_store, std::move(name));
            const auto erased = co_await erasing;
            if (!erased) { // after a restart, the next error tries again
                host_->log().warning("push registration not erased", { { "account", user->jid().text() } });
            }
        }
        co_return Done();
    }

    void sleep()
    {
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(waiting_.begin()->first
            - host_->clock().steady());
        timer_.start(host_->shard().timers(), std::max(wait, std::chrono::milliseconds(0)));
    }

    void wake()
    {
        const SteadyTime now = host_->clock().steady();
        while (!waiting_.empty() && waiting_.begin()->first <= now) {
            const Waiting next = std::move(waiting_.extract(waiting_.begin()).mapped());
            if (Device* device = find(*next.user, next.number)) {
                device->waits = false;
                go_on(*next.user, *device);
            }
        }
        if (!waiting_.empty()) {
            sleep();
        }
    }

    struct Waiting {
        std::shared_ptr<User> user; ///< keeps the user loaded
        std::uint64_t number;
    };

    Host* host_ = nullptr; ///< set in attach()
    UserSlot<Devices> devices_;
    UserSlot<AsyncMutex> change_mutex_;
    NotificationChoices choices_;
    NoticeLookup lookup_;
    std::uint64_t numbers_ = 0;
    std::multimap<SteadyTime, Waiting> waiting_;
    Timer timer_;
};

} // namespace

std::unique_ptr<Module> make_push()
{
    return std::make_unique<Push>();
}

} // namespace stonechat
