// SPDX-License-Identifier: Apache-2.0
// Call: the asking side of the control socket, for stonechatctl and `stonechat check`. Waits for
// each answer; for programs that do one thing. Needs nothing of the server but its protocol.
#pragma once

#include "base/result.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>

namespace stonechat::ctl {

struct CallError {
    CallError() = default;
    // A constructor, so that a text alone is not taken for an error (Result tells them apart by that).
    CallError(std::string its_code, std::string its_message)
        : code(std::move(its_code)), message(std::move(its_message))
    {}

    std::string code; ///< as in the protocol; "no-server" if nobody answers, "lost" if the answer broke off
    std::string message;
};

class Call {
public:
    static Result<Call, CallError> connect(const std::string& socket_path);

    Call(Call&& other) noexcept;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call();

    /// Sends `request` and waits for its result.
    Result<boost::json::object, CallError> ask(const boost::json::object& request);
    /// The next line, for what streams; nothing at the end.
    std::optional<boost::json::object> next();

private:
    explicit Call(int descriptor) : descriptor_(descriptor) {}
    bool send(std::string_view text) const;

    int descriptor_;
    std::string input_;
};

} // namespace stonechat::ctl
