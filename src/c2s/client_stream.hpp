// SPDX-License-Identifier: Apache-2.0
// ClientStream: the stream of a client (RFC 6120): its header, its state until there is a session
// (StreamState), the elements for its ClientSession, and what a client's stream means when it ends. The XML
// stream itself is its XmlStream. Lives on the shard that accepted it until login, on its user's home shard
// afterwards; owned by C2s.
#pragma once

#include "c2s/c2s_settings.hpp"
#include "c2s/client_session.hpp"
#include "c2s/login.hpp"
#include "c2s/stream_state.hpp"
#include "net/listener.hpp"
#include "net/shard.hpp"
#include "stream/xml_stream.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace stonechat {

class C2s;
class Host;
class Router;
class Server;
struct StreamHeader;

class ClientStream final : public std::enable_shared_from_this<ClientStream>, private XmlStream::Owner {
public:
    ClientStream(C2s& service, Shard& shard, std::unique_ptr<Transport> transport, ListenerTls tls,
        std::shared_ptr<const C2sSettings> settings);
    ~ClientStream() override;

    /// Starts reading. The login deadline runs from now on.
    void start();
    /// Ends the stream with an error (RFC 6120 §4.9). Does nothing if the stream has ended already.
    void end(const StreamError& error);
    /// Ends the stream in good order. Does nothing if it has ended already.
    void finish(ClientSession::EndOfStream how);

    /// The stream as its state and its session use it: to send, and to read no further for a while.
    XmlStream& xml() { return xml_; }
    /// Returns whether the stream has ended.
    bool is_over() const { return is_over_; }
    Shard& shard() const { return xml_.shard(); }
    Router& router() const;
    C2s& service() const { return service_; }
    Server& server() const;
    const C2sSettings& settings() const { return *settings_; }
    const PeerAddress& peer() const { return xml_.peer(); }
    bool is_encrypted() const { return xml_.tls() != nullptr; }
    std::string describe_transport() const;
    const std::shared_ptr<ResumableSessions>& resumable_sessions() const;

    /// The host to which the client has opened the stream; null before.
    Host* host() const { return host_; }
    void set_host(Host& host) { host_ = &host; }

    // From one state to the next. The former state lives until the next turn, as it may be the caller.
    /// The client has logged in. The stream is restarted, and moves to the home shard of its account.
    void logged_in(Login login);
    /// The stream has a session from now on.
    void give_session(std::shared_ptr<ClientSession> session);
    /// The session is not, or no longer, this stream's. Ends the stream with `error`.
    void lose_session(const StreamError& error);

    /// Answers a request for compression, which is never offered (XEP-0138 §3): under TLS it leaks, and
    /// decompression has no limit on its cost.
    void refuse_compression();

private:
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
    std::shared_ptr<void> keep_alive() override { return shared_from_this(); }

    Result<Done, StreamError> accept_header(const StreamHeader& header);
    std::string_view name() const;
    void receive_bound(Element element);
    void become(std::unique_ptr<StreamState> next);
    void move_home(Shard& home);
    void continue_at(Shard& home);
    void tell_of_reader(std::string_view what) const;
    void leave(ClientSession::EndOfStream how);

    C2s& service_;
    std::shared_ptr<const C2sSettings> settings_;
    XmlStream xml_;
    Host* host_ = nullptr;
    std::unique_ptr<StreamState> state_; ///< null when there is or was a session
    std::shared_ptr<ClientSession> session_;
    std::string lang_;
    bool is_over_ = false; ///< nothing is read any more; output may still be going out
};

} // namespace stonechat
