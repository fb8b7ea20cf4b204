// SPDX-License-Identifier: Apache-2.0
// SaslDialog: the SASL part of a client's stream (RFC 6120 section 6). It turns <auth/>, <response/> and
// <abort/> into steps of a mechanism, loads the account, asks the LoginGuard before it checks anything that
// depends on the password, and sends the answers. Owned by its ClientStream until login succeeds;
// shard-bound.
#pragma once

#include "c2s/c2s_settings.hpp"
#include "net/login_guard.hpp"
#include "net/peer_address.hpp"
#include "net/timer_wheel.hpp"
#include "sasl/mechanism.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stonechat {

class Router;
class TlsSession;

/// One login attempt: the mechanism and user name as the client sent them, the name prepared if possible.
/// Both may be empty.
struct LoginTry {
    std::string mechanism;
    std::string user;
    LoginAttempt::Failure consequence; ///< what the LoginGuard does because of a wrong password
};

class SaslDialog {
public:
    /// The interface to the stream.
    class Stream {
    public:
        virtual ~Stream() = default;
        virtual void send(const Element& element) = 0;
        /// Stops reading until `go_on`, because the dialog waits for an answer.
        virtual void hold() = 0;
        virtual void go_on() = 0;
        virtual void logged_in(std::string user) = 0;
        virtual void login_failed(SaslFailure failure, const LoginTry& what) = 0;
        /// The peer is banned: its password is not checked and the stream ends.
        virtual void login_refused(const Ban& ban) = 0;
        /// The password was right, but the stream header named another account. The stream ends.
        virtual void login_mismatched() = 0;
        virtual const PeerAddress& peer() const = 0;
        /// Keeps stream and dialog alive for an answer that comes later.
        virtual std::shared_ptr<void> keep_alive() = 0;
        virtual bool is_over() const = 0;
    };

    /// `tls` is null on a stream without TLS. `claimed` is the account in the header's `from`, or empty.
    SaslDialog(Stream& stream, Router& router, std::string host, Jid claimed, const TlsSession* tls,
        std::shared_ptr<const C2sSettings> settings);
    ~SaslDialog();

    /// Appends `<mechanisms/>` and, with TLS, `<sasl-channel-binding/>` (XEP-0440).
    void append_features(std::vector<Element>& features) const;

    /// Returns the mechanisms that are offered.
    const std::vector<std::string>& mechanisms() const { return mechanisms_; }
    /// Returns whether the client has sent <auth/>, even with an unknown mechanism.
    bool was_tried() const { return was_tried_; }

    /// Handles an element in the SASL namespace. Returns false if it is not one that a client may send.
    bool receive(const Element& element);

private:
    /// The proof that the client knows the password: its last SCRAM message, or the password itself.
    using Secret = std::variant<std::string, SaslMechanism::CheckPassword>;

    void begin_anew(const Element& auth);
    void begin(const Element& auth);
    void proceed(SaslMechanism::Step step);
    void succeed(SaslMechanism::Success success);
    void fetch_account(const std::string& user);
    void wait_for_turn(Secret secret);
    void ask_guard();
    void look_at_secret();
    void check_password(SaslMechanism::CheckPassword check);
    void fail(SaslFailure failure);
    LoginTry end_handshake(SaslFailure failure);
    std::vector<ChannelBinding> bindings() const;

    Stream& stream_;
    Router& router_;
    std::string host_;
    Jid claimed_;
    const TlsSession* tls_;
    std::shared_ptr<const C2sSettings> settings_;
    std::vector<std::string> mechanisms_;
    std::unique_ptr<SaslMechanism> mechanism_;
    LoginTry try_;                        ///< the current attempt
    std::optional<Secret> secret_;        ///< kept until the LoginGuard allows the check
    std::optional<LoginAttempt> attempt_; ///< set while the secret is being checked
    Timer turn_;
    bool has_waited_ = false; ///< has waited for its turn at the account
    unsigned rounds_ = 0;     ///< number of times the LoginGuard has told it to wait
    bool was_tried_ = false;
};

} // namespace stonechat
