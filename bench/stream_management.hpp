// SPDX-License-Identifier: Apache-2.0
//
// A client's side of stream management (XEP-0198): how many stanzas went each way, how many of ours the
// server has acknowledged, and the text of those it has not. It outlives a connection, so that the stream
// can be resumed. Pure bookkeeping: the client writes and reads, this counts.
// One per client, on the client's only thread.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>

namespace stonechat::bench {

enum class StreamManagement { none, counting, resumable };

struct StreamPolicy {
    StreamManagement kind = StreamManagement::none;
    std::uint32_t ask_every = 0; ///< <r/> after so many of our stanzas; 0: only when told
    std::uint32_t ack_every = 0; ///< <a/> after so many of the server's, unasked; 0: only when asked
};

/// "none", "counting" or "resumable".
StreamPolicy parse_stream_policy(std::string_view name);

class StreamLedger {
public:
    using Parts = std::initializer_list<std::string_view>;

    explicit StreamLedger(StreamPolicy policy) : policy_(policy) {}

    [[nodiscard]] const StreamPolicy& policy() const { return policy_; }
    [[nodiscard]] bool is_on() const { return is_on_; }
    /// What <resume previd=''/> has to name; empty when this stream cannot be resumed.
    [[nodiscard]] const std::string& id() const { return id_; }

    /// <enabled/> has come: from here on the server's stanzas count.
    void enabled(std::string_view head);
    /// <enable/> goes out: from here on ours count, from 0.
    void enabling();

    /// One stanza goes out.
    void sent(Parts parts);
    /// One stanza was handled.
    void received() { handled_ += is_on_ ? 1 : 0; }
    /// Takes the server's count; false when it claims more than was sent.
    [[nodiscard]] bool acknowledge(std::string_view h);

    /// Whether an <r/> is due by the policy; answers yes once.
    [[nodiscard]] bool is_ask_due();
    /// Whether an <a/> is due by the policy.
    [[nodiscard]] bool is_ack_due() const
    {
        return is_on_ && policy_.ack_every > 0 && handled_ - acked_in_ >= policy_.ack_every;
    }
    /// The `h` that goes out now.
    std::uint32_t answer();

    /// Stanzas since <enable/>: ours, those acknowledged, and the server's.
    [[nodiscard]] std::uint64_t sent_count() const { return sent_; }
    [[nodiscard]] std::uint64_t acknowledged_count() const { return acknowledged_; }

    /// What has to go out again on a resumed stream; these keep their numbers.
    [[nodiscard]] const std::deque<std::string>& unacknowledged() const { return unacknowledged_; }
    /// The stream is over for good: answers what was not acknowledged, and counts from the start.
    std::deque<std::string> give_up();

private:
    StreamPolicy policy_;
    bool is_counting_out_ = false;
    bool is_on_ = false;
    std::string id_;
    std::uint64_t sent_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint32_t handled_ = 0;
    std::uint32_t acked_in_ = 0;
    std::uint32_t unasked_ = 0;
    std::deque<std::string> unacknowledged_;
};

} // namespace stonechat::bench
