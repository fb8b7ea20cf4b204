// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace stonechat::bench {
namespace {

constexpr long would_block = -1;
constexpr long ended = 0;
constexpr long failed = -2;

long outcome_of_ssl(const SSL* ssl, int result)
{
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return would_block;
    case SSL_ERROR_ZERO_RETURN: return ended;
    default: return failed;
    }
}

long outcome_of_errno(long result)
{
    if (result >= 0) {
        return result;
    }
    return errno == EAGAIN || errno == EINTR ? would_block : failed;
}

} // namespace

Connection::~Connection()
{
    close_socket();
}

void Connection::connect(const Address& address)
{
    descriptor_ = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0) {
        lose(std::string("socket: ") + std::strerror(errno));
        return;
    }
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto* const to = reinterpret_cast<const sockaddr*>(&address.storage);
    if (::connect(descriptor_, to, address.length) != 0 && errno != EINPROGRESS) {
        lose(std::string("connect: ") + std::strerror(errno));
        return;
    }
    state_ = State::connecting;
    wants_write_ = true;
    loop_.add(descriptor_, *this, true);
}

void Connection::start_tls(SSL_CTX& context, const std::string& domain, bool alpn)
{
    ssl_ = make_client_ssl(context, descriptor_, domain, alpn);
    state_ = State::handshaking;
    partial_.clear();
    continue_handshake();
}

// A reset instead of a FIN: thousands of logins a second would else fill the ports with TIME_WAIT. All
// callers have read the server's end of stream first, or have given up on it.
void Connection::close_socket()
{
    if (descriptor_ < 0) {
        return;
    }
    const linger reset { 1, 0 };
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    loop_.remove(descriptor_);
    close(descriptor_);
    descriptor_ = -1;
    state_ = State::closed;
    ssl_.reset();
    output_ = std::string();
    partial_ = std::string();
}

void Connection::on_events(std::uint32_t events)
{
    switch (state_) {
    case State::closed: return;
    case State::connecting: finish_connect(); return;
    case State::handshaking: continue_handshake(); return;
    case State::open: break;
    }
    if ((events & EPOLLOUT) != 0) {
        flush();
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && state_ == State::open) {
        read_some();
    }
}

void Connection::flush()
{
    if (state_ != State::open) {
        return;
    }
    std::size_t sent = 0;
    while (sent < output_.size()) {
        const long result = write_from(std::string_view(output_).substr(sent));
        if (result == would_block) {
            break;
        }
        if (result == failed) {
            lose(std::string("write: ") + std::strerror(errno));
            return;
        }
        sent += static_cast<std::size_t>(result);
    }
    output_.erase(0, sent);
    want_write(!output_.empty());
}

void Connection::finish_connect()
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        lose(std::string("connect: ") + std::strerror(error));
        return;
    }
    state_ = State::open;
    want_write(false);
    on_open();
}

void Connection::continue_handshake()
{
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
        state_ = State::open;
        want_write(false);
        on_open();
        return;
    }
    if (outcome_of_ssl(ssl_.get(), result) != would_block) {
        lose("TLS handshake: " + ssl_error_text());
        return;
    }
    want_write(SSL_want_write(ssl_.get()));
}

void Connection::read_some()
{
    static thread_local std::array<char, 256 * 1024> buffer;
    do {
        const long result = read_into(buffer.data(), buffer.size());
        if (result == would_block) {
            return;
        }
        if (result == ended || result == failed) {
            lose(result == ended ? "closed by the server" : std::string("read: ") + std::strerror(errno));
            return;
        }
        deliver(std::string_view(buffer.data(), static_cast<std::size_t>(result)));
    } while (state_ == State::open && ssl_ && SSL_has_pending(ssl_.get()) == 1);
}

long Connection::read_into(char* buffer, std::size_t size)
{
    if (!ssl_) {
        return outcome_of_errno(recv(descriptor_, buffer, size, 0));
    }
    ERR_clear_error();
    const int result = SSL_read(ssl_.get(), buffer, static_cast<int>(size));
    return result > 0 ? result : outcome_of_ssl(ssl_.get(), result);
}

long Connection::write_from(std::string_view bytes)
{
    if (!ssl_) {
        return outcome_of_errno(send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }
    ERR_clear_error();
    const int result = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    return result > 0 ? result : outcome_of_ssl(ssl_.get(), result);
}

void Connection::deliver(std::string_view bytes)
{
    if (!partial_.empty()) {
        partial_.append(bytes);
        std::string whole = std::move(partial_);
        partial_.clear();
        const auto taken = on_data(whole);
        if (state_ == State::open) {
            partial_ = whole.substr(taken);
        }
        return;
    }
    const auto taken = on_data(bytes);
    if (state_ == State::open && taken < bytes.size()) {
        partial_.assign(bytes.substr(taken));
    }
}

void Connection::lose(const std::string& reason)
{
    close_socket();
    on_lost(reason);
}

void Connection::want_write(bool want)
{
    if (want != wants_write_ && descriptor_ >= 0) {
        wants_write_ = want;
        loop_.want_write(descriptor_, *this, want);
    }
}

} // namespace stonechat::bench
