// SPDX-License-Identifier: Apache-2.0
#include "relay.hpp"

#include "event_loop.hpp"
#include "server_process.hpp"
#include "tls.hpp"
#include "workbench.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace stonechat::bench {
namespace {

// One side of a pair. Nothing is ever freed: the process ends with the run.
class Side final : public Pollable {
public:
    Side(EventLoop& loop, int descriptor, SSL_CTX* context) : loop_(loop), descriptor_(descriptor)
    {
        if (context != nullptr) {
            ssl_.reset(SSL_new(context));
            SSL_set_fd(ssl_.get(), descriptor);
            SSL_set_accept_state(ssl_.get());
        }
        loop_.add(descriptor_, *this, false);
    }

    void meet(Side& partner) { partner_ = &partner; }

    void on_events(std::uint32_t events) override
    {
        if (ssl_ && !SSL_is_init_finished(ssl_.get())) {
            SSL_do_handshake(ssl_.get());
        }
        if ((events & EPOLLOUT) != 0) {
            flush();
        }
        if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
            pass_on();
        }
    }

private:
    void pass_on()
    {
        static std::array<char, 64 * 1024> buffer;
        do {
            const long size = read_into(buffer);
            if (size == 0) {
                loop_.remove(descriptor_);
                close(descriptor_);
            }
            if (size <= 0) {
                return;
            }
            partner_->take(std::string_view(buffer.data(), static_cast<std::size_t>(size)));
        } while (ssl_ && SSL_has_pending(ssl_.get()) == 1);
    }

    void take(std::string_view bytes)
    {
        long sent = 0;
        if (waiting_.empty()) {
            sent = std::max(0L, write_from(bytes));
        }
        if (static_cast<std::size_t>(sent) < bytes.size()) {
            waiting_.append(bytes.substr(static_cast<std::size_t>(sent)));
            loop_.want_write(descriptor_, *this, true);
        }
    }

    void flush()
    {
        if (!waiting_.empty()) {
            waiting_.erase(0, static_cast<std::size_t>(std::max(0L, write_from(waiting_))));
        }
        loop_.want_write(descriptor_, *this, !waiting_.empty());
    }

    // Bytes read, 0 at the end, below 0 when there is nothing now.
    long read_into(std::array<char, 64 * 1024>& buffer)
    {
        if (ssl_) {
            const int size = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
            return size <= 0 && SSL_get_error(ssl_.get(), size) == SSL_ERROR_WANT_READ ? -1
                                                                                       : std::max(size, 0);
        }
        const auto size = recv(descriptor_, buffer.data(), buffer.size(), 0);
        return size < 0 && errno != EAGAIN ? 0 : size;
    }

    long write_from(std::string_view bytes)
    {
        if (ssl_) {
            return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        }
        return send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    EventLoop& loop_;
    int descriptor_;
    Ssl ssl_;
    Side* partner_ = this;
    std::string waiting_;
};

class Door final : public Pollable {
public:
    Door(EventLoop& loop, int listener, SSL_CTX* context)
        : loop_(loop), listener_(listener), context_(context)
    {
        loop_.add(listener_, *this, false);
    }

    void on_events(std::uint32_t) override
    {
        const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            return;
        }
        const int on = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sides_.push_back(std::make_unique<Side>(loop_, descriptor, context_));
        if (sides_.size() % 2 == 0) {
            sides_.back()->meet(*sides_[sides_.size() - 2]);
            sides_[sides_.size() - 2]->meet(*sides_.back());
        }
    }

private:
    EventLoop& loop_;
    int listener_;
    SSL_CTX* context_;
    std::vector<std::unique_ptr<Side>> sides_;
};

[[noreturn]] void run_relay(int listener, bool with_tls, int core)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (core >= 0) {
        pin_self(core);
    }
    const auto context = with_tls ? make_relay_context() : SslContext();
    EventLoop loop;
    const Door door(loop, listener, context.get());
    while (true) {
        loop.poll(std::chrono::milliseconds(1000));
    }
}

int listen_on_loopback(std::uint16_t& port)
{
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (listener < 0 || bind(listener, plain, size) != 0 || listen(listener, 128) != 0
        || getsockname(listener, plain, &size) != 0) {
        throw BenchError("floor: no port to listen on");
    }
    port = ntohs(address.sin_port);
    return listener;
}

} // namespace

Relay::Relay(bool with_tls, int core)
{
    const int listener = listen_on_loopback(port_);
    pid_ = fork();
    if (pid_ == 0) {
        run_relay(listener, with_tls, core);
    }
    close(listener);
    if (pid_ < 0) {
        throw BenchError("floor: no process to be had");
    }
}

Relay::~Relay()
{
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

} // namespace stonechat::bench
