// SPDX-License-Identifier: Apache-2.0
// PushRegistration: a device of an account, and the push service that wakes it (XEP-0357 §5): what is
// kept of it, and what the service is sent. PushPace: when that is done, and when it is given up. Pure.
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
    std::string resource;           ///< the device that asked for it
    std::optional<Element> options; ///< the form that goes with each notification; the service's business

    /// Reads `<enable/>` as the session `resource` has sent it.
    static Result<PushRegistration, StanzaError> from_enable(const Element& enable,
        std::string_view resource);

    /// One account has at most one of a name: service and node (§5).
    std::string name() const { return service.text() + "\n" + node; }
    /// As it is kept; and back, nothing if it cannot be read.
    std::string to_text() const;
    static std::optional<PushRegistration> from_text(std::string_view text);

    /// `<pubsub/>` (§7): there are `count` messages. Not from whom, nor what they say.
    Element notification(unsigned count) const;
};

/// What the service's answer to a notification means.
enum class PushOutcome { accepted, try_again, give_up };
/// §7.1: an error is for good, unless it says otherwise. No answer in time is a null.
PushOutcome push_outcome(const Stanza* answer);

class PushPace {
public:
    /// So many failures in a row are for good too.
    static constexpr unsigned most_failures = 8;

    /// There is something new for the device.
    void news(unsigned count = 1)
    {
        unseen_ += count;
        is_due_ = true;
    }
    /// The device is looked at: it knows all.
    void attended()
    {
        unseen_ = 0;
        is_due_ = false;
    }
    /// There is something to be told, and nothing under way.
    bool is_due() const { return is_due_ && !in_flight_; }
    SteadyTime not_before() const { return not_before_; }
    unsigned unseen() const { return unseen_; }

    /// A notification goes out; the next one not before `interval` has passed.
    void begin(SteadyTime now, std::chrono::milliseconds interval);
    /// What became of it. False: the registration is of no use any more.
    bool end(PushOutcome outcome, SteadyTime now);

private:
    SteadyTime not_before_ {};
    unsigned unseen_ = 0;
    unsigned failures_ = 0;
    bool is_due_ = false;
    bool in_flight_ = false;
};

} // namespace stonechat
