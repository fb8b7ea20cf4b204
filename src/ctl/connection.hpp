// SPDX-License-Identifier: Apache-2.0
// Connection: one client of the control socket (docs/protocol/ctl.md). Reads a request, runs its command and
// writes the answer, one request at a time, and writes trace lines in between. Lives on shard 0; its pending
// reads and writes keep it alive.
#pragma once

#include "ctl/command.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <memory>
#include <string>

namespace stonechat::ctl {

class Connection : public std::enable_shared_from_this<Connection> {
public:
    using Socket = boost::asio::local::stream_protocol::socket;

    Connection(Socket socket, Context& context) : socket_(std::move(socket)), context_(context) {}

    void start() { read(); }
    /// Closes the socket. Commands that still run send no answer.
    void close();
    bool is_open() const { return socket_.is_open(); }

private:
    void read();
    void handle(std::string line);
    void run(const boost::json::object& request);
    Answer follow(const boost::json::object& request);
    void log(const Command& command, const std::string& about, const Answer& answer) const;
    void tell(const std::string& line);
    void answer(const Answer& answer);
    void write(const boost::json::object& line);
    void send();

    Socket socket_;
    Context& context_;
    std::string input_;
    std::string output_; ///< collected while `sending_` is being written
    std::string sending_;
    std::shared_ptr<void> trace_; ///< keeps the trace running
    std::size_t left_out_ = 0;
    bool input_ended_ = false;
};

} // namespace stonechat::ctl
