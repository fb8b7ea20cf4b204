// SPDX-License-Identifier: Apache-2.0
// Shard: one event loop on one thread, home of a share of all addresses. Only the shard's thread touches the
// objects that live on it; other threads post tasks. A server with one shard is a complete server. Owned by
// main (net/shard_set); lives until all its guests are gone.
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

/// An object that collects work during a turn of the loop and does it once at the end (a connection that
/// writes all its output in one system call).
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
    /// Call when no thread runs the shard any more. Remaining tasks and guests are destroyed, not run.
    ~Shard() override;

    unsigned index() const { return index_; }
    const Clock& clock() const { return clock_; }
    boost::asio::io_context& io() { return io_; }
    TimerWheel& timers() { return timers_; }
    SocketPoller& sockets() { return sockets_; }

    /// Posts a task from any thread. Tasks run in order of arrival, in batches.
    void post(Function<void()> task) override;

    /// Calls `guest.on_turn_end()` after the events at hand; within a ForMany, when its turn comes among the
    /// guests of that kind. The guest must live until then or call `forget`. The caller must not ask twice.
    void at_turn_end(TurnEnd& guest);
    /// Moves a guest from the ForMany queue to the ordinary one, because it now has output meant only for it.
    void hasten(TurnEnd& guest);
    void forget(TurnEnd& guest);

    /// While a ForMany lives, output is produced for many receivers (a room message to all occupants). It is
    /// sent to a few guests at a time; between them the shard serves the others, which would otherwise wait
    /// for all of it.
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

    /// Keeps a small object that has no other owner (a new connection) alive until `dismiss`, or until the
    /// shard ends.
    void keep(std::shared_ptr<void> guest);
    void dismiss(void* guest);

    /// The read buffer shared by all connections of this shard. Its contents are valid until the next read.
    std::span<char> scratch() { return scratch_; }
    /// Lends an output buffer to a connection. Idle connections hold none.
    std::string take_buffer();
    void give_buffer(std::string buffer);
    /// Frees the buffers that were not needed since the last call.
    void drop_spare_buffers();

    /// The XML parsers that the streams of this shard borrow.
    ParserPool& parsers() { return parsers_; }

    /// Runs the loop on the calling thread until `stop`.
    void run();
    void stop(); ///< any thread
    /// Returns whether the caller is on the shard's thread: the one in run(), and before that the one that
    /// made the shard.
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

    // Members that guests use while they are destroyed together with io_ are declared before io_.
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
    std::vector<TurnEnd*> many_; ///< guests of ForMany; those before next_of_many_ have had their turn
    std::size_t next_of_many_ = 0;
    bool for_many_ = false;
    bool ends_turn_ = false; ///< end_turn() is scheduled
    TimerWheel timers_;
    SocketPoller sockets_;
    Mailbox mailbox_;
    boost::unordered_flat_map<void*, std::shared_ptr<void>> kept_;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    Descriptors watched_;
    TickTimer tick_;
    bool closing_ = false; ///< the shard is being destroyed and schedules nothing
};

} // namespace stonechat
