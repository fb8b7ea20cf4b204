// SPDX-License-Identifier: Apache-2.0
#include "stream_management.hpp"

#include "scan.hpp"

#include <charconv>

namespace stonechat::bench {

StreamPolicy parse_stream_policy(std::string_view name)
{
    StreamPolicy policy;
    if (name == "counting" || name == "resumable") {
        policy.kind = name == "counting" ? StreamManagement::counting : StreamManagement::resumable;
        policy.ask_every = 50;
        policy.ack_every = 50;
    }
    return policy;
}

void StreamLedger::enabling()
{
    is_counting_out_ = true;
}

void StreamLedger::enabled(std::string_view head)
{
    is_on_ = true;
    const auto resume = attribute(head, "resume");
    id_ = resume == "true" || resume == "1" ? std::string(attribute(head, "id")) : std::string();
}

void StreamLedger::sent(Parts parts)
{
    if (!is_counting_out_) {
        return;
    }
    ++sent_;
    ++unasked_;
    if (policy_.kind == StreamManagement::resumable) {
        auto& copy = unacknowledged_.emplace_back();
        for (const auto part : parts) {
            copy.append(part);
        }
    }
}

// Both counters are 32 bits on the wire and go round (XEP-0198 §4).
bool StreamLedger::acknowledge(std::string_view h)
{
    std::uint32_t count = 0;
    if (std::from_chars(h.data(), h.data() + h.size(), count).ptr != h.data() + h.size() || h.empty()) {
        return false;
    }
    const std::uint32_t more = count - static_cast<std::uint32_t>(acknowledged_);
    if (more > sent_ - acknowledged_) {
        return false;
    }
    acknowledged_ += more;
    for (std::uint32_t i = 0; i < more && !unacknowledged_.empty(); ++i) {
        unacknowledged_.pop_front();
    }
    return true;
}

bool StreamLedger::is_ask_due()
{
    if (policy_.ask_every == 0 || unasked_ < policy_.ask_every) {
        return false;
    }
    unasked_ = 0;
    return true;
}

std::uint32_t StreamLedger::answer()
{
    acked_in_ = handled_;
    return handled_;
}

std::deque<std::string> StreamLedger::give_up()
{
    auto left = std::move(unacknowledged_);
    *this = StreamLedger(policy_);
    return left;
}

} // namespace stonechat::bench
