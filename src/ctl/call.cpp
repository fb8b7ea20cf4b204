// SPDX-License-Identifier: Apache-2.0
#include "ctl/call.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

CallError no_server(const std::string& path, int error)
{
    std::string message = "no server answers at " + path + ": " + std::strerror(error);
    if (error == EACCES) {
        message += "; only root and the server's own user may use it";
    } else if (error == ENOENT || error == ECONNREFUSED) {
        message += "; is it running?";
    }
    return { "no-server", message };
}

std::string text_at(const json::object& object, std::string_view key)
{
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

} // namespace

Result<Call, CallError> Call::connect(const std::string& socket_path)
{
    sockaddr_un address {};
    address.sun_family = AF_UNIX;
    if (socket_path.size() >= sizeof(address.sun_path)) {
        return no_server(socket_path, ENAMETOOLONG);
    }
    std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Call call(descriptor);
    if (descriptor < 0
        || ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return no_server(socket_path, errno);
    }
    return call;
}

Call::Call(Call&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), input_(std::move(other.input_))
{}

Call::~Call()
{
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Result<json::object, CallError> Call::ask(const json::object& request)
{
    if (!send(json::serialize(request) + "\n")) {
        return CallError { "lost", "the server closed the connection" };
    }
    const auto line = next();
    if (!line) {
        return CallError { "lost", "the server closed the connection without an answer" };
    }
    const json::value* ok = line->if_contains("ok");
    const json::value* body = line->if_contains(ok != nullptr && *ok == true ? "result" : "error");
    if (body == nullptr || !body->is_object()) {
        return CallError { "lost", "the server's answer makes no sense" };
    }
    if (*ok == true) {
        return body->get_object();
    }
    return CallError { text_at(body->get_object(), "code"), text_at(body->get_object(), "message") };
}

std::optional<json::object> Call::next()
{
    std::array<char, 16384> buffer;
    std::size_t end = input_.find('\n');
    while (end == std::string::npos) {
        const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return std::nullopt;
        }
        const std::size_t searched = input_.size();
        input_.append(buffer.data(), static_cast<std::size_t>(count));
        end = input_.find('\n', searched);
    }
    boost::system::error_code error;
    const json::value value = json::parse(std::string_view(input_).substr(0, end), error);
    input_.erase(0, end + 1);
    if (error || !value.is_object()) {
        return std::nullopt;
    }
    return value.get_object();
}

bool Call::send(std::string_view text) const
{
    while (!text.empty()) {
        const ssize_t count = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

} // namespace stonechat::ctl
