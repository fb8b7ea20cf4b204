// SPDX-License-Identifier: Apache-2.0
// ClientStream: the stream of a client (RFC 6120): opening, STARTTLS, login, resource binding, the elements
// for its ClientSession, and what a client's stream means when it ends. The XML stream itself is its
// XmlStream. Lives on the shard that accepted it until login, on its user's home shard afterwards; owned by
// C2s.
#pragma once

#include "c2s/c2s_settings.hpp"
#include "c2s/client_session.hpp"
#include "c2s/sasl_dialog.hpp"
#include "net/listener.hpp"
#include "net/shard.hpp"
#include "storage/stream_store.hpp"
#include "stream/xml_stream.hpp"
#include "xmpp/stanza.hpp"

#include <memory>
#include <optional>
#include <string>

namespace stonechat {

class C2s;
class Host;
class Router;
class User;
struct StreamHeader;

class ClientStream final : public std::enable_shared_from_this<ClientStream>,
                           private XmlStream::Owner,
                           private SaslDialog::Stream {
public:
    ClientStream(C2s& service, Shard& shard, std::unique_ptr<Transport> transport, ListenerTls tls,
        std::shared_ptr<const C2sSettings> settings);
    ~ClientStream() override;

    /// Starts reading. The login deadline runs from now on.
    void start();
    /// Ends the stream with an error (RFC 6120 §4.9). Does nothing if the stream has ended already.
    void end(const StreamError& error);

    /// The stream as its session uses it: to send, and to read no further for a while.
    XmlStream& xml() { return xml_; }
    Shard& shard() const { return xml_.shard(); }
    Router& router() const;
    const C2sSettings& settings() const { return *settings_; }
    const PeerAddress& peer() const override { return xml_.peer(); }
    std::string describe_transport() const;

    /// Another stream has resumed this stream's session. This stream ends with conflict.
    void lose_session();
    const std::shared_ptr<ResumableSessions>& resumable_sessions() const;

private:
    enum class Phase {
        opening,       ///< waiting for a stream header
        negotiating,   ///< header seen; STARTTLS and login
        authenticated, ///< logged in: a new header, then a resource
        bound,
        closed, ///< nothing is read any more; output may still be going out
    };

    // XmlStream::Owner
    void on_open(const StreamParser::Opened& opened) override;
    void on_element(Element element) override;
    void on_end() override;
    void on_violation(const StreamError& error) override { end(error); }
    void on_exception(const std::exception& bug) override;
    void on_output_waiting() override;
    void on_writable() override;
    void on_overfull() override;
    void on_deadline() override;
    std::chrono::milliseconds least_keepalive() const override;
    void on_closed(Transport::Closing why) override;
    void prepare_owner(unsigned step) override;
    // SaslDialog::Stream
    void send(const Element& element) override { xml_.send(element); }
    void hold() override { xml_.pause(); }
    void go_on() override { xml_.resume(); }
    void logged_in(std::string user) override;
    void login_failed(SaslFailure failure, const LoginTry& what) override;
    void login_refused(const Ban& ban) override;
    void login_mismatched() override;
    std::shared_ptr<void> keep_alive() override { return shared_from_this(); }
    bool is_over() const override { return xml_.is_over(); }

    bool is_encrypted() const { return xml_.tls() != nullptr; }
    /// Returns whether the stream has TLS, or its listener works without (loopback, behind a TLS proxy).
    bool may_log_in() const { return is_encrypted() || tls_ == ListenerTls::none; }
    const ParserLimits& limits() const;

    Result<Done, StreamError> accept_header(const StreamHeader& header);
    std::string_view name() const;
    void send_header(const Jid& to);
    void send_features();
    void receive_negotiation(Element element);
    void receive_before_login(Element element);
    void receive_authenticated(Element element);
    void receive_bound(Element element);
    void start_tls();
    void answer_before_login(Element element);
    void refuse_compression();
    void move_home();
    void continue_at(Shard& home);
    bool may_go_in(const User& user);
    bool has_shown_old_password(const User& user) const;
    void bind(const Element& iq);
    void bind_to(std::shared_ptr<User> user, std::string id, std::string wanted);
    void refuse_bind(std::string_view id, const StanzaError& error);
    void make_room(User& user);

    // Resumption (XEP-0198), in stream_resumption.cpp.
    struct Wanted {
        std::shared_ptr<User> user;
        std::string token;
        std::uint32_t h;
    };
    void receive_management(const Element& element);
    void resume_session(const Element& resume);
    void look_for_session(Wanted wanted);
    void look_again(Wanted wanted);
    bool take_over(const std::shared_ptr<ClientSession>& session, const Wanted& wanted);
    Task<Done> bring_back(Wanted wanted);
    void restore(const Wanted& wanted, const StreamBacklog& backlog, std::uint64_t received);
    void fail_resumption(StanzaError::Condition condition, std::optional<std::uint32_t> handled = {});
    void give_session(std::shared_ptr<ClientSession> session);

    void tell_of_reader(std::string_view what) const;
    void finish(ClientSession::EndOfStream how);
    void tell_if_nothing_was_tried() const;
    void leave_session(ClientSession::EndOfStream how);

    C2s& service_;
    std::shared_ptr<const C2sSettings> settings_;
    XmlStream xml_;
    Host* host_ = nullptr;
    std::unique_ptr<SaslDialog> sasl_;
    std::shared_ptr<ClientSession> session_;
    std::string user_; ///< prepared localpart of the logged-in account
    std::string lang_;
    SteadyTime login_began_; ///< start of the last login attempt
    ListenerTls tls_;
    Phase phase_ = Phase::opening;
    std::uint8_t failed_logins_ = 0;
    std::uint8_t refused_binds_ = 0;
    bool asked_before_login_ = false; ///< the client sent an iq before login, for example to register
};

} // namespace stonechat
