// SPDX-License-Identifier: Apache-2.0
// Call: the client side of the control socket, for stonechatctl and `stonechat check`. Blocks until each
// answer arrives, so it is for short-lived programs only. Uses no server code except the protocol.
#pragma once

#include "base/result.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>

namespace stonechat::ctl {

struct CallError {
    CallError() = default;
    // A constructor, so that a text does not convert to an error: Result must tell the two apart.
    CallError(std::string its_code, std::string its_message)
        : code(std::move(its_code)), message(std::move(its_message))
    {}

    std::string code; ///< as in the protocol; "no-server" = no answer, "lost" = the answer was cut off
    std::string message;
};

class Call {
public:
    static Result<Call, CallError> connect(const std::string& socket_path);

    Call(Call&& other) noexcept;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call();

    /// Sends `request`, waits for the answer and returns its result.
    Result<boost::json::object, CallError> ask(const boost::json::object& request);
    /// Returns the next line of a command that streams; nothing at the end.
    std::optional<boost::json::object> next();

private:
    explicit Call(int descriptor) : descriptor_(descriptor) {}
    bool send(std::string_view text) const;

    int descriptor_;
    std::string input_;
};

} // namespace stonechat::ctl
