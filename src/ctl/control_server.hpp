// SPDX-License-Identifier: Apache-2.0
// ControlServer: the local socket by which an administrator on this machine steers the server: mode
// 0600, and whoever connects has to be the server's own user or root. Shard 0; made by main.
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
    /// Makes the socket at `path`; the error is a sentence. An old socket that nobody serves is replaced.
    /// Clients are answered when the shards run.
    static Result<std::unique_ptr<ControlServer>, std::string> open(Server& server, std::string path,
        Hooks hooks);
    /// When the shards have stopped.
    ~ControlServer();

    /// Removes the socket and closes all connections. On shard 0.
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
