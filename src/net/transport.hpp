// SPDX-License-Identifier: Apache-2.0
// Transport: an established connection with a peer, as an XMPP stream sees it: TCP, TLS over TCP and later
// WebSocket and BOSH. It carries bytes; one that carries messages (WebSocket) keeps the ends of messages too,
// in both directions. Belongs to one shard at a time, and can move to another one (detach, then attach
// there). Owned by the stream that uses it.
#pragma once

#include "net/peer_address.hpp"
#include "net/tls_engine.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stonechat {

class Shard;

/// STARTTLS, which only a plain connection has.
class TlsUpgrade {
public:
    /// Begins the server's side of a TLS handshake after the pending output has been sent. Uses the
    /// certificate of `host` if the client sends no SNI name. Call once, while Transport::tls() is null.
    virtual void start_tls(TlsContexts& contexts, std::string_view host) = 0;
    /// Begins the client's side: the same, for who opened the connection.
    virtual void start_tls_as_client(const TlsClientContext& context, const TlsClientOptions& options) = 0;

protected:
    ~TlsUpgrade() = default;
};

class Transport {
public:
    enum class Closing {
        by_peer,   ///< end of stream, or TLS close_notify
        by_us,     ///< finish() is complete
        lost,      ///< reset, timed out, unusable
        tls_error, ///< the handshake or a record failed
        stalled,   ///< the peer took nothing for the time of `set_stall_timeout` although bytes waited for it
        overfull,  ///< more bytes waited for the peer than `set_unsent_limit` allows
    };

    /// Called on the transport's shard. During a call the receiver may use every method but must not destroy
    /// the transport (it posts the destruction).
    class Receiver {
    public:
        virtual ~Receiver() = default;
        /// Decrypted bytes; the view is valid during the call only.
        virtual void on_bytes(std::string_view bytes) = 0;
        /// The bytes of a message are complete. Never called by a transport that carries bytes only.
        virtual void on_message_end() {}
        /// Called shortly before on_bytes: see SocketEvents::prepare. The steps of the receiver count from 1.
        virtual void prepare(unsigned step) { static_cast<void>(step); }
        /// TLS is up (after STARTTLS, or on a direct TLS port).
        virtual void on_tls_established() {}
        /// Everything has been sent. Called only if unsent() was above low_mark, so it always comes after
        /// takes_more() returned false.
        virtual void on_drained() {}
        /// The transport is closed. Called once.
        virtual void on_closed(Closing why) = 0;
    };

    virtual ~Transport() = default;

    /// Begins to read. The receiver is called from the event loop, never from inside `start`.
    virtual void start(Receiver& receiver) = 0;
    virtual void set_receiver(Receiver& receiver) = 0;

    /// Copies `bytes` into the output, as one message. All output of one turn of the loop is sent in one
    /// write.
    virtual void write(std::string_view bytes) = 0;
    /// Writes without a copy: append one message to the returned buffer at once, then call `wrote`.
    virtual std::string& write_buffer() = 0;
    virtual void wrote() = 0;
    /// Call between messages that are appended to the same buffer before one `wrote`.
    virtual void next_message() {}
    /// Bytes accepted but not yet taken by the kernel.
    virtual std::size_t unsent() const = 0;
    static constexpr std::size_t low_mark = 64 * 1024;
    /// Call before each part of a large output. Returns false while high_mark or more bytes wait; the caller
    /// then keeps the rest until on_drained. Waiting bytes are offered to the kernel first, also within a
    /// turn.
    virtual bool takes_more() = 0;
    static constexpr std::size_t high_mark = 128 * 1024;
    /// Protects against callers that write without calling takes_more(). If more than `bytes` bytes are
    /// unsent and the kernel does not take them, the transport closes with `overfull` (default 1 MiB). One
    /// single write may be larger; after it the same limit applies again.
    virtual void set_unsent_limit(std::size_t bytes) = 0;
    /// Closes the transport with `stalled` if bytes wait for the peer and it takes none for `timeout`; 0 =
    /// never. Detection may come late by a quarter of the time.
    virtual void set_stall_timeout(std::chrono::milliseconds timeout) = 0;
    /// How much the peer has received, as far as the transport can tell: what its TCP or its next request
    /// acknowledges. Slow progress counts too.
    struct Progress {
        std::uint64_t taken = 0;   ///< bytes received by the peer since the transport was made
        std::uint64_t pending = 0; ///< bytes not received yet: unsent, in the kernel or in the network
    };
    virtual Progress progress() const = 0;

    virtual void pause_reading() = 0;
    virtual void resume_reading() = 0;
    virtual bool is_reading() const = 0;

    /// Returns null if the transport has no STARTTLS.
    virtual TlsUpgrade* tls_upgrade() { return nullptr; }
    /// Returns facts about the TLS session, or null without TLS.
    virtual const TlsSession* tls() const = 0;

    /// Sends the pending output, then close_notify and FIN. on_closed(by_us) follows when the peer has closed
    /// too, or after `seconds` at most. Further bytes from the peer are discarded.
    virtual void finish(unsigned seconds) = 0;
    /// Closes at once. on_closed follows from the loop.
    virtual void abort() = 0;

    virtual const PeerAddress& peer() const = 0;

    /// Leaves this shard: no call comes until `attach` on another shard. Output that is unsent moves along.
    /// Call on the shard's thread, and not from inside on_bytes (post it instead). If the transport has
    /// closed meanwhile, on_closed comes after `attach`.
    virtual void detach() = 0;
    virtual void attach(Shard& shard, Receiver& receiver) = 0;
    virtual Shard& shard() const = 0;
};

} // namespace stonechat
