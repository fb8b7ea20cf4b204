// SPDX-License-Identifier: Apache-2.0
//
// Ends the server under load and starts another one in its place, with a command that is given. The server
// that was started here is stopped at the end of this object's life; the first one belongs to somebody else.
// Lives on the client's only thread and never waits: the caller goes on reading its connections meanwhile.
#pragma once

#include "connection.hpp"
#include "server_process.hpp"

#include <string>

namespace stonechat::bench {

class ServerControl {
public:
    /// `command` is for /bin/sh and has to become the server itself ("exec ...").
    ServerControl(pid_t running, std::string command);
    ~ServerControl();
    ServerControl(const ServerControl&) = delete;
    ServerControl& operator=(const ServerControl&) = delete;

    void send_signal(int signal) const;
    [[nodiscard]] bool has_ended() const;
    /// Only after the running one has ended.
    ServerProcess start();

private:
    void watch(pid_t pid);

    std::string command_;
    pid_t pid_ = 0;
    int watch_ = -1; ///< a pidfd: readable when the process is gone, even while it is a zombie
    bool is_ours_ = false;
};

/// Whether somebody takes connections there now.
bool is_listening(const Address& address);

} // namespace stonechat::bench
