// SPDX-License-Identifier: Apache-2.0
//
// A byte relay in a process of its own: what it reads from one connection it writes to the next one that
// connected. It understands nothing, so it shows what the machine and OpenSSL alone cost for a message;
// a server's figure is judged as a ratio to it.
// The process is started by the constructor and ended by the destructor.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace stonechat::bench {

class Relay {
public:
    /// `core` below 0: not pinned. Throws BenchError when there is no port or process to be had.
    Relay(bool with_tls, int core);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    pid_t pid_ = -1;
    std::uint16_t port_ = 0;
};

} // namespace stonechat::bench
