// SPDX-License-Identifier: Apache-2.0
// Transport: an established byte stream with a peer, as an XMPP stream sees it: TCP, TLS over TCP
// and later WebSocket and BOSH. Belongs to one shard at a time; while nothing is in flight it can
// move to another (detach, then attach there). Owned by the stream that uses it.
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

class Transport {
public:
    enum class Closing {
        by_peer,   ///< end of stream, or TLS close_notify
        by_us,     ///< finish() is complete
        lost,      ///< reset, timed out, unusable
        tls_error, ///< the handshake or a record failed
        stalled,   ///< the peer took nothing of what waited for it, for the time of `set_stall_timeout`
        overfull,  ///< more waited for the peer than `set_unsent_limit` allows
    };

    /// Called on the transport's shard. Inside a call the receiver may use every method, but may not
    /// destroy the transport (it posts that).
    class Receiver {
    public:
        virtual ~Receiver() = default;
        /// Decrypted bytes; the view is valid during the call only.
        virtual void on_bytes(std::string_view bytes) = 0;
        /// That call will come soon: see SocketEvents::prepare, with which it counts its own steps from 1.
        virtual void prepare(unsigned step) { static_cast<void>(step); }
        /// TLS is up (after start_tls, or on a direct TLS port).
        virtual void on_tls_established() {}
        /// Everything that was waiting has gone out; called only if unsent() was above low_mark. So it comes
        /// whenever takes_more() has said no.
        virtual void on_drained() {}
        /// Nothing more will come or go. Called once.
        virtual void on_closed(Closing why) = 0;
    };

    virtual ~Transport() = default;

    /// Begins to read. Calls come from the event loop, never from inside this.
    virtual void start(Receiver& receiver) = 0;
    virtual void set_receiver(Receiver& receiver) = 0;

    /// Collects `bytes` (copied); everything collected in one turn of the loop goes out in one write.
    virtual void write(std::string_view bytes) = 0;
    /// The same without a copy: append to the buffer that this gives, at once, then call `wrote`.
    virtual std::string& write_buffer() = 0;
    virtual void wrote() = 0;
    /// Bytes accepted but not yet taken by the kernel.
    virtual std::size_t unsent() const = 0;
    static constexpr std::size_t low_mark = 64 * 1024;
    /// Who has much to say asks this before each part of it: while high_mark is reached, the rest is better
    /// kept where it is until on_drained. What the kernel takes goes to it first, also within a turn.
    virtual bool takes_more() = 0;
    static constexpr std::size_t high_mark = 128 * 1024;
    /// The last resort against who writes without asking takes_more(): with more unsent bytes than this that
    /// the kernel does not take, the transport closes itself with `overfull` (default 1 MiB). A single write
    /// larger than that is taken all the same, and as much again behind it.
    virtual void set_unsent_limit(std::size_t bytes) = 0;
    /// A peer that takes not a byte for so long, while some wait for it, is closed with `stalled`; 0 = never.
    /// It may be noticed a quarter of the time later.
    virtual void set_stall_timeout(std::chrono::milliseconds timeout) = 0;
    /// How far the peer is, as its side of the network confirms it: what it takes slowly counts too.
    struct Progress {
        std::uint64_t taken = 0;   ///< bytes that have reached it, since the transport was made
        std::uint64_t pending = 0; ///< bytes that have not: unsent, in the kernel, on the way
    };
    virtual Progress progress() const = 0;

    virtual void pause_reading() = 0;
    virtual void resume_reading() = 0;
    virtual bool is_reading() const = 0;

    /// Begins the server's side of a TLS handshake, after what was written has gone out: with the certificate
    /// of `host` if the client names none in it.
    virtual void start_tls(TlsContexts& contexts, std::string_view host) = 0;
    /// Facts about the TLS session, or null without TLS.
    virtual const TlsSession* tls() const = 0;

    /// Sends what is waiting, then close_notify and FIN; on_closed(by_us) follows when the peer has
    /// closed too or after `seconds` at most. What the peer still sends is thrown away.
    virtual void finish(unsigned seconds) = 0;
    /// Closes at once. on_closed follows from the loop.
    virtual void abort() = 0;

    virtual const PeerAddress& peer() const = 0;

    /// Leaves this shard: no call comes until `attach`ed to another. Only while nothing is unsent
    /// and from the shard's thread; not from inside on_bytes (the caller posts it).
    virtual void detach() = 0;
    virtual void attach(Shard& shard, Receiver& receiver) = 0;
    virtual Shard& shard() const = 0;
};

} // namespace stonechat
