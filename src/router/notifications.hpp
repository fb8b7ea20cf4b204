// SPDX-License-Identifier: Apache-2.0
// Notifications: delivers the events of pubsub nodes (XEP-0060, XEP-0163) to the receivers whose home is this
// shard. An event may have very many: it is serialised once and delivered in portions, so that it does not
// hold up other stanzas, and in order. Part of a Router (Router::notify); shard-bound.
#pragma once

#include "base/queue.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stonechat {

class Router;

/// An account that gets an event, and which of its clients do. Each client gets it once.
struct NotificationTarget {
    Jid account; ///< bare
    /// Clients that announced an interest in the node (XEP-0163 §4.2).
    bool if_interested = false;
    /// The account has subscribed with its bare address: all clients that take messages.
    bool subscribed = false;
    /// The account has subscribed with these full addresses.
    std::vector<std::string> resources {};
    /// Clients that get nothing: the sender has blocked them.
    std::vector<std::string> except {};
};

/// Those receivers of an event whose home is one shard.
struct Notification {
    std::shared_ptr<const Stanza> event; ///< `to` is set for each receiver
    std::string feature;                 ///< what an interested client announces: `NODE+notify`
    std::vector<NotificationTarget> targets;
};

class Notifications {
public:
    explicit Notifications(Router& router) : router_(router) {}
    Notifications(const Notifications&) = delete;

    void deliver(Notification notification);

private:
    /// Targets that are served in one turn of the loop.
    static constexpr std::size_t portion = 256;

    struct UnderWay {
        Notification notification;
        Stanza shared; ///< the event, serialised once
        std::size_t next = 0;
        UnderWay(Notification event, Stanza serialised)
            : notification(std::move(event)), shared(std::move(serialised))
        {}
        bool is_done() const { return next == notification.targets.size(); }
    };
    void go_on();
    void deliver_portion(UnderWay& event);

    Router& router_;
    Queue<std::unique_ptr<UnderWay>> waiting_;
};

} // namespace stonechat
