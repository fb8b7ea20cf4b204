// SPDX-License-Identifier: Apache-2.0
// SASL mechanisms, server's side, as pure state machines (RFC 4422, RFC 5802, RFC 4616): decoded
// bytes in, a Step out. Who drives them (c2s) fetches accounts and does the slow hashing; nothing
// here blocks or does I/O.
#pragma once

#include "xmpp/scram_verifier.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stonechat {

/// RFC 6120 §6.5; the names are the wire's with `_` for `-`.
enum class SaslFailure {
    aborted,
    account_disabled,
    credentials_expired,
    encryption_required,
    incorrect_encoding,
    invalid_authzid,
    invalid_mechanism,
    malformed_request,
    mechanism_too_weak,
    not_authorized,
    temporary_auth_failure,
};

std::string_view to_text(SaslFailure failure);

/// What one kind of channel binding gives on this connection (RFC 9266, RFC 5929).
struct ChannelBinding {
    std::string type; ///< "tls-exporter"
    std::string data;
    bool announced = true; ///< false: taken from clients that use it anyway, never offered
};

/// What a mechanism may know of the stream it runs on.
struct SaslContext {
    std::string host;                     ///< the virtual host, prepared
    std::vector<ChannelBinding> bindings; ///< usable here; empty without TLS
    std::vector<std::string> mechanisms;  ///< offered on this stream, in the order offered (XEP-0474)
    std::string fake_secret;              ///< keys the salts of accounts that do not exist
    std::uint32_t iterations = 10000;     ///< what such an account pretends to have
};

class SaslMechanism {
public:
    /// Sent to the client.
    struct Challenge {
        std::string data;
    };
    /// The machine needs to know this account; answer with `supply`.
    struct NeedAccount {
        std::string user; ///< prepared localpart
    };
    /// PLAIN only: check that `password` belongs to `user` (PBKDF2, elsewhere); answer with `decide`.
    struct CheckPassword {
        std::string user;
        std::string password;
    };
    struct Success {
        std::string user; ///< prepared localpart: who the client has proven to be
        std::string data; ///< additional data with success; empty if none
    };
    struct Failed {
        SaslFailure failure;
    };
    using Step = std::variant<Challenge, NeedAccount, CheckPassword, Success, Failed>;

    virtual ~SaslMechanism() = default;

    /// The client's (next) message; the first may be its initial response. Nothing may be fed after
    /// Success or Failed.
    virtual Step respond(std::string_view message) = 0;
    /// The answer to NeedAccount: the account's verifiers; nothing if it does not exist or may not
    /// log in. The exchange goes on all the same and fails at its end, so that both look alike.
    virtual Step supply(std::optional<std::vector<ScramVerifier>> verifiers) = 0;
    /// The answer to CheckPassword.
    virtual Step decide(bool password_is_right) = 0;

    /// Whose account the client has named: the prepared localpart, or what it sent if no account can have
    /// that name. Empty before it has named one.
    const std::string& user() const { return user_; }

protected:
    std::string user_;
};

/// Names, strongest first: "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1",
/// "PLAIN"; the -PLUS ones only with `channel_binding`, PLAIN only with `plain`.
std::vector<std::string> mechanism_names(bool channel_binding, bool plain);

/// A machine for `name`, which must be in context.mechanisms; null otherwise.
std::unique_ptr<SaslMechanism> make_mechanism(std::string_view name, SaslContext context);

/// Makes a verifier from a password (PBKDF2; milliseconds: run it in a BlockingPool). Nothing if the
/// password is empty or SASLprep forbids it (sasl/password.hpp).
std::optional<ScramVerifier> make_verifier(ScramHash hash, std::string_view password,
    std::uint32_t iterations);

/// Whether a password belongs to a verifier, and in which form.
enum class PasswordMatch {
    no,
    yes,
    old_form, ///< as it was prepared before: SCRAM clients cannot log in with it until it is hashed anew
};
/// As slow as make_verifier; twice, if the two forms differ.
PasswordMatch match(const ScramVerifier& verifier, std::string_view password);

} // namespace stonechat
