// SPDX-License-Identifier: Apache-2.0
// Plain: the server side of PLAIN (RFC 4616). The caller checks the password. One object is one exchange;
// created by make_mechanism. Pure.
#pragma once

#include "sasl/mechanism.hpp"

namespace stonechat {

class Plain final : public SaslMechanism {
public:
    explicit Plain(SaslContext context) : context_(std::move(context)) {}

    Step respond(std::string_view message) override;
    Step supply(std::optional<std::vector<ScramVerifier>> verifiers) override;
    Step decide(bool password_is_right) override;

private:
    enum class State { message, decision, ended };

    Step fail(SaslFailure failure);

    SaslContext context_;
    State state_ = State::message;
};

} // namespace stonechat
