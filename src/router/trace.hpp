// SPDX-License-Identifier: Apache-2.0
// Trace: follows the stanzas of chosen addresses through the server, for an administrator who asks why
// something did not arrive. Costs one relaxed atomic read per stanza while nothing is traced. A trace line
// names kind, type, id and addresses, never a body. Any thread.
#pragma once

#include "xmpp/stanza.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class Trace {
public:
    using Listener = std::function<void(const std::string& line)>; ///< called on any shard's thread

    bool is_on() const { return count_.load(std::memory_order_relaxed) > 0; }

    /// Calls `listener` for every step of stanzas from or to `bare`, until the last copy of the returned
    /// ticket is dropped.
    std::shared_ptr<void> follow(const Jid& bare, Listener listener);

    /// Reports a step: "received", "routed to shard 2", "delivered to …", "refused: …".
    void step(std::string_view what, const Stanza& stanza, std::string_view detail = {});
    /// The same for a stanza that exists only as XML: its start tag is reported.
    void step(std::string_view what, const Jid& from, const Jid& to, std::string_view xml);

private:
    void write(const Jid& from, const Jid& to, const std::function<std::string()>& line);

    struct Follower {
        std::string bare;
        Listener listener;
    };
    std::atomic<int> count_ { 0 };
    std::mutex mutex_;
    std::vector<std::shared_ptr<Follower>> followers_;
};

} // namespace stonechat
