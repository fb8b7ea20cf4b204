// SPDX-License-Identifier: Apache-2.0
// StreamManagement: the counting half of XEP-0198 for one session: what was sent to the client and is
// not acknowledged, in the order in which it counts; how many of the client's stanzas may be
// acknowledged; and who has asked whom. On the wire counters are modulo 2^32, here they never wrap.
// Knows no stream, no clock and no store. A part of StreamManagementSession; pure.
#pragma once

#include "base/queue.hpp"
#include "router/delivery_status.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stream_error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stonechat {

/// The `h` of an <a/> or <resume/>: nothing if it is missing or no number from 0 to 2^32 - 1.
std::optional<std::uint32_t> read_handled_count(const Element& element);

/// What ends the stream of a client that acknowledges what it was not sent, or with no number.
StreamError handled_count_too_high(const Element& ack, std::uint32_t sent);

class StreamManagement {
public:
    /// A session of which the client has been told that `handled` of its stanzas are, and which has said
    /// that it got `received`.
    explicit StreamManagement(std::uint64_t handled = 0, std::uint64_t received = 0)
        : durable_(handled), told_(handled), acknowledged_(received), sent_(received), asked_up_to_(received)
    {}

    // What the client is sent. Places are numbered from 1.
    /// Puts a stanza behind everything else. Its number.
    std::uint64_t push(std::string xml, DeliveryStatusPtr message = nullptr);
    /// The same for one that is not ready: what is behind it waits until it is `fill`ed.
    std::uint64_t hold();
    /// Does nothing if there is no such place, or it is filled already.
    void fill(std::uint64_t number, std::string xml, DeliveryStatusPtr message = nullptr);
    /// Calls `write` with each stanza that can be sent and was not, in order, while it says yes before each
    /// one and not more than a window of bytes is under way to the client.
    template <class May, class Write> void transmit(May may, Write write)
    {
        while (sent_ < last() && place(sent_ + 1).filled && bytes_under_way_ < window && may()) {
            const std::string& xml = place(sent_ + 1).xml;
            write(xml);
            bytes_under_way_ += xml.size();
            ++sent_;
        }
    }
    /// A client that reads slowly, or behind a proxy that takes everything for it, then has our <r/> early
    /// enough to answer it in time.
    static constexpr std::size_t window = 512 * 1024;

    // What the client says it got.
    enum class Ack {
        fine,     ///< counted, or an old one that changes nothing
        too_high, ///< more than it was sent; nothing was changed
    };
    Ack acknowledge(std::uint32_t h);
    /// The same at the begin of a new connection: what is left has to be sent again.
    Ack resume(std::uint32_t h);

    std::uint64_t acknowledged() const { return acknowledged_; }
    std::uint64_t sent() const { return sent_; }
    std::uint64_t last() const { return acknowledged_ + places_.size(); } ///< number of the newest place
    std::size_t unacknowledged() const { return places_.size(); }
    std::size_t bytes() const { return bytes_; }
    /// Of these, what can be sent and was not.
    std::size_t untransmitted_bytes() const { return bytes_ - bytes_under_way_; }
    /// An acknowledged place was one that was held: the store has it and may let go.
    bool has_released() const { return released_; }
    void clear_released() { released_ = false; }
    /// The tracks of messages that were acknowledged since the last call.
    std::vector<std::uint64_t> take_tracks() { return std::exchange(tracks_, {}); }
    /// Places that were held, whose messages are not acknowledged here, but by another session.
    std::vector<std::uint64_t> acknowledged_elsewhere() const;

    // Our own <r/>: one at a time.
    bool has_to_ask() const { return !asking_ && sent_ > asked_up_to_; }
    bool is_asking() const { return asking_; }
    void ask();

    // What the client sent.
    /// So many of its stanzas are safe and may be acknowledged; never fewer than before.
    void set_durable(std::uint64_t count);
    std::uint64_t durable() const { return durable_; }
    /// Returns the `h` to send now, and records that the client was told.
    std::uint32_t take_h();
    /// The client has sent an <r/> when it had sent `received` stanzas.
    void asked(std::uint64_t received);
    /// More is safe than the client knows.
    bool has_news() const { return durable_ > told_; }
    /// And it should be told at once: an <r/> could not be answered in full, or much was not asked for.
    bool has_to_tell() const;

private:
    struct Place {
        std::string xml;
        bool filled = true;
        bool held = false;            ///< was not ready at first
        DeliveryStatusPtr message {}; ///< null: it is none, or not worth keeping
    };
    Place& place(std::uint64_t number)
    {
        return places_[static_cast<std::size_t>(number - acknowledged_ - 1)];
    }

    std::uint64_t durable_;
    std::uint64_t told_;
    std::uint64_t owed_ = 0; ///< the client has asked about stanzas up to this one

    Queue<Place> places_; ///< numbers acknowledged_ + 1 and on
    std::size_t bytes_ = 0;
    std::size_t bytes_under_way_ = 0; ///< sent on this connection and not acknowledged
    std::uint64_t acknowledged_;
    std::uint64_t sent_;        ///< on this connection
    std::uint64_t asked_up_to_; ///< with our last <r/>
    bool asking_ = false;       ///< it was not answered yet
    bool released_ = false;
    std::vector<std::uint64_t> tracks_;
};

} // namespace stonechat
