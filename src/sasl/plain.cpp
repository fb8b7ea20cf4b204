// SPDX-License-Identifier: Apache-2.0
#include "sasl/plain.hpp"

#include "sasl/identity.hpp"

namespace stonechat {
namespace {

/// Three parts of 255 octets at most (RFC 4616 §2) would be 767; addresses may be longer (RFC 7622).
constexpr std::size_t longest_message = 4096;

} // namespace

SaslMechanism::Step Plain::fail(SaslFailure failure)
{
    state_ = State::ended;
    return Failed { failure };
}

SaslMechanism::Step Plain::respond(std::string_view message)
{
    if (state_ != State::message || message.size() > longest_message) {
        return fail(SaslFailure::malformed_request);
    }
    // message = [authzid] NUL authcid NUL passwd, and none of them has a NUL
    const std::size_t first = message.find('\0');
    const std::size_t second = first == std::string_view::npos ? first : message.find('\0', first + 1);
    if (second == std::string_view::npos || message.find('\0', second + 1) != std::string_view::npos) {
        return fail(SaslFailure::malformed_request);
    }
    const std::string_view authzid = message.substr(0, first);
    const std::string_view name = message.substr(first + 1, second - first - 1);
    const std::string_view password = message.substr(second + 1);
    if (name.empty() || password.empty()) {
        return fail(SaslFailure::malformed_request);
    }
    user_ = name;
    auto user = sasl::prepared_user(name, context_.host);
    if (!user) {
        return fail(SaslFailure::not_authorized);
    }
    user_ = std::move(*user);
    if (!sasl::may_act_as(authzid, user_, context_.host)) {
        return fail(SaslFailure::invalid_authzid);
    }
    state_ = State::decision;
    return CheckPassword { user_, std::string(password) };
}

SaslMechanism::Step Plain::supply(std::optional<std::vector<ScramVerifier>>)
{
    return fail(SaslFailure::malformed_request);
}

SaslMechanism::Step Plain::decide(bool password_is_right)
{
    if (state_ != State::decision) {
        return fail(SaslFailure::malformed_request);
    }
    if (!password_is_right) {
        return fail(SaslFailure::not_authorized);
    }
    state_ = State::ended;
    return Success { user_, {} };
}

} // namespace stonechat
