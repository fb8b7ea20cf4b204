// SPDX-License-Identifier: Apache-2.0
//
// One XMPP client of the load: connects, negotiates (STARTTLS, SASL, bind; RFC 6120 §5 to §7; stream
// management, XEP-0198) and then hands every stanza to its owner. When its connection is gone it can be
// started again: it resumes its stream if it has one, and sends again what the server has not acknowledged.
// With `Negotiation::none` it is online as soon as the transport is: the byte relay of `floor` is measured by
// this same code. Owned by a mode, lives on the client's only thread; tells its owner through ClientEvents.
#pragma once

#include "connection.hpp"
#include "scan.hpp"
#include "scram.hpp"
#include "stream_management.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace stonechat::bench {

enum class TlsMode { none, starttls, direct };
enum class Negotiation { xmpp, registration, none };

/// The server under load; shared by all clients of a run and constant.
struct Target {
    Address address;
    std::string domain = "localhost";
    TlsMode tls = TlsMode::none;
    Negotiation negotiation = Negotiation::xmpp;
    std::string mechanism; ///< empty: the best one offered
    SslContext tls_context;
    mutable ScramCache scram_cache;
};

struct Account {
    std::string user;
    std::string password;
    std::string resource;
    StreamPolicy stream {};
};

class Client;

/// What a mode wants to know. Clients may be written to inside these calls, but not destroyed.
class ClientEvents {
public:
    virtual void on_online(Client& client) = 0;
    virtual void on_element(Client& client, const Item& item) = 0;
    /// Everything that came with one read was handled.
    virtual void on_batch_end(Client& client) = 0;
    /// The server has acknowledged more stanzas, see Client::ledger().
    virtual void on_acknowledged(Client&) {}
    /// The connection is gone: `reason` is empty after an orderly end that we asked for.
    virtual void on_offline(Client& client, const std::string& reason) = 0;

protected:
    ~ClientEvents() = default;
};

class Client final : public Connection {
public:
    /// `tag` is the owner's: the index of a pair, a slot, a session.
    Client(EventLoop& loop, const Target& target, ClientEvents& events, Account account, std::uint32_t tag);

    /// Connects; also again, when the connection is gone.
    void start();
    /// Sends the end of the stream; on_offline() follows when the server has answered it.
    void end();
    /// Drops the connection without a word and without a call back.
    void abandon() { close_socket(); }

    /// One stanza, whole or in parts; it goes out with the next flush().
    void write(std::string_view stanza) { write(StreamLedger::Parts { stanza }); }
    void write(StreamLedger::Parts parts);
    /// Asks how many stanzas the server has; with the next flush().
    void ask() { put("<r xmlns='urn:xmpp:sm:3'/>"); }

    [[nodiscard]] bool is_online() const { return phase_ == Phase::online; }
    [[nodiscard]] std::uint32_t tag() const { return tag_; }
    [[nodiscard]] const std::string& jid() const { return jid_; }
    [[nodiscard]] const Account& account() const { return account_; }
    [[nodiscard]] const StreamLedger& ledger() const { return ledger_; }
    /// Whether it is online by resuming the stream it had before.
    [[nodiscard]] bool is_resumed() const { return is_resumed_; }

private:
    enum class Phase {
        connecting,
        starttls,
        handshake,
        authenticating,
        challenged,
        authenticated,
        binding,
        session,
        enabling,
        resuming,
        registering,
        online,
        ending
    };

    void on_open() override;
    std::size_t on_data(std::string_view bytes) override;
    void on_lost(const std::string& reason) override;

    void open_stream();
    void take(const Item& item);
    void take_features(const Item& item);
    void take_proceed(const Item& item);
    void take_sasl(const Item& item);
    void take_bind_result(const Item& item);
    void take_iq_result(const Item& item);
    void authenticate(std::string_view features);
    void answer_challenge(std::string_view text);
    void register_account();
    void request_bind();
    void take_bound_features(std::string_view features);
    void resume();
    void enable();
    void take_enabled(const Item& item);
    void take_resumed(const Item& item);
    [[nodiscard]] bool take_online(const Item& item);
    void take_acknowledgement(std::string_view h);
    void write_ack();
    void send(std::string_view stanza);
    void become_online();
    void fail(const std::string& reason);

    const Target& target_;
    ClientEvents& events_;
    Account account_;
    std::uint32_t tag_;
    Phase phase_ = Phase::connecting;
    bool is_secure_ = false;
    bool needs_session_ = false;
    bool has_stream_management_ = false;
    bool is_resumed_ = false;
    bool owes_ack_ = false;
    bool restarted_ = false;
    std::optional<ScramExchange> scram_;
    std::string jid_;
    StreamLedger ledger_;
    std::deque<std::string> left_over_; ///< of a stream that could not be resumed
};

} // namespace stonechat::bench
