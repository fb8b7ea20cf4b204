// SPDX-License-Identifier: Apache-2.0
//
// One XMPP client of the load: connects, negotiates (STARTTLS, SASL, bind; RFC 6120 §5 to §7) and then
// hands every top-level element to its owner. With `Negotiation::none` it is online as soon as the
// transport is: the byte relay of `floor` is measured by this same code.
// Owned by a mode, lives on the client's only thread; tells its owner through ClientEvents.
#pragma once

#include "connection.hpp"
#include "scan.hpp"
#include "scram.hpp"

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
};

class Client;

/// What a mode wants to know. Clients may be written to inside these calls, but not destroyed.
class ClientEvents {
public:
    virtual void on_online(Client& client) = 0;
    virtual void on_element(Client& client, const Item& item) = 0;
    /// Everything that came with one read was handled.
    virtual void on_batch_end(Client& client) = 0;
    /// The connection is gone: `reason` is empty after an orderly end that we asked for.
    virtual void on_offline(Client& client, const std::string& reason) = 0;

protected:
    ~ClientEvents() = default;
};

class Client final : public Connection {
public:
    /// `tag` is the owner's: the index of a pair, a slot, a session.
    Client(EventLoop& loop, const Target& target, ClientEvents& events, Account account, std::uint32_t tag);

    void start() { connect(target_.address); }
    /// Sends the end of the stream; on_offline() follows when the server has answered it.
    void end();
    /// Drops the connection without a word and without a call back.
    void abandon() { close_socket(); }

    [[nodiscard]] bool is_online() const { return phase_ == Phase::online; }
    [[nodiscard]] std::uint32_t tag() const { return tag_; }
    [[nodiscard]] const std::string& jid() const { return jid_; }
    [[nodiscard]] const Account& account() const { return account_; }

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
    void request_bind(std::string_view features);
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
    bool restarted_ = false;
    std::optional<ScramExchange> scram_;
    std::string jid_;
};

} // namespace stonechat::bench
