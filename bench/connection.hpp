// SPDX-License-Identifier: Apache-2.0
//
// One non-blocking socket of the load client, plain or with TLS (from the start, or switched on later for
// STARTTLS). Reads into a buffer shared by all connections; keeps bytes only while an item is incomplete.
// Output is collected until flush(), so that a caller decides how many stanzas go into one write.
// Owned by a mode, lives on the client's only thread.
#pragma once

#include "event_loop.hpp"
#include "tls.hpp"

#include <string>
#include <string_view>
#include <sys/socket.h>

namespace stonechat::bench {

struct Address {
    sockaddr_storage storage {};
    socklen_t length = 0;
};

class Connection : public Pollable {
public:
    explicit Connection(EventLoop& loop) : loop_(loop) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void flush();
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

    void on_events(std::uint32_t events) final;

protected:
    virtual ~Connection();

    void put(std::string_view bytes) { output_.append(bytes); }

    /// Connects; `on_open()` or `on_lost()` follows from a later poll, or on_lost() at once.
    void connect(const Address& address);

    /// Begins the TLS handshake; on_open() comes again when it is finished.
    void start_tls(SSL_CTX& context, const std::string& domain, bool alpn);

    /// Closes without telling; with `reset` the kernel keeps no TIME_WAIT behind.
    void close_socket();

    virtual void on_open() = 0;
    /// Answers how many bytes it has taken; the rest comes again with more behind it.
    virtual std::size_t on_data(std::string_view bytes) = 0;
    virtual void on_lost(const std::string& reason) = 0;

private:
    enum class State { closed, connecting, handshaking, open };

    void finish_connect();
    void continue_handshake();
    void read_some();
    long read_into(char* buffer, std::size_t size);
    long write_from(std::string_view bytes);
    void deliver(std::string_view bytes);
    void lose(const std::string& reason);
    void want_write(bool want);

    EventLoop& loop_;
    int descriptor_ = -1;
    State state_ = State::closed;
    bool wants_write_ = false;
    Ssl ssl_;
    std::string output_;
    std::string partial_;
};

} // namespace stonechat::bench
