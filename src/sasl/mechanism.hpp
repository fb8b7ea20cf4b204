// SPDX-License-Identifier: Apache-2.0
// SASL mechanisms, server side, as pure state machines (RFC 4422, RFC 5802, RFC 4616): they take decoded
// bytes and return a Step. The caller (c2s) loads accounts and does the slow hashing. No code here blocks or
// does I/O.
#pragma once

#include "xmpp/scram_verifier.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stonechat {

/// RFC 6120 §6.5. Names as on the wire, with `_` for `-`.
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

/// One type of channel binding with its data for this connection (RFC 9266, RFC 5929).
struct ChannelBinding {
    std::string type; ///< "tls-exporter"
    std::string data;
    bool announced = true; ///< false: accepted from clients that use it, but never offered
};

/// What a mechanism knows about its stream.
struct SaslContext {
    std::string host;                     ///< the virtual host, prepared
    std::vector<ChannelBinding> bindings; ///< usable here; empty without TLS
    std::vector<std::string> mechanisms;  ///< offered on this stream, in the order offered (XEP-0474)
    std::string fake_secret;              ///< keys the salts of accounts that do not exist
    std::uint32_t iterations = 10000;     ///< iteration count shown for accounts that do not exist
};

class SaslMechanism {
public:
    /// Sent to the client.
    struct Challenge {
        std::string data;
    };
    /// The mechanism needs this account; answer with `supply`.
    struct NeedAccount {
        std::string user; ///< prepared localpart
    };
    /// PLAIN only: the caller must check `password` of `user` (PBKDF2, on another thread); answer with
    /// `decide`.
    struct CheckPassword {
        std::string user;
        std::string password;
    };
    struct Success {
        std::string user; ///< prepared localpart of the authenticated account
        std::string data; ///< additional data with success; empty if none
    };
    struct Failed {
        SaslFailure failure;
    };
    using Step = std::variant<Challenge, NeedAccount, CheckPassword, Success, Failed>;

    virtual ~SaslMechanism() = default;

    /// Takes the next message of the client; the first may be its initial response. Must not be called after
    /// Success or Failed.
    virtual Step respond(std::string_view message) = 0;
    /// Answers NeedAccount with the account's verifiers; nothing if the account does not exist or may not log
    /// in. The exchange then continues and fails at its end, so that the client cannot tell the cases apart.
    virtual Step supply(std::optional<std::vector<ScramVerifier>> verifiers) = 0;
    /// Answers CheckPassword.
    virtual Step decide(bool password_is_right) = 0;

    /// Returns the account that the client has named: the prepared localpart, or the text as sent if no
    /// account can have that name. Empty before the client has named one.
    const std::string& user() const { return user_; }

protected:
    std::string user_;
};

/// Returns the names, strongest first: "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
/// "SCRAM-SHA-1", "PLAIN"; the -PLUS ones only with `channel_binding`, PLAIN only with `plain`.
std::vector<std::string> mechanism_names(bool channel_binding, bool plain);

/// Creates the mechanism `name`; null if it is not in context.mechanisms.
std::unique_ptr<SaslMechanism> make_mechanism(std::string_view name, SaslContext context);

/// Makes a verifier from a password. Takes milliseconds (PBKDF2): run it in a BlockingPool. Returns nothing
/// if the password is empty or SASLprep forbids it (sasl/password.hpp).
std::optional<ScramVerifier> make_verifier(ScramHash hash, std::string_view password,
    std::uint32_t iterations);

/// Whether a password matches a verifier, and in which form.
enum class PasswordMatch {
    no,
    yes,
    old_form, ///< prepared with OpaqueString: SCRAM clients cannot log in until it is hashed again
};
/// Checks a password. As slow as make_verifier, or twice as slow if the two forms differ.
PasswordMatch match(const ScramVerifier& verifier, std::string_view password);

} // namespace stonechat
