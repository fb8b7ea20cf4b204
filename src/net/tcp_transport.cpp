// SPDX-License-Identifier: Apache-2.0
#include "net/tcp_transport.hpp"

#include "base/prefetch.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

namespace stonechat {
namespace {

/// Sent bytes are removed from the front of the output buffer in steps of at least this size, not after every
/// send.
constexpr std::size_t compact_after = 64 * 1024;
/// Number of checks within the stall timeout.
constexpr unsigned looks = 4;

/// Returns whether `text` holds heap memory (a borrowed buffer) and not only the space inside the object.
bool is_buffer(const std::string& text)
{
    return text.capacity() > sizeof(std::string);
}

void free_memory(std::string& text)
{
    std::string().swap(text);
}

} // namespace

TcpTransport::TcpTransport(Shard& shard, Socket socket, std::unique_ptr<TlsEngine> tls,
    unsigned tls_handshake_seconds, AlpnProtocols accepted)
    : shard_(&shard), socket_(std::move(socket)), accepted_(std::move(accepted)),
      deadline_(&TcpTransport::on_deadline, this),
      handshake_seconds_(static_cast<std::uint16_t>(tls_handshake_seconds))
{
    socket_.set_options();
    if (tls) {
        tls_ = std::make_unique<Tls>();
        tls_->engine = std::move(tls);
    }
}

TcpTransport::~TcpTransport()
{
    leave_shard();
    drop_output();
}

std::optional<Socket> TcpTransport::connect(const PeerAddress& to)
{
    const boost::asio::ip::tcp::endpoint endpoint(to.address, to.port);
    Descriptor descriptor(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!descriptor
        || ::connect(descriptor.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
        return std::nullopt;
    }
    return Socket(std::move(descriptor), to, nullptr);
}

void TcpTransport::start(Receiver& receiver)
{
    assert(phase_ == Phase::made && shard_->is_current());
    receiver_ = &receiver;
    phase_ = Phase::open;
    register_with_shard();
    if (tls_ && is_alive()) {
        begin_tls(std::move(tls_->engine));
    }
}

void TcpTransport::register_with_shard()
{
    registered_ = shard_->sockets().add(socket_.get(), *this);
    if (!registered_) {
        close(Closing::lost);
    }
}

void TcpTransport::leave_shard()
{
    deadline_.stop();
    if (registered_) {
        registered_ = false;
        again_ = false;
        shard_->sockets().remove(socket_.get(), *this);
    }
    if (at_turn_end_) {
        at_turn_end_ = false;
        shard_->forget(*this);
    }
}

void TcpTransport::drop_output()
{
    if (is_buffer(out_)) {
        shard_->give_buffer(std::exchange(out_, {}));
    }
    sent_ = 0;
    if (tls_) {
        free_memory(tls_->plain);
    }
}

void TcpTransport::detach()
{
    assert((phase_ == Phase::open || phase_ == Phase::closed) && shard_->is_current());
    leave_shard();
    if (phase_ == Phase::open) {
        phase_ = Phase::made;
    }
    receiver_ = nullptr;
}

void TcpTransport::attach(Shard& shard, Receiver& receiver)
{
    assert((phase_ == Phase::made || phase_ == Phase::closed) && shard.is_current());
    shard_ = &shard;
    receiver_ = &receiver;
    if (phase_ == Phase::closed) {
        call_at_turn_end();
        return;
    }
    phase_ = Phase::open;
    // The new poller reports unread bytes as an edge.
    readable_ = hung_up_ = false;
    writable_ = true;
    register_with_shard();
    if (unsent() > 0) {
        call_at_turn_end();
    }
}

// Reading

void TcpTransport::on_socket_events(std::uint32_t events)
{
    again_ = again_ && events != 0;
    if (!is_alive()) {
        return;
    }
    if ((events & EPOLLOUT) != 0 && !writable_) {
        writable_ = true;
        call_at_turn_end();
    }
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        readable_ = true;
        hung_up_ = hung_up_ || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    }
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 && !reading_) {
        close(Closing::lost);
        return;
    }
    if (readable_ && reading_ && !peer_ended_ && !again_) {
        read_some();
    }
}

void TcpTransport::prepare(unsigned step)
{
    constexpr std::size_t receiver_bytes = 2 * cache_line; // the receiver prefetches the rest itself
    if (step == 1) {
        prefetch_lines(receiver_, receiver_bytes);
        prefetch_lines(tls_.get());
    } else if (receiver_ != nullptr) {
        receiver_->prepare(step - 1);
    }
}

void TcpTransport::read_some()
{
    const std::span<char> scratch = shard_->scratch();
    const ssize_t count = ::recv(socket_.get(), scratch.data(), scratch.size(), 0);
    if (count > 0) {
        const auto size = static_cast<std::size_t>(count);
        // A short read has emptied the socket, and more bytes cause a new edge (epoll(7)). But the end of the
        // stream may have been reported already.
        readable_ = size == scratch.size() || hung_up_;
        if (readable_) {
            call_again();
        }
        take(std::string_view(scratch.data(), size));
        return;
    }
    if (count == 0) {
        readable_ = false;
        peer_ended_ = true;
        peer_has_closed();
        return;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        readable_ = false;
    } else if (errno == EINTR) {
        call_again();
    } else {
        close(phase_ == Phase::open ? Closing::lost : Closing::by_us);
    }
}

void TcpTransport::take(std::string_view bytes)
{
    if (phase_ != Phase::open) {
        return;
    }
    if (tls_) {
        take_encrypted(bytes);
        return;
    }
    receiver_->on_bytes(bytes);
}

void TcpTransport::take_encrypted(std::string_view bytes)
{
    const TlsEngine::State before = tls_->state;
    std::string plain = shard_->take_buffer();
    const TlsEngine::State after = tls_->engine->receive(bytes, plain, out_);
    tls_->state = after;
    if (sent_ < out_.size()) {
        call_at_turn_end();
    }
    if (before == TlsEngine::State::handshaking && after == TlsEngine::State::established) {
        deadline_.stop();
        if (!tls_->plain.empty()) {
            call_at_turn_end();
        }
        receiver_->on_tls_established();
    }
    if (!plain.empty() && phase_ == Phase::open) {
        receiver_->on_bytes(plain);
    }
    shard_->give_buffer(std::move(plain));
    if (!is_alive()) {
        return;
    }
    if (after == TlsEngine::State::closed) {
        peer_has_closed();
    } else if (after == TlsEngine::State::failed) {
        flush(); // the alert
        close(Closing::tls_error);
    }
}

void TcpTransport::peer_has_closed()
{
    if (phase_ == Phase::open) {
        // The peer may have closed only its side and still wait for the last answers.
        if (tls_ && tls_->state == TlsEngine::State::closed) {
            tls_->engine->close(out_);
        }
        flush();
        close(Closing::by_peer);
    } else if (phase_ == Phase::fin_sent) {
        close(Closing::by_us);
    }
}

void TcpTransport::resume_reading()
{
    if (reading_) {
        return;
    }
    reading_ = true;
    if (readable_ && is_alive()) {
        call_again();
    }
}

void TcpTransport::call_again()
{
    if (!again_) {
        again_ = true;
        shard_->sockets().call_again(*this);
    }
}

// Writing

std::string& TcpTransport::write_buffer()
{
    assert(shard_->is_current());
    std::string& buffer = tls_ ? tls_->plain : out_;
    if (!is_buffer(buffer)) {
        buffer = shard_->take_buffer();
    }
    unsent_before_ = unsent();
    return buffer;
}

void TcpTransport::write(std::string_view bytes)
{
    write_buffer().append(bytes);
    wrote();
}

void TcpTransport::wrote()
{
    const bool still_sends = phase_ == Phase::open || (phase_ == Phase::sending && !tls_);
    if (!still_sends) {
        // Too late: the peer will not read it.
        (tls_ ? tls_->plain : out_).clear();
        return;
    }
    std::size_t waiting = unsent();
    if (unsent_before_ <= unsent_limit_) {
        // A single answer may be larger than the limit (a large roster); the peer then gets the time to read
        // it.
        const bool large_answer = waiting - unsent_before_ > unsent_limit_;
        allowed_ = large_answer ? waiting + unsent_limit_ : unsent_limit_;
    }
    was_high_ = was_high_ || waiting > low_mark;
    call_at_turn_end();
    if (waiting > allowed_) {
        hand_to_kernel(); // offer the bytes to the kernel before the peer is judged
        waiting = unsent();
    }
    if (waiting > allowed_) {
        close(Closing::overfull);
    }
}

bool TcpTransport::takes_more()
{
    if (unsent() >= high_mark) {
        hand_to_kernel();
    }
    return unsent() < high_mark;
}

Transport::Progress TcpTransport::progress() const
{
    int in_kernel = 0; // bytes that the peer has not acknowledged
    if (phase_ >= Phase::closed || ::ioctl(socket_.get(), SIOCOUTQ, &in_kernel) != 0) {
        in_kernel = 0;
    }
    const auto unconfirmed = std::min(static_cast<std::uint64_t>(std::max(in_kernel, 0)), handed_over_);
    return { handed_over_ - unconfirmed, unconfirmed + unsent() };
}

std::size_t TcpTransport::unsent() const
{
    return out_.size() - sent_ + (tls_ ? tls_->plain.size() : 0);
}

void TcpTransport::call_at_turn_end()
{
    if (!at_turn_end_) {
        at_turn_end_ = true;
        waits_as_one_of_many_ = shard_->is_for_many();
        shard_->at_turn_end(*this);
    } else if (waits_as_one_of_many_ && (!shard_->is_for_many() || unsent() > low_mark)) {
        waits_as_one_of_many_ = false;
        shard_->hasten(*this);
    }
}

void TcpTransport::on_turn_end()
{
    at_turn_end_ = false;
    if (is_alive()) {
        flush();
    }
    if (phase_ == Phase::closed) {
        phase_ = Phase::told;
        receiver_->on_closed(why_);
    }
}

void TcpTransport::encrypt()
{
    if (!tls_ || tls_->plain.empty() || tls_->state != TlsEngine::State::established) {
        return;
    }
    if (!is_buffer(out_)) {
        out_ = shard_->take_buffer();
    }
    tls_->state = tls_->engine->send(tls_->plain, out_);
    shard_->give_buffer(std::exchange(tls_->plain, {}));
}

/// Writes as much as the kernel takes. Calls no receiver: results are reported at the end of the turn.
void TcpTransport::hand_to_kernel()
{
    if (!is_alive()) {
        return;
    }
    encrypt();
    while (writable_ && sent_ < out_.size()) {
        const ssize_t count = ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
        if (count >= 0) {
            sent_ += static_cast<std::size_t>(count);
            handed_over_ += static_cast<std::uint64_t>(count);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            writable_ = false;
        } else if (errno != EINTR) {
            close(phase_ == Phase::open ? Closing::lost : Closing::by_us);
            return;
        }
    }
    if (sent_ < out_.size()) {
        if (sent_ >= std::max(compact_after, out_.size() / 2)) { // not after every send
            out_.erase(0, std::exchange(sent_, 0));
        }
        return;
    }
    sent_ = 0;
    if (is_buffer(out_)) {
        shard_->give_buffer(std::exchange(out_, {}));
    }
}

void TcpTransport::flush()
{
    hand_to_kernel();
    if (!is_alive()) {
        return;
    }
    if (sent_ < out_.size()) {
        watch_for_stall();
    } else {
        all_is_sent();
    }
}

void TcpTransport::all_is_sent()
{
    if (phase_ == Phase::sending) {
        phase_ = Phase::fin_sent;
        ::shutdown(socket_.get(), SHUT_WR);
        if (peer_ended_) {
            close(Closing::by_us);
        }
        return;
    }
    if (was_high_ && unsent() == 0 && phase_ == Phase::open) {
        was_high_ = false;
        receiver_->on_drained();
    }
}

/// Call when bytes wait that the kernel does not take. The watch ends when no bytes wait any more.
void TcpTransport::watch_for_stall()
{
    if (phase_ == Phase::open && stall_timeout_.count() > 0 && !deadline_.is_running()) {
        taken_ = progress().taken;
        idle_looks_ = 0;
        deadline_.start(shard_->timers(), stall_timeout_ / looks);
    }
}

/// Asks the kernel which bytes the peer has acknowledged. Writability is no measure: the kernel reports it
/// only when much of its buffer is free, which may take minutes with a slow peer.
void TcpTransport::look_for_stall()
{
    if (unsent() == 0) {
        return;
    }
    if (const std::uint64_t taken = progress().taken; taken != taken_) {
        taken_ = taken;
        idle_looks_ = 0;
    } else if (++idle_looks_ >= looks) {
        close(Closing::stalled);
        return;
    }
    deadline_.start(shard_->timers(), stall_timeout_ / looks);
}

// TLS

void TcpTransport::start_tls(TlsContexts& contexts, std::string_view host)
{
    upgrade(TlsEngine::server(contexts, host, std::move(accepted_)));
}

void TcpTransport::start_tls_as_client(const TlsClientContext& context, const TlsClientOptions& options)
{
    upgrade(TlsEngine::client(context, options));
}

void TcpTransport::upgrade(std::unique_ptr<TlsEngine> engine)
{
    assert(!tls_);
    if (phase_ == Phase::open) {
        tls_ = std::make_unique<Tls>();
        begin_tls(std::move(engine));
    }
}

void TcpTransport::begin_tls(std::unique_ptr<TlsEngine> engine)
{
    tls_->engine = std::move(engine);
    // A client sends its ClientHello now; a server has nothing to send yet.
    std::string nothing;
    tls_->state = tls_->engine->receive({}, nothing, out_);
    if (sent_ < out_.size()) {
        call_at_turn_end();
    }
    deadline_.start(shard_->timers(), std::chrono::seconds(handshake_seconds_));
}

const TlsSession* TcpTransport::tls() const
{
    return tls_ && tls_->state == TlsEngine::State::established ? &tls_->engine->session() : nullptr;
}

// The end

void TcpTransport::finish(unsigned seconds)
{
    if (phase_ != Phase::open) {
        return;
    }
    encrypt();
    if (tls_ && tls_->state == TlsEngine::State::established) {
        tls_->engine->close(out_);
    }
    phase_ = Phase::sending;
    deadline_.start(shard_->timers(), std::chrono::seconds(seconds));
    resume_reading(); // to see the peer close
    call_at_turn_end();
}

void TcpTransport::abort()
{
    if (phase_ == Phase::made || is_alive()) {
        close(Closing::by_us);
    }
}

void TcpTransport::on_deadline(void* self)
{
    auto& transport = *static_cast<TcpTransport*>(self);
    if (transport.phase_ != Phase::open) {
        transport.close(Closing::by_us);
    } else if (transport.tls_ && transport.tls_->state == TlsEngine::State::handshaking) {
        transport.close(Closing::tls_error);
    } else {
        transport.look_for_stall();
    }
}

void TcpTransport::close(Closing why)
{
    if (phase_ >= Phase::closed) {
        return;
    }
    leave_shard();
    socket_.close();
    drop_output();
    phase_ = Phase::closed;
    why_ = why;
    // The receiver is always called from the loop, whatever caused the end.
    if (receiver_ != nullptr) {
        call_at_turn_end();
    }
}

} // namespace stonechat
