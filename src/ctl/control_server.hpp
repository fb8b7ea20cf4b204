// SPDX-License-Identifier: Apache-2.0
// ControlServer: the local socket through which an administrator on this machine controls the server. The
// socket has mode 0600, and a client must be the server's own user or root. Lives on shard 0; created by
// main.
#pragma once

#include "ctl/command.hpp"
#include "ctl/connection.hpp"
#include "net/timer_wheel.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stonechat::ctl {

class ControlServer {
public:
    /// Creates the socket at `path`, or returns an error sentence. Replaces an old socket that no server
    /// uses. Clients are served once the shards run.
    static Result<std::unique_ptr<ControlServer>, std::string> open(Server& server, std::string path,
        Hooks hooks);
    /// Call when the shards have stopped.
    ~ControlServer();

    /// Removes the socket and closes all connections. Call on shard 0.
    void close();

private:
    using Acceptor = boost::asio::local::stream_protocol::acceptor;

    ControlServer(Server& server, std::string path, Hooks hooks, Acceptor acceptor);
    void accept();
    void welcome(Connection::Socket socket);

    std::string path_;
    Hooks hooks_;
    Context context_;
    Acceptor acceptor_;
    Timer pause_;
    std::vector<std::weak_ptr<Connection>> connections_;
};

} // namespace stonechat::ctl
