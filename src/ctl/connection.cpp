// SPDX-License-Identifier: Apache-2.0
#include "ctl/connection.hpp"

#include "ctl/protocol.hpp"
#include "net/shard.hpp"
#include "router/server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;
using boost::system::error_code;

/// Returns the subject of a command (an account, a room …) for the log.
std::string subject_of(const json::object& request)
{
    std::string about;
    for (const char* key : { "room", "jid", "path", "prefix" }) {
        if (const auto text = text_of(request, key)) {
            about += about.empty() ? *text : " " + *text;
        }
    }
    return about;
}

} // namespace

void Connection::close()
{
    trace_.reset();
    error_code ignored; // it is closed in any case
    socket_.close(ignored);
}

void Connection::read()
{
    auto buffer = boost::asio::dynamic_buffer(input_, request_limit);
    boost::asio::async_read_until(socket_, buffer, '\n',
        [self = shared_from_this()](error_code error, std::size_t length) {
            if (error == boost::asio::error::not_found) {
                self->input_ended_ = true; // answered, then closed
                self->answer(Error { "bad-request", "the request is too long" });
                return;
            }
            if (error) {
                self->close();
                return;
            }
            std::string line = self->input_.substr(0, length - 1);
            self->input_.erase(0, length);
            self->handle(std::move(line));
        });
}

void Connection::handle(std::string line)
{
    error_code error;
    const json::value parsed = json::parse(line, error);
    if (error || !parsed.is_object()) {
        answer(Error { "bad-request", "the request is not a JSON object on one line" });
        read();
        return;
    }
    run(parsed.get_object());
}

void Connection::run(const json::object& request)
{
    const std::string name = text_of(request, "command").value_or("");
    if (name == "trace") {
        answer(follow(request));
        read();
        return;
    }
    const Command* command = find_command(name);
    if (command == nullptr) {
        answer(Error { "unknown-command", "there is no command '" + name + "'" });
        read();
        return;
    }
    const auto self = shared_from_this();
    const auto finish = [self, command, about = subject_of(request)](const Answer& result) {
        if (command->is_logged) {
            self->log(*command, about, result);
        }
        self->answer(result);
        self->read();
    };
    stonechat::start(command->run(context_, request), finish, [self, finish, name](std::exception_ptr) {
        self->context_.server.log().error("control command failed", { { "command", name } });
        finish(Error { "internal", "the command failed; this is a bug of the server" });
    });
}

/// Logs a command, because an operator may ask much later who changed something.
void Connection::log(const Command& command, const std::string& about, const Answer& answer) const
{
    const std::string outcome = answer ? "done" : answer.error().code;
    context_.server.log().info("control",
        { { "command", command.name }, { "about", about }, { "outcome", outcome } });
}

Answer Connection::follow(const json::object& request)
{
    const auto jid = jid_of(request);
    if (!jid) {
        return jid.error();
    }
    // The trace calls this on any thread; it posts to shard 0 first.
    trace_ = context_.server.trace().follow(jid->bare(),
        [weak = weak_from_this(), &shard = context_.shard](const std::string& line) {
            shard.post([weak, line] {
                if (const auto self = weak.lock()) {
                    self->tell(line);
                }
            });
        });
    json::object result;
    result["jid"] = std::string(jid->bare_text());
    return result;
}

void Connection::tell(const std::string& line)
{
    if (!trace_) {
        return;
    }
    if (output_.size() > output_limit) {
        ++left_out_;
        return;
    }
    json::object event;
    event["event"] = line;
    const auto now = context_.server.clock().wall().time_since_epoch();
    event["time_us"] = now.count();
    if (left_out_ > 0) {
        event["left_out"] = std::exchange(left_out_, 0);
    }
    write(event);
}

void Connection::answer(const Answer& answer)
{
    json::object line;
    line["ok"] = answer.has_value();
    if (answer) {
        line["result"] = *answer;
    } else {
        json::object error;
        error["code"] = answer.error().code;
        error["message"] = answer.error().message;
        line["error"] = std::move(error);
    }
    write(line);
}

void Connection::write(const json::object& line)
{
    if (!socket_.is_open()) {
        return;
    }
    output_ += json::serialize(line);
    output_ += '\n';
    if (sending_.empty()) {
        send();
    }
}

void Connection::send()
{
    sending_.swap(output_);
    boost::asio::async_write(socket_, boost::asio::buffer(sending_),
        [self = shared_from_this()](error_code error, std::size_t) {
            self->sending_.clear();
            if (!error && !self->output_.empty()) {
                self->send();
            } else if (error || self->input_ended_) {
                self->close();
            }
        });
}

} // namespace stonechat::ctl
