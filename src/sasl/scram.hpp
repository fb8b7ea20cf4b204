// SPDX-License-Identifier: Apache-2.0
// Scram: the server side of SCRAM-SHA-1 and SCRAM-SHA-256, with and without -PLUS (RFC 5802, RFC
// 7677, RFC 9266), with the downgrade protection of XEP-0474 0.5.0. One object is one exchange;
// created by make_mechanism. For an unknown user the exchange looks the same until the last step. Pure.
#pragma once

#include "sasl/mechanism.hpp"
#include "sasl/scram_message.hpp"

namespace stonechat {

class Scram final : public SaslMechanism {
public:
    /// `nonce` is our part of the nonce; empty = random (tests set it). Without context.mechanisms there is
    /// no downgrade protection.
    Scram(ScramHash hash, bool plus, SaslContext context, std::string nonce = {});
    ~Scram() override;

    Step respond(std::string_view message) override;
    Step supply(std::optional<std::vector<ScramVerifier>> verifiers) override;
    Step decide(bool password_is_right) override;

private:
    enum class State { client_first, account, client_final, ended };

    Step first(std::string_view message);
    Step final(std::string_view message);
    Step fail(SaslFailure failure);
    std::optional<SaslFailure> check_binding_flag();
    void pretend();
    std::string downgrade_protection() const;

    ScramHash hash_;
    bool plus_;
    SaslContext context_;
    State state_ = State::client_first;
    scram::ClientFirst first_;
    std::string binding_data_; ///< of the channel, if the client chose to bind
    std::string nonce_;        ///< the client's and ours
    ScramVerifier verifier_;   ///< the account's, or a made-up one
    bool known_ = false;
    std::string server_first_;
};

} // namespace stonechat
