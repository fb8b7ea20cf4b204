// SPDX-License-Identifier: Apache-2.0
#include "net/shard.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace stonechat {
namespace {

constexpr std::size_t scratch_bytes = 64 * 1024;
constexpr std::size_t buffer_bytes = 2 * 1024;
/// Limits of kept buffers: the size of one, and the total. A busy turn needs one buffer for each connection
/// that it serves.
constexpr std::size_t largest_kept_buffer = 128 * 1024;
constexpr std::size_t kept_bytes = 4 * 1024 * 1024;

/// Of the guests of ForMany, at least `many_at_once` are served per turn, or 1/`turns_for_many` of all if
/// that is more, so that no guest waits for more turns than that. A write takes some ten microseconds.
constexpr std::size_t many_at_once = 8;
constexpr std::size_t turns_for_many = 8;

} // namespace

Shard::Shard(unsigned index, const Clock& clock)
    : index_(index), clock_(clock), thread_(std::this_thread::get_id()), scratch_(scratch_bytes),
      timers_(clock.steady(), &clock),
      sockets_([this] { boost::asio::post(io_, [this] { sockets_.dispatch_again(); }); }),
      // One thread runs the loop; other threads only post to it.
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO), work_(io_.get_executor()),
      watched_(io_.get_executor(), sockets_.descriptor()), tick_(io_.get_executor())
{
    timers_.set_wake([this] { turn_wheel_later(); });
    watch_sockets();
}

Shard::~Shard()
{
    closing_ = true;
    thread_ = std::this_thread::get_id();
    watched_.release(); // sockets_ closes the descriptor
    mailbox_.clear();
    kept_.clear();
    mailbox_.clear();
}

void Shard::watch_sockets()
{
    watched_.async_wait(Descriptors::wait_read, [this](const boost::system::error_code& error) {
        if (error) {
            return;
        }
        sockets_.dispatch();
        watch_sockets();
    });
}

void Shard::turn_wheel_later()
{
    if (closing_) {
        return;
    }
    // Wait one tick at most, so that a clock stopped by a test does not stop the wheel.
    const SteadyTime::duration ahead = timers_.next_tick() - clock_.steady();
    tick_.expires_after(std::clamp<SteadyTime::duration>(ahead, std::chrono::milliseconds(1),
        TimerWheel::tick));
    tick_.async_wait([this](const boost::system::error_code& error) {
        if (error) {
            return;
        }
        timers_.advance(clock_.steady());
        if (!timers_.empty()) {
            turn_wheel_later();
        }
    });
}

void Shard::post(Function<void()> task)
{
    if (mailbox_.push(std::move(task))) {
        boost::asio::post(io_, [this] { mailbox_.drain(); });
    }
}

void Shard::at_turn_end(TurnEnd& guest)
{
    (for_many_ ? many_ : turn_end_).push_back(&guest);
    end_turn_later();
}

void Shard::hasten(TurnEnd& guest)
{
    std::replace(many_.begin() + static_cast<std::ptrdiff_t>(next_of_many_), many_.end(), &guest,
        static_cast<TurnEnd*>(nullptr));
    turn_end_.push_back(&guest);
    end_turn_later();
}

void Shard::forget(TurnEnd& guest)
{
    for (auto* guests : { &turn_end_, &ending_, &many_ }) {
        std::replace(guests->begin(), guests->end(), &guest, static_cast<TurnEnd*>(nullptr));
    }
}

void Shard::end_turn_later()
{
    if (!ends_turn_ && !closing_) {
        ends_turn_ = true;
        boost::asio::post(io_, [this] { end_turn(); });
    }
}

void Shard::end_turn()
{
    ends_turn_ = false;
    ending_.swap(turn_end_);
    for (std::size_t i = 0; i < ending_.size(); ++i) {
        if (TurnEnd* guest = std::exchange(ending_[i], nullptr)) {
            guest->on_turn_end();
        }
    }
    ending_.clear();
    end_turn_of_some();
}

void Shard::end_turn_of_some()
{
    const std::size_t waiting = many_.size() - next_of_many_;
    const std::size_t some = std::min(waiting, std::max(many_at_once, waiting / turns_for_many));
    for (std::size_t i = 0; i < some; ++i) {
        if (TurnEnd* guest = std::exchange(many_[next_of_many_++], nullptr)) {
            guest->on_turn_end();
        }
    }
    // Remove served guests already before all are served: under load the queue may never become empty.
    if (next_of_many_ >= many_.size() / 2) {
        many_.erase(many_.begin(),
            many_.begin() + static_cast<std::ptrdiff_t>(std::exchange(next_of_many_, 0)));
    }
    if (!many_.empty()) {
        end_turn_later();
    }
}

void Shard::keep(std::shared_ptr<void> guest)
{
    void* const key = guest.get();
    kept_.emplace(key, std::move(guest));
}

void Shard::dismiss(void* guest)
{
    const auto found = kept_.find(guest);
    if (found == kept_.end()) {
        return;
    }
    // Remove it from the map first: its destructor may call the shard.
    const auto last = std::move(found->second);
    kept_.erase(found);
}

std::string Shard::take_buffer()
{
    if (buffers_.empty()) {
        std::string buffer;
        buffer.reserve(buffer_bytes);
        return buffer;
    }
    std::string buffer = std::move(buffers_.back());
    buffers_.pop_back();
    kept_bytes_ -= buffer.capacity();
    spare_buffers_ = std::min(spare_buffers_, buffers_.size());
    return buffer;
}

void Shard::give_buffer(std::string buffer)
{
    const std::size_t bytes = buffer.capacity();
    if (bytes < buffer_bytes || bytes > largest_kept_buffer || kept_bytes_ + bytes > kept_bytes) {
        return;
    }
    kept_bytes_ += bytes;
    buffer.clear();
    buffers_.push_back(std::move(buffer));
}

void Shard::drop_spare_buffers()
{
    const auto end = buffers_.begin()
        + static_cast<std::ptrdiff_t>(spare_buffers_); // the last buffer is taken first
    for (auto spare = buffers_.begin(); spare != end; ++spare) {
        kept_bytes_ -= spare->capacity();
    }
    buffers_.erase(buffers_.begin(), end);
    buffers_.shrink_to_fit();
    spare_buffers_ = buffers_.size();
}

void Shard::run()
{
    thread_ = std::this_thread::get_id();
    io_.run();
}

void Shard::stop()
{
    io_.stop();
}

} // namespace stonechat
