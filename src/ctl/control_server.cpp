// SPDX-License-Identifier: Apache-2.0
#include "ctl/control_server.hpp"

#include "ctl/protocol.hpp"
#include "net/shard.hpp"
#include "router/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

namespace stonechat::ctl {
namespace {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::chrono::milliseconds pause_after_failure(500);

/// Returns whether a server answers at `path`.
bool is_served(boost::asio::io_context& io, const std::string& path)
{
    error_code error;
    stream_protocol::socket probe(io);
    probe.connect(stream_protocol::endpoint(path), error);
    return !error;
}

bool may_command(int descriptor)
{
    ucred peer {};
    socklen_t length = sizeof(peer);
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
        return false;
    }
    return peer.uid == 0 || peer.uid == geteuid();
}

} // namespace

Result<std::unique_ptr<ControlServer>, std::string> ControlServer::open(Server& server, std::string path,
    Hooks hooks)
{
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        return "the control socket's path is too long for a socket: " + path + "; choose a shorter data_dir";
    }
    boost::asio::io_context& io = server.router(0).shard().io();
    if (is_served(io, path)) {
        return "another server answers at " + path + "; stop it, or choose another data_dir";
    }
    unlink(path.c_str());
    error_code error;
    Acceptor acceptor(io);
    acceptor.open(stream_protocol(), error);
    if (!error) {
        acceptor.bind(stream_protocol::endpoint(path), error);
    }
    if (!error && chmod(path.c_str(), 0600) != 0) {
        error = error_code(errno, boost::system::system_category());
    }
    if (!error) {
        acceptor.listen(static_cast<int>(connection_limit), error);
    }
    if (error) {
        return "cannot make the control socket " + path + ": " + error.message();
    }
    return std::unique_ptr<ControlServer>(new ControlServer(server, std::move(path), std::move(hooks),
        std::move(acceptor)));
}

ControlServer::ControlServer(Server& server, std::string path, Hooks hooks, Acceptor acceptor)
    : path_(std::move(path)), hooks_(std::move(hooks)), context_ { server, server.router(0).shard(), hooks_ },
      acceptor_(std::move(acceptor)),
      pause_([](void* self) { static_cast<ControlServer*>(self)->accept(); }, this)
{
    accept();
}

ControlServer::~ControlServer()
{
    close();
}

void ControlServer::close()
{
    if (!acceptor_.is_open()) {
        return;
    }
    unlink(path_.c_str());
    pause_.stop();
    error_code ignored; // it is closed in any case
    acceptor_.close(ignored);
    for (const auto& each : connections_) {
        if (const auto connection = each.lock()) {
            connection->close();
        }
    }
    connections_.clear();
}

void ControlServer::accept()
{
    acceptor_.async_accept([this](error_code error, Connection::Socket socket) {
        if (error == boost::asio::error::operation_aborted || !acceptor_.is_open()) {
            return; // `this` may be destroyed
        }
        if (error) {
            pause_.start(context_.shard.timers(),
                pause_after_failure); // no descriptor left: an immediate retry would fail too
            return;
        }
        welcome(std::move(socket));
        accept();
    });
}

void ControlServer::welcome(Connection::Socket socket)
{
    if (!may_command(socket.native_handle())) {
        context_.server.log().warning("control connection refused", { { "why", "another user" } });
        return;
    }
    std::erase_if(connections_, [](const std::weak_ptr<Connection>& each) { return each.expired(); });
    if (connections_.size() >= connection_limit) {
        context_.server.log().warning("control connection refused", { { "why", "too many" } });
        return;
    }
    auto connection = std::make_shared<Connection>(std::move(socket), context_);
    connections_.push_back(connection);
    connection->start();
}

} // namespace stonechat::ctl
