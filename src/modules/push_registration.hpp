// SPDX-License-Identifier: Apache-2.0
// PushRegistration: a device of an account and the push service that wakes it (XEP-0357 §5), its stored form
// and the notifications to the service. PushPace: when to notify, and when to give a registration up. Pure.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza.hpp"
#include "xmpp/stanza_error.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

struct PushRegistration {
    Jid service;
    std::string node;
    std::string resource;           ///< the device that registered
    std::optional<Element> options; ///< the form sent with each notification; only the service reads it

    /// Parses an `<enable/>` from the session `resource`.
    static Result<PushRegistration, StanzaError> from_enable(const Element& enable,
        std::string_view resource);

    /// Returns service and node, which identify a registration within an account (§5).
    std::string name() const { return service.text() + "\n" + node; }
    /// Convert to and from the stored text. from_text() returns nothing if it cannot parse the text.
    std::string to_text() const;
    static std::optional<PushRegistration> from_text(std::string_view text);

    /// Returns the notification `<pubsub/>` (§7) for `count` messages, without senders and texts.
    Element notification(unsigned count) const;
};

/// The result of a notification.
enum class PushOutcome { accepted, try_again, give_up };
/// Returns the meaning of the service's answer. §7.1: an error is permanent, except type `wait` and an
/// unreachable server. `answer` is null if there was none in time.
PushOutcome push_outcome(const Stanza* answer);

class PushPace {
public:
    /// Number of failures in a row after which the registration is given up.
    static constexpr unsigned most_failures = 8;

    /// There are `count` new messages for the device.
    void news(unsigned count = 1)
    {
        unseen_ += count;
        is_due_ = true;
    }
    /// There is a new message that is no reason to notify the device.
    void count() { ++unseen_; }
    /// The device is active: nothing is left to notify.
    void attended()
    {
        unseen_ = 0;
        is_due_ = false;
    }
    /// Returns whether there is something to notify and no notification is under way.
    bool is_due() const { return is_due_ && !in_flight_; }
    SteadyTime not_before() const { return not_before_; }
    unsigned unseen() const { return unseen_; }

    /// A notification is sent. The next one has to wait for `interval`.
    void begin(SteadyTime now, std::chrono::milliseconds interval);
    /// The notification has ended with `outcome`. Returns false if the registration is to be given up.
    bool end(PushOutcome outcome, SteadyTime now);

private:
    SteadyTime not_before_ {};
    unsigned unseen_ = 0;
    unsigned failures_ = 0;
    bool is_due_ = false;
    bool in_flight_ = false;
};

} // namespace stonechat
