// SPDX-License-Identifier: Apache-2.0
// Shard: one event loop on one thread, home of a share of all addresses. What lives on a shard is
// touched by its thread only; everybody else posts. A server with one shard is a complete server.
// Owned by main (net/shard_set); lives until all its guests are gone.
#pragma once

#include "base/clock.hpp"
#include "base/function.hpp"
#include "base/home.hpp"
#include "net/mailbox.hpp"
#include "net/timer_wheel.hpp"

#include <boost/asio/io_context.hpp>

#include <span>
#include <string>
#include <thread>
#include <vector>

namespace stonechat {

/// Something that has collected work during this turn of the loop and does it once at its end
/// (a connection that writes all it has in one system call).
class TurnEnd {
public:
    virtual ~TurnEnd() = default;
    virtual void on_turn_end() = 0;
};

class Shard final : public Home {
public:
    Shard(unsigned index, const Clock& clock);
    ~Shard() override;

    unsigned index() const { return index_; }
    const Clock& clock() const { return clock_; }
    boost::asio::io_context& io() { return io_; }
    TimerWheel& timers() { return timers_; }

    /// From any thread: mail, run in order of arrival, in batches.
    void post(Function<void()> task) override;

    /// Calls `guest.on_turn_end()` when the events at hand are done. The guest must live until then
    /// or call `forget`. Asking twice in a turn is the caller's business to avoid.
    void at_turn_end(TurnEnd& guest);
    void forget(TurnEnd& guest);

    /// The read buffer all connections of this shard share; contents are valid until the next read.
    std::span<char> scratch() { return scratch_; }
    /// Output buffers that busy connections borrow; idle ones hold none.
    std::string take_buffer();
    void give_buffer(std::string buffer);

    /// Runs the loop on the calling thread until `stop`.
    void run();
    void stop(); ///< any thread
    bool is_current() const { return std::this_thread::get_id() == thread_; }

private:
    unsigned index_;
    const Clock& clock_;
    boost::asio::io_context io_;
    std::thread::id thread_;
    Mailbox mailbox_;
    TimerWheel timers_;
    std::vector<TurnEnd*> turn_end_;
    std::vector<char> scratch_;
    std::vector<std::string> buffers_;
};

} // namespace stonechat
