// SPDX-License-Identifier: Apache-2.0
// SaslDialog: the SASL part of a client's stream (RFC 6120 section 6): turns <auth/>, <response/>
// and <abort/> into steps of a mechanism, fetches the account it asks for, asks the LoginGuard before
// anything is looked at that depends on the password, and answers. Owned by its
// ClientStream until the client has logged in; shard-bound.
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

/// By what a client has tried to log in, and as whom: what it sent, the name prepared if possible. Both may
/// be empty.
struct LoginTry {
    std::string mechanism;
    std::string user;
    LoginAttempt::Failure consequence; ///< of a wrong password
};

class SaslDialog {
public:
    /// The stream, as the dialog needs it.
    class Stream {
    public:
        virtual ~Stream() = default;
        virtual void send(const Element& element) = 0;
        /// Reads no further until `go_on`: an account is being fetched.
        virtual void hold() = 0;
        virtual void go_on() = 0;
        virtual void logged_in(std::string user) = 0;
        virtual void login_failed(SaslFailure failure, const LoginTry& what) = 0;
        /// No password is looked at; the stream is over.
        virtual void login_refused(const Ban& ban) = 0;
        /// The password was right, but the header named somebody else; the stream is over.
        virtual void login_mismatched() = 0;
        virtual const PeerAddress& peer() const = 0;
        /// Keeps stream and dialog alive for an answer that comes later.
        virtual std::shared_ptr<void> keep_alive() = 0;
        virtual bool is_over() const = 0;
    };

    /// `tls` may be null: a listener without TLS. `claimed` is who the client is by its header, or empty.
    SaslDialog(Stream& stream, Router& router, std::string host, Jid claimed, const TlsSession* tls,
        std::shared_ptr<const C2sSettings> settings);
    ~SaslDialog();

    /// `<mechanisms/>` and, with channel binding, XEP-0440's `<sasl-channel-binding/>`.
    void append_features(std::vector<Element>& features) const;

    /// The mechanisms, as they were offered.
    const std::vector<std::string>& mechanisms() const { return mechanisms_; }
    /// Whether the client has named a mechanism, also one that there is not.
    bool was_tried() const { return was_tried_; }

    /// An element in the SASL namespace. False if it is none that a client may send.
    bool receive(const Element& element);

private:
    /// What shows whether somebody knows the password: a SCRAM client's last message, or the password.
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
    LoginTry try_;                        ///< the one at hand
    std::optional<Secret> secret_;        ///< waits until it may be looked at
    std::optional<LoginAttempt> attempt_; ///< it is being looked at
    Timer turn_;
    bool has_waited_ = false; ///< for its turn at the account
    unsigned rounds_ = 0;     ///< that it has waited for others of its neighbourhood
    bool was_tried_ = false;
};

} // namespace stonechat
