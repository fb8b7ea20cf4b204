// SPDX-License-Identifier: Apache-2.0
// Negotiation: the state of a client's stream until login (RFC 6120 sections 5 and 6): STARTTLS, SASL, and
// the few requests that are allowed before a login, such as registration.
#pragma once

#include "c2s/c2s_settings.hpp"
#include "c2s/sasl_dialog.hpp"
#include "c2s/stream_state.hpp"
#include "net/listener.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stonechat {

class ClientStream;
class Log;

class Negotiation final : public StreamState, private SaslDialog::Stream {
public:
    Negotiation(ClientStream& stream, ListenerTls tls, std::shared_ptr<const C2sSettings> settings);
    ~Negotiation() override;

    Result<Done, StreamError> open(const StreamHeader& header, Host& host) override;
    std::vector<Element> features() const override;
    void receive(Element element) override;
    /// Logs the offered mechanisms if the client left without trying one. So an administrator can see that
    /// the client supports none of them.
    void on_over() override;

private:
    // SaslDialog::Stream
    void send(const Element& element) override;
    void hold() override;
    void go_on() override;
    void logged_in(std::string user) override;
    void login_failed(SaslFailure failure, const LoginTry& what) override;
    void login_refused(const Ban& ban) override;
    void login_mismatched() override;
    const PeerAddress& peer() const override;
    std::shared_ptr<void> keep_alive() override;
    bool is_over() const override;

    /// Returns whether the stream has TLS, or its listener works without (loopback, behind a TLS proxy).
    bool may_log_in() const;
    Log& log() const;
    void receive_before_login(Element element);
    void receive_sasl(const Element& element);
    void start_tls();
    void answer(Element request);
    void log_consequence(const LoginTry& what) const;

    ClientStream& stream_;
    std::shared_ptr<const C2sSettings> settings_;
    std::unique_ptr<SaslDialog> sasl_; ///< null until the client has opened a stream, again after STARTTLS
    SteadyTime login_began_;           ///< start of the last login attempt
    ListenerTls tls_;
    std::uint8_t failed_logins_ = 0;
    bool asked_before_login_ = false; ///< the client sent an iq before login, for example to register
};

} // namespace stonechat
