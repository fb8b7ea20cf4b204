// SPDX-License-Identifier: Apache-2.0
#include "net/connector.hpp"

#include "net/shard.hpp"
#include "net/socket.hpp"
#include "net/tcp_transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <system_error>

namespace stonechat {
namespace {

ConnectError to_connect_error(int number)
{
    switch (number) { // an int, not an enum
    case ECONNREFUSED: return ConnectError::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL: // no address of that family here
    case EAFNOSUPPORT: return ConnectError::unreachable;
    case ETIMEDOUT: return ConnectError::timed_out;
    case EMFILE:
    case ENFILE: return ConnectError::no_descriptors;
    default: return ConnectError::failed;
    }
}

/// Returns a socket that is connecting, or none (see errno).
Descriptor begin_to_connect(const PeerAddress& to)
{
    const boost::asio::ip::tcp::endpoint endpoint(to.address, to.port);
    Descriptor descriptor(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
        0));
    if (descriptor
        && ::connect(descriptor.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0
        && errno != EINPROGRESS) {
        const int why = errno;
        descriptor.close();
        errno = why;
    }
    return descriptor;
}

/// The error of a connection that was begun; 0: it is made.
int pending_error(int descriptor)
{
    int error = 0;
    socklen_t length = sizeof(error);
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

/// A socket that is connecting to one address.
class Attempt final : private SocketEvents {
public:
    /// Called once, from the loop, with 0 or the error. May destroy the attempt.
    using Decided = Function<void(Attempt&, int)>;

    Attempt(Shard& shard, Descriptor descriptor, const PeerAddress& to, Decided decided)
        : shard_(shard), descriptor_(std::move(descriptor)), to_(to), decided_(std::move(decided)),
          is_watched_(shard_.sockets().add(descriptor_.get(), *this))
    {}
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() override { leave_shard(); }

    const PeerAddress& to() const { return to_; }
    bool is_watched() const { return is_watched_; }
    /// Gives the connected socket away.
    Socket take_socket()
    {
        leave_shard();
        return { std::move(descriptor_), to_, nullptr };
    }

private:
    void on_socket_events(std::uint32_t events) override
    {
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
            leave_shard();
            Decided decided = std::move(decided_); // which lives as long as the call
            decided(*this, pending_error(descriptor_.get()));
        }
    }

    void leave_shard()
    {
        if (std::exchange(is_watched_, false)) {
            shard_.sockets().remove(descriptor_.get(), *this);
        }
    }

    Shard& shard_;
    Descriptor descriptor_;
    PeerAddress to_;
    Decided decided_;
    bool is_watched_;
};

/// A timer finer than those of the wheel, which come up to a quarter of a second late: as long as the delay
/// between two attempts.
class AttemptTimer {
public:
    explicit AttemptTimer(Shard& shard) : timer_(shard.io().get_executor()) {}

    void start(std::chrono::milliseconds delay, Function<void()> callback)
    {
        stop();
        callback_ = std::make_shared<Function<void()>>(std::move(callback));
        timer_.expires_after(delay);
        // A handler that is queued already is called in spite of cancel().
        timer_.async_wait(
            [weak = std::weak_ptr<Function<void()>>(callback_)](const boost::system::error_code& error) {
                const auto callback = weak.lock();
                if (callback && !error) {
                    (*callback)();
                }
            });
    }
    void stop()
    {
        callback_.reset();
        timer_.cancel();
    }

private:
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
        boost::asio::wait_traits<std::chrono::steady_clock>, boost::asio::io_context::executor_type>
        timer_;
    std::shared_ptr<Function<void()>> callback_;
};

class TcpConnector final : public Connector, private TurnEnd {
public:
    TcpConnector(Shard& shard, ConnectOptions options, Connected connected)
        : shard_(shard), options_(std::move(options)), connected_(std::move(connected)),
          deadline_([](void* self) { static_cast<TcpConnector*>(self)->give_up(); }, this),
          next_attempt_(shard)
    {
        assert(shard_.is_current());
        if (options_.addresses.size() > most_addresses) {
            options_.addresses.resize(most_addresses);
        }
        deadline_.start(shard_.timers(), options_.deadline);
        shard_.at_turn_end(*this);
    }
    TcpConnector(const TcpConnector&) = delete;
    TcpConnector& operator=(const TcpConnector&) = delete;
    ~TcpConnector() override { shard_.forget(*this); }

private:
    /// The first attempt begins here, so that whatever its outcome is, it comes from the loop.
    void on_turn_end() override { try_next(); }

    /// Tries addresses until one takes its time, and sets the time of the next one.
    void try_next()
    {
        next_attempt_.stop();
        while (next_ < options_.addresses.size()) {
            if (try_address(options_.addresses[next_++])) {
                if (next_ < options_.addresses.size()) {
                    next_attempt_.start(options_.attempt_delay, [this] { try_next(); });
                }
                return;
            }
        }
        if (attempts_.empty()) {
            conclude(std::move(failure_));
        }
    }

    /// Returns whether the address has to be waited for.
    bool try_address(const PeerAddress& to)
    {
        Descriptor descriptor = begin_to_connect(to);
        if (!descriptor) {
            note_failure(to, errno);
            return false;
        }
        auto attempt = std::make_unique<Attempt>(shard_, std::move(descriptor), to,
            [this](Attempt& decided, int error) { take(decided, error); });
        if (!attempt->is_watched()) {
            note_failure(to, errno);
            return false;
        }
        attempts_.push_back(std::move(attempt));
        return true;
    }

    void take(Attempt& attempt, int error)
    {
        if (error == 0) {
            conclude(make_transport(attempt.take_socket()));
            return;
        }
        note_failure(attempt.to(), error);
        std::erase_if(attempts_, [&attempt](const auto& each) { return each.get() == &attempt; });
        try_next(); // at once: there is nothing to wait for any more
    }

    std::unique_ptr<Transport> make_transport(Socket socket)
    {
        auto engine = options_.direct_tls
            ? TlsEngine::client(*options_.direct_tls->context, options_.direct_tls->options)
            : nullptr;
        return std::make_unique<TcpTransport>(shard_, std::move(socket), std::move(engine),
            options_.tls_handshake_seconds);
    }

    void note_failure(const PeerAddress& to, int error)
    {
        failure_.error = to_connect_error(error);
        note(to, std::generic_category().message(error));
    }

    void note(const PeerAddress& to, const std::string& what)
    {
        failure_.text += (failure_.text.empty() ? "" : "; ") + to.address.to_string() + " port "
            + std::to_string(to.port) + ": " + what;
    }

    void give_up()
    {
        for (const auto& attempt : attempts_) {
            note(attempt->to(), "no answer");
        }
        failure_.error = ConnectError::timed_out;
        conclude(std::move(failure_));
    }

    /// Ends everything and tells the result. Nothing may follow: the receiver may destroy the connector.
    void conclude(Result<std::unique_ptr<Transport>, ConnectFailure> result)
    {
        shard_.forget(*this);
        deadline_.stop();
        next_attempt_.stop();
        attempts_.clear();
        Connected connected = std::move(connected_);
        connected(std::move(result));
    }

    Shard& shard_;
    ConnectOptions options_;
    Connected connected_;
    Timer deadline_;
    AttemptTimer next_attempt_;
    std::size_t next_ = 0; ///< index of the first address not tried yet
    std::vector<std::unique_ptr<Attempt>> attempts_;
    ConnectFailure failure_;
};

} // namespace

std::unique_ptr<Connector> Connector::open(Shard& shard, ConnectOptions options, Connected connected)
{
    return std::make_unique<TcpConnector>(shard, std::move(options), std::move(connected));
}

std::string_view to_text(ConnectError error)
{
    switch (error) {
    case ConnectError::no_address: return "no address";
    case ConnectError::refused: return "refused";
    case ConnectError::unreachable: return "unreachable";
    case ConnectError::timed_out: return "timed out";
    case ConnectError::no_descriptors: return "no file descriptor left";
    case ConnectError::failed: return "failed";
    }
    return {};
}

} // namespace stonechat
