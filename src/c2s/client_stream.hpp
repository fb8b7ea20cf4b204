// SPDX-License-Identifier: Apache-2.0
// ClientStream: one XML stream of a client over one transport (RFC 6120): opening, STARTTLS, login, resource
// binding, the elements from and to its ClientSession, and the end of the stream.
// Lives on the shard that accepted it until login, on its user's home shard afterwards; owned by C2s.
#pragma once

#include "base/rate_limit.hpp"
#include "c2s/c2s_settings.hpp"
#include "c2s/client_session.hpp"
#include "c2s/outbox.hpp"
#include "c2s/sasl_dialog.hpp"
#include "c2s/stream_header.hpp"
#include "net/listener.hpp"
#include "net/shard.hpp"
#include "net/transport.hpp"
#include "storage/stream_store.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stanza.hpp"
#include "xmpp/stream_parser.hpp"

#include <memory>
#include <optional>
#include <string>

namespace stonechat {

class C2s;
class Host;
class Router;
class User;

class ClientStream final : public std::enable_shared_from_this<ClientStream>,
                           private Transport::Receiver,
                           private StreamParser::Receiver,
                           private SaslDialog::Stream {
public:
    ClientStream(C2s& service, Shard& shard, std::unique_ptr<Transport> transport, ListenerTls tls,
        std::shared_ptr<const C2sSettings> settings);
    ~ClientStream() override;

    /// Starts reading. The login deadline runs from now on.
    void start();
    /// Ends the stream with an error (RFC 6120 §4.9). Does nothing if the stream has ended already.
    void end(const StreamError& error);

    Shard& shard() const { return *shard_; }
    Router& router() const;
    const C2sSettings& settings() const { return *settings_; }
    const PeerAddress& peer() const override { return transport_->peer(); }
    std::string describe_transport() const;

    // For the session, in stream_output.cpp. Output that the transport does not accept now waits in an
    // Outbox.
    void send_stanza(const Element& stanza);
    void send_wire(const WireForm& stanza, std::string_view to);
    /// Sends the stanzas as one answer, which may exceed the limit on waiting bytes by itself.
    void send_wires(const WireForms& stanzas, std::string_view to);
    void send_xml(std::string_view xml);
    /// Returns whether output goes to the transport at once. While this is false, a caller with its own queue
    /// keeps its output there; ClientSession::on_writable() tells it when to continue.
    bool takes_more() { return !outbox_ && transport_->takes_more(); }
    /// Returns the bytes that wait in this stream for the client to read.
    std::size_t waiting_bytes() const { return transport_->unsent() + (outbox_ ? outbox_->bytes() : 0); }
    /// Drops waiting output and ends the stream in the next turn, because too much waits for the account.
    void give_up_waiting();
    Transport::Progress progress() const { return transport_->progress(); }
    /// Stops reading from the client while too much output waits, so that it cannot request more than it
    /// reads. `behind` is the size of the caller's own queue in bytes.
    void mind_congestion(std::size_t behind = 0);
    /// Another stream has resumed this stream's session. This stream ends with conflict.
    void lose_session();
    const std::shared_ptr<ResumableSessions>& resumable_sessions() const;
    /// Stops reading until resume(). Elements that were read already wait too. Calls may be nested.
    void pause();
    void resume();

private:
    enum class Phase {
        opening,       ///< waiting for a stream header
        negotiating,   ///< header seen; STARTTLS and login
        starting_tls,  ///< <proceed/> sent
        authenticated, ///< logged in: a new header, then a resource
        bound,
        closed, ///< nothing is read any more; output may still be going out
    };

    // Transport::Receiver
    void on_bytes(std::string_view bytes) override;
    void prepare(unsigned step) override;
    void on_tls_established() override;
    void on_drained() override;
    void on_closed(Transport::Closing why) override;
    // StreamParser::Receiver
    void on_stream_open(StreamParser::Opened opened) override;
    void on_element(Element element) override;
    void on_stream_close() override;
    // SaslDialog::Stream
    void send(const Element& element) override;
    void hold() override { pause(); }
    void go_on() override { resume(); }
    void logged_in(std::string user) override;
    void login_failed(SaslFailure failure, const LoginTry& what) override;
    void login_refused(const Ban& ban) override;
    void login_mismatched() override;
    std::shared_ptr<void> keep_alive() override { return shared_from_this(); }
    bool is_over() const override { return phase_ == Phase::closed; }

    bool is_encrypted() const { return transport_->tls() != nullptr; }
    /// Returns whether the stream has TLS, or its listener works without (loopback, behind a TLS proxy).
    bool may_log_in() const { return is_encrypted() || tls_ == ListenerTls::none; }
    const ParserLimits& limits() const;

    Result<Done, StreamError> accept_header(const StreamHeader& header);
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
    void continue_at(Shard& home, std::chrono::milliseconds time_left);
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

    // Output, in stream_output.cpp.
    Outbox* outbox();
    void after_adding(bool admitted);
    void lose_place();
    void write_waiting();
    void write_rest();
    void tell_of_reader(std::string_view what);

    void feed(std::string_view bytes);
    void throttle(std::size_t bytes);
    void rest(std::chrono::milliseconds wait);
    void finish(ClientSession::EndOfStream how);
    void tell_if_nothing_was_tried() const;
    void leave_session(ClientSession::EndOfStream how);
    void on_deadline();
    void watch_for_quiet();
    void on_quiet();
    void on_throttle_over();

    C2s& service_;
    Shard* shard_;
    std::unique_ptr<Transport> transport_;
    std::shared_ptr<const C2sSettings> settings_;
    StreamParser parser_;
    Host* host_ = nullptr;
    std::unique_ptr<Outbox> outbox_; ///< null unless output waits for the transport
    std::unique_ptr<SaslDialog> sasl_;
    std::shared_ptr<ClientSession> session_;
    std::string user_; ///< prepared localpart of the logged-in account
    std::string lang_;
    SteadyTime deadline_;
    SteadyTime login_began_; ///< start of the last login attempt
    Timer timer_;            ///< the login deadline, later the watch over a quiet stream
    Timer throttle_timer_;
    RateLimit byte_rate_;
    RateLimit stanza_rate_;
    ListenerTls tls_;
    Phase phase_ = Phase::opening;
    std::uint8_t failed_logins_ = 0;
    std::uint8_t refused_binds_ = 0;
    std::uint8_t pauses_ = 0; ///< number of reasons not to read: held, throttled, moving, congested
    bool header_sent_ = false;
    bool heard_ = false; ///< bytes have arrived since the last check of the quiet timer
    bool quiet_ = false; ///< no bytes had arrived at the last check
    bool throttled_ = false;
    bool asked_before_login_ = false; ///< the client sent an iq before login, for example to register
    bool congested_ = false;          ///< too much output waits, so the client's requests are not read
};

} // namespace stonechat
