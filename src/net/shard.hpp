// SPDX-License-Identifier: Apache-2.0
// Shard: one event loop on one thread, home of a share of all addresses. What lives on a shard is
// touched by its thread only; everybody else posts. A server with one shard is a complete server.
// Owned by main (net/shard_set); lives until all its guests are gone.
#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/function.hpp"
#include "net/mailbox.hpp"
#include "net/socket_poller.hpp"
#include "net/timer_wheel.hpp"
#include "xmpp/parser_pool.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace stonechat {

/// Something that has collected work during this turn of the loop and does it once at its end
/// (a connection that writes all it has in one system call).
class TurnEnd {
public:
    virtual ~TurnEnd() = default;
    virtual void on_turn_end() = 0;
};

class Shard final : public Executor {
public:
    Shard(unsigned index, const Clock& clock);
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;
    /// When no thread runs it any more; tasks and guests that are left are destroyed, not run.
    ~Shard() override;

    unsigned index() const { return index_; }
    const Clock& clock() const { return clock_; }
    boost::asio::io_context& io() { return io_; }
    TimerWheel& timers() { return timers_; }
    SocketPoller& sockets() { return sockets_; }

    /// From any thread: mail, run in order of arrival, in batches.
    void post(Function<void()> task) override;

    /// Calls `guest.on_turn_end()` when the events at hand are done; within a ForMany, when its turn comes
    /// among the others of that kind. The guest must live until then or call `forget`. Asking twice is
    /// the caller's business to avoid.
    void at_turn_end(TurnEnd& guest);
    /// The guest waits as one of many, and has got something now that is for him.
    void hasten(TurnEnd& guest);
    void forget(TurnEnd& guest);

    /// While it lives, what is done is done for many alike (what a room says to all in it). It goes out a
    /// few guests at a time, and between them the shard looks after the others, who would wait for all of
    /// it otherwise.
    class ForMany {
    public:
        explicit ForMany(Shard& shard) : shard_(shard), before_(std::exchange(shard.for_many_, true)) {}
        ForMany(const ForMany&) = delete;
        ForMany& operator=(const ForMany&) = delete;
        ~ForMany() { shard_.for_many_ = before_; }

    private:
        Shard& shard_;
        bool before_;
    };
    bool is_for_many() const { return for_many_; }

    /// Owns something small that has no other owner (a connection still to be introduced), until
    /// `dismiss`, or until the shard ends.
    void keep(std::shared_ptr<void> guest);
    void dismiss(void* guest);

    /// The read buffer all connections of this shard share; contents are valid until the next read.
    std::span<char> scratch() { return scratch_; }
    /// Output buffers that busy connections borrow; idle ones hold none.
    std::string take_buffer();
    void give_buffer(std::string buffer);
    /// Frees those that nobody has needed since the last call.
    void drop_spare_buffers();

    /// The XML parsers that the streams of this shard borrow.
    ParserPool& parsers() { return parsers_; }

    /// Runs the loop on the calling thread until `stop`.
    void run();
    void stop(); ///< any thread
    /// Whether this is the shard's thread: the one in run(), before that the one that made it.
    bool is_current() const override
    {
        return std::this_thread::get_id() == thread_.load(std::memory_order_relaxed);
    }

private:
    using Descriptors = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
    using TickTimer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
        boost::asio::wait_traits<std::chrono::steady_clock>, boost::asio::io_context::executor_type>;

    void watch_sockets();
    void turn_wheel_later();
    void end_turn_later();
    void end_turn();
    void end_turn_of_some();

    // What guests still touch while they are destroyed with io_ comes before it.
    unsigned index_;
    const Clock& clock_;
    std::atomic<std::thread::id> thread_;
    std::vector<char> scratch_;
    std::vector<std::string> buffers_;
    std::size_t kept_bytes_ = 0;    ///< in buffers_
    std::size_t spare_buffers_ = 0; ///< never taken since drop_spare_buffers
    ParserPool parsers_;
    std::vector<TurnEnd*> turn_end_;
    std::vector<TurnEnd*> ending_;
    std::vector<TurnEnd*> many_; ///< guests of ForMany; those before the next have had their turn
    std::size_t next_of_many_ = 0;
    bool for_many_ = false;
    bool ends_turn_ = false; ///< end_turn() will come
    TimerWheel timers_;
    SocketPoller sockets_;
    Mailbox mailbox_;
    boost::unordered_flat_map<void*, std::shared_ptr<void>> kept_;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    Descriptors watched_;
    TickTimer tick_;
    bool closing_ = false; ///< being destroyed: nothing is scheduled any more
};

} // namespace stonechat
