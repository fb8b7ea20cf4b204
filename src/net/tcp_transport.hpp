// SPDX-License-Identifier: Apache-2.0
// TcpTransport: a Transport over a non-blocking socket, plain or with a TlsEngine. It holds no buffer while
// idle: it reads into the shard's scratch buffer, collects output in a buffer borrowed from the shard, writes
// once at the end of the turn, and returns the buffer when everything is sent. Belongs to one shard; owned by
// the stream. It has an absolute deadline for the TLS handshake and detects a peer that takes nothing; all
// other deadlines belong to the stream.
#pragma once

#include "net/shard.hpp"
#include "net/socket.hpp"
#include "net/transport.hpp"

#include <memory>
#include <optional>
#include <string>

namespace stonechat {

class TcpTransport final : public Transport, public TlsUpgrade, private SocketEvents, private TurnEnd {
public:
    /// With `tls` the handshake comes first (direct TLS). `accepted`: the protocols that the server's side of
    /// STARTTLS takes.
    TcpTransport(Shard& shard, Socket socket, std::unique_ptr<TlsEngine> tls = nullptr,
        unsigned tls_handshake_seconds = 10, AlpnProtocols accepted = {});
    ~TcpTransport() override;

    /// Connects to the address and port in `to`; blocks; for tests and tools. The server has a Connector.
    static std::optional<Socket> connect(const PeerAddress& to);

    void start(Receiver& receiver) override;
    void set_receiver(Receiver& receiver) override { receiver_ = &receiver; }

    void write(std::string_view bytes) override;
    std::string& write_buffer() override;
    void wrote() override;
    std::size_t unsent() const override;
    bool takes_more() override;
    void set_unsent_limit(std::size_t bytes) override { unsent_limit_ = bytes; }
    void set_stall_timeout(std::chrono::milliseconds timeout) override { stall_timeout_ = timeout; }
    Progress progress() const override;

    void pause_reading() override { reading_ = false; }
    void resume_reading() override;
    bool is_reading() const override { return reading_; }

    void start_tls(TlsContexts& contexts, std::string_view host) override;
    void start_tls_as_client(const TlsClientContext& context, const TlsClientOptions& options) override;
    TlsUpgrade* tls_upgrade() override { return this; }
    const TlsSession* tls() const override;

    void finish(unsigned seconds) override;
    void abort() override;

    const PeerAddress& peer() const override { return socket_.peer(); }

    void detach() override;
    void attach(Shard& shard, Receiver& receiver) override;
    Shard& shard() const override { return *shard_; }

private:
    enum class Phase : std::uint8_t {
        made,     ///< not started, or moving between two shards
        open,     ///< reading and writing
        sending,  ///< finish() was called: unsent bytes are sent, then FIN
        fin_sent, ///< waiting for the peer to close
        closed,   ///< the socket is closed; on_closed is still to be called
        told,     ///< on_closed was called
    };

    struct Tls {
        std::unique_ptr<TlsEngine> engine;
        TlsEngine::State state = TlsEngine::State::handshaking;
        std::string plain; ///< output collected but not encrypted yet
    };

    void on_socket_events(std::uint32_t events) override;
    void prepare(unsigned step) override;
    void on_turn_end() override;

    bool is_alive() const { return phase_ > Phase::made && phase_ < Phase::closed; }
    void register_with_shard();
    void leave_shard();
    void drop_output();
    void read_some();
    void take(std::string_view bytes);
    void take_encrypted(std::string_view bytes);
    void peer_has_closed();
    void upgrade(std::unique_ptr<TlsEngine> engine);
    void begin_tls(std::unique_ptr<TlsEngine> engine);
    void encrypt();
    void hand_to_kernel();
    void flush();
    void all_is_sent();
    void watch_for_stall();
    void look_for_stall();
    void call_at_turn_end();
    void call_again();
    void close(Closing why);
    static void on_deadline(void* self);

    Shard* shard_;
    Receiver* receiver_ = nullptr;
    Socket socket_;
    std::unique_ptr<Tls> tls_;
    AlpnProtocols accepted_;
    std::string out_; ///< bytes for the wire; those before sent_ are sent
    std::size_t sent_ = 0;
    std::size_t unsent_limit_ = 1024 * 1024;
    std::size_t allowed_ = 0;       ///< unsent_limit_, or more after a single larger write
    std::size_t unsent_before_ = 0; ///< unsent() when the current write began
    std::uint64_t handed_over_ = 0; ///< bytes that the kernel has accepted
    std::uint64_t taken_ = 0;       ///< bytes that the peer had taken when look_for_stall last saw progress
    std::chrono::milliseconds stall_timeout_ { 0 };
    Timer deadline_; ///< for the handshake, then the next look_for_stall(), then finish()
    std::uint16_t handshake_seconds_;
    std::uint8_t idle_looks_ = 0; ///< consecutive look_for_stall() calls without progress
    Phase phase_ = Phase::made;
    Closing why_ = Closing::lost;
    bool registered_ : 1 = false; ///< registered with the shard's poller
    bool reading_ : 1 = true;
    bool readable_ : 1 = false;             ///< the kernel may have bytes to read
    bool hung_up_ : 1 = false;              ///< the peer has closed; keep reading until the end of stream
    bool peer_ended_ : 1 = false;           ///< the end of stream was read
    bool writable_ : 1 = true;              ///< the kernel has not said EAGAIN
    bool at_turn_end_ : 1 = false;          ///< on_turn_end is scheduled
    bool waits_as_one_of_many_ : 1 = false; ///< while at_turn_end_: see Shard::ForMany
    bool again_ : 1 = false;                ///< call_again is scheduled
    bool was_high_ : 1 = false;             ///< on_drained must be called when all is sent
};

} // namespace stonechat
