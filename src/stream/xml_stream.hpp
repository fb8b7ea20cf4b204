// SPDX-License-Identifier: Apache-2.0
// XmlStream: one XML stream over one transport, whoever the peer is: parser and framing, rates and limits,
// pausing, output that waits for a slow peer, the deadline of a login, keepalive, STARTTLS, the stream error
// and a graceful end. It knows no account and no stanza; its Owner gives elements a meaning. Lives on one
// shard at a time, and can move to another one (detach, attach). A part of its Owner.
#pragma once

#include "base/rate_limit.hpp"
#include "net/shard.hpp"
#include "net/transport.hpp"
#include "stream/framing.hpp"
#include "stream/outbox.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

namespace stonechat {

/// What one stream may cost. Bytes per second, elements per second.
struct StreamLimits {
    double rate_bytes = 0;
    double rate_burst_bytes = 0;
    double rate_stanzas = 0;
    double rate_burst_stanzas = 0;
    std::size_t unsent_bytes = 0;                    ///< output that may wait for the peer
    std::chrono::milliseconds stall_timeout {};      ///< see Transport::set_stall_timeout
    std::chrono::milliseconds keepalive_interval {}; ///< 0 = none
};

class XmlStream final : private Transport::Receiver, private StreamParser::Receiver, private Framing::Reader {
public:
    /// The calls come from the event loop of the stream's shard. During a call the owner may use everything
    /// of the stream but must not destroy it.
    class Owner {
    public:
        virtual ~Owner() = default;
        /// Keeps owner and stream alive for a call that comes later.
        virtual std::shared_ptr<void> keep_alive() = 0;
        /// The peer has opened a stream: the first one, or the next one after restart().
        virtual void on_open(const StreamParser::Opened& opened) = 0;
        virtual void on_element(Element element) = 0;
        /// The peer has ended its stream and will send nothing more. Answer with finish().
        virtual void on_end() = 0;
        /// What the peer sends is no XML stream, or exceeds a limit. Answer with end().
        virtual void on_violation(const StreamError& error) = 0;
        /// Handling what the peer sent threw, which is a bug of ours. Answer with end().
        virtual void on_exception(const std::exception& bug) = 0;
        /// Output was queued that the peer has to read first.
        virtual void on_output_waiting() {}
        /// Nothing waits in the stream any more, after something did.
        virtual void on_writable() {}
        /// More waited than the limit allows and was dropped. Comes in a later turn. Answer with end().
        virtual void on_overfull() = 0;
        /// The time of set_deadline() is over. Answer with end().
        virtual void on_deadline() = 0;
        /// The shortest time between two keepalives, if the peer should be left alone.
        virtual std::chrono::milliseconds least_keepalive() const { return {}; }
        /// The transport is closed. The last call.
        virtual void on_closed(Transport::Closing why) = 0;
        /// See SocketEvents::prepare. Steps count from 1.
        virtual void prepare_owner(unsigned step) { static_cast<void>(step); }
    };

    /// All references must outlive the stream. `parser_limits` can be replaced by set_parser_limits().
    XmlStream(Shard& shard, std::unique_ptr<Transport> transport, const Framing& framing,
        const StreamLimits& limits, const ParserLimits& parser_limits, Owner& owner);
    ~XmlStream() override;

    /// Starts to read. Call once.
    void start() { transport_->start(*this); }

    Shard& shard() const { return *shard_; }
    const PeerAddress& peer() const { return transport_->peer(); }
    /// Returns facts about the TLS session, or null without TLS.
    const TlsSession* tls() const { return transport_->tls(); }
    /// Returns whether the stream has ended: nothing is read or queued any more.
    bool is_over() const { return state_ == State::over; }

    // Input.
    /// Stops reading until resume(). Elements that were read already wait too. Calls may be nested.
    void pause();
    void resume();
    /// Counts one element against the rate limit. A peer above it is read later; nothing is dropped.
    void count_element();
    /// Expects a new stream header from the peer (RFC 6120 §4.3.3). Our next header opens a new stream too.
    void restart();
    void set_parser_limits(const ParserLimits& limits) { parser_.set_limits(limits); }

    // Output. It goes to the transport at once, or waits in an Outbox while the transport accepts no more.
    // The functions do nothing when the stream is over.
    void send_header(const OutgoingHeader& header);
    void send_features(const std::vector<Element>& features);
    void send(const Element& element);
    void send(const WireForm& stanza, std::string_view to);
    /// Sends the stanzas as one answer, which may exceed the limit on waiting bytes by itself.
    void send(const WireForms& stanzas, std::string_view to);
    /// Sends an element that is text already, written for a parent in the content namespace. It goes out even
    /// if the transport is full, so that a short element need not wait behind what the caller queues itself.
    /// Before a longer one, ask takes_more().
    void send_text(std::string_view xml);
    /// Returns whether output goes to the transport at once. While this is false, an owner with a queue of
    /// its own keeps its output there until on_writable().
    bool takes_more() { return !outbox_ && transport_->takes_more(); }
    /// Returns the bytes that wait in this stream for the peer to read.
    std::size_t waiting_bytes() const { return transport_->unsent() + (outbox_ ? outbox_->bytes() : 0); }
    Transport::Progress progress() const { return transport_->progress(); }
    /// Stops reading while too much output waits, so that the peer cannot request more than it reads.
    /// `behind` is the size in bytes of the caller's own queue.
    void pause_while_congested(std::size_t behind = 0);
    /// Drops what waits, because too much waits elsewhere. on_overfull() follows.
    void give_up_waiting();

    // STARTTLS (RFC 6120 §5).
    /// Returns whether the transport can be encrypted now.
    bool can_start_tls() const { return transport_->tls_upgrade() != nullptr && tls() == nullptr; }
    /// Drops what the peer has sent behind its request, which must never be read as if it had come through
    /// TLS.
    void drop_unread() { parser_.take_unread(); }
    /// Begins the handshake when what was sent has gone out. A new stream begins when it is done.
    void start_tls(TlsContexts& contexts, std::string_view host);

    // Time.
    /// Calls on_deadline() after `time`.
    void set_deadline(std::chrono::milliseconds time);
    /// Ends the deadline. A quiet stream frees memory from now on, and is kept alive.
    void watch_for_quiet();

    // The end.
    /// Sends a stream error and ends the stream (RFC 6120 §4.9). If no header was sent yet, it sends `header`
    /// first (§4.9.1.2). Does nothing if the stream is over; if TLS is starting, closes at once.
    void end(const StreamError& error, const OutgoingHeader& header);
    /// Sends what waits and the end of the stream, then closes the transport.
    void finish();

    // Another shard.
    /// Leaves the shard with all that waits to be read and sent. Nothing happens until attach(), on the
    /// thread of the other shard. The stream must be paused, and not be inside a call to its owner.
    void detach();
    void attach(Shard& shard);

private:
    enum class State : std::uint8_t { open, starting_tls, over };

    // Transport::Receiver
    void on_bytes(std::string_view bytes) override;
    void on_message_end() override;
    void prepare(unsigned step) override;
    void on_tls_established() override;
    void on_drained() override;
    void on_closed(Transport::Closing why) override;
    // StreamParser::Receiver
    void on_stream_open(StreamParser::Opened opened) override;
    void on_element(Element element) override;
    void on_stream_close() override;
    // Framing::Reader
    void on_open(StreamParser::Opened opened) override;
    void read_element(Element element) override;
    void on_end() override;

    void feed(std::string_view bytes);
    void rest(std::chrono::milliseconds wait);
    void on_rested();
    void go_on_reading();
    void on_timer();
    void on_quiet();

    template <class Append> void write(Append append);
    Outbox* outbox();
    void after_adding(bool admitted);
    void tell_overfull();
    void write_waiting();
    void write_all_waiting();

    Owner& owner_;
    Shard* shard_;
    std::unique_ptr<Transport> transport_;
    const Framing& framing_;
    const StreamLimits& limits_;
    StreamParser parser_;
    std::unique_ptr<Outbox> outbox_; ///< null unless output waits for the transport
    SteadyTime deadline_;
    Timer timer_;      ///< the deadline, later the watch over a quiet stream
    Timer rest_timer_; ///< the end of a rest
    RateLimit byte_rate_;
    RateLimit element_rate_;
    State state_ = State::open;
    std::uint8_t pauses_ = 0; ///< number of reasons not to read: by the owner, resting, congested
    bool has_deadline_ = false;
    bool header_sent_ = false;
    bool heard_ = false;     ///< bytes have arrived since the last check of a quiet stream
    bool quiet_ = false;     ///< no bytes had arrived at the last check
    bool resting_ = false;   ///< the peer is above its rate
    bool congested_ = false; ///< too much output waits
};

} // namespace stonechat
