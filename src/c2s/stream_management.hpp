// SPDX-License-Identifier: Apache-2.0
// StreamManagement: the counters and the queue of XEP-0198 for one session: the stanzas to the client that it
// has not acknowledged, in order; how many of the client's stanzas may be acknowledged; and which requests
// <r/> of either side are open. Counters are modulo 2^32 on the wire; here they never wrap. Knows no stream,
// no clock and no store: what is sent and stored is in stream_management_session.hpp. A part of
// StreamManagementSession; pure.
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

/// Returns the `h` of an <a/> or <resume/>; nothing if it is missing or not a number from 0 to 2^32 - 1.
std::optional<std::uint32_t> read_handled_count(const Element& element);

/// Returns the stream error for an `h` that is missing, not a number, or higher than `sent`.
StreamError handled_count_too_high(const Element& ack, std::uint32_t sent);

class StreamManagement {
public:
    /// Starts with `handled` stanzas of the client that were acknowledged to it, and with `client_has`
    /// stanzas that the client has acknowledged. Both are 0 for a new session.
    explicit StreamManagement(std::uint64_t handled = 0, std::uint64_t client_has = 0)
        : durable_(handled), told_(handled), acknowledged_(client_has), sent_(client_has),
          asked_up_to_(client_has)
    {}

    // Stanzas to the client. Places in the queue are numbered from 1.
    /// Appends a stanza to the queue and returns its number.
    std::uint64_t push(std::string xml, DeliveryStatusPtr message = nullptr);
    /// Reserves the next place for a stanza that is not ready yet, and returns its number. Later stanzas wait
    /// until the place is filled.
    std::uint64_t hold();
    /// Puts a stanza into a held place. Does nothing if the place does not exist or is filled already.
    void fill(std::uint64_t number, std::string xml, DeliveryStatusPtr message = nullptr);
    /// Calls `write` with each unsent stanza, in order. Stops at a held place, when `may` returns false, or
    /// when `window` bytes are sent and not acknowledged.
    template <class May, class Write> void transmit(May may, Write write)
    {
        while (sent_ < last() && place(sent_ + 1).filled && bytes_under_way_ < window && may()) {
            const std::string& xml = place(sent_ + 1).xml;
            write(xml);
            bytes_under_way_ += xml.size();
            ++sent_;
        }
    }
    /// Bytes that may be sent and not acknowledged. The limit lets our <r/> reach a client early enough to
    /// answer in time, even if it reads slowly or a proxy buffers everything in front of it.
    static constexpr std::size_t window = 512 * 1024;

    // Acknowledgements of the client.
    enum class Ack {
        fine,     ///< counted, or an old count that changes nothing
        too_high, ///< more than was sent; nothing was changed
    };
    Ack acknowledge(std::uint32_t h);
    /// Like acknowledge(), at the beginning of a new connection: all stanzas after `h` will be sent again.
    Ack resume(std::uint32_t h);

    std::uint64_t acknowledged() const { return acknowledged_; }
    std::uint64_t sent() const { return sent_; }
    std::uint64_t last() const { return acknowledged_ + places_.size(); } ///< number of the newest place
    std::size_t unacknowledged() const { return places_.size(); }
    std::size_t bytes() const { return bytes_; }
    /// Returns the bytes that are queued and not sent on this connection.
    std::size_t untransmitted_bytes() const { return bytes_ - bytes_under_way_; }
    /// Returns whether a held place was acknowledged: its message is in the store and can be removed there.
    bool has_released() const { return released_; }
    void clear_released() { released_ = false; }
    /// Returns the MessageLog keys of the messages that were acknowledged since the last call.
    std::vector<std::uint64_t> take_tracks() { return std::exchange(tracks_, {}); }
    /// Returns the held places whose messages another session of the account has acknowledged.
    std::vector<std::uint64_t> acknowledged_elsewhere() const;

    // Our own <r/>. At most one is unanswered at a time.
    bool has_to_ask() const { return !asking_ && sent_ > asked_up_to_; }
    bool is_asking() const { return asking_; }
    void ask();

    // Stanzas from the client.
    /// The first `count` stanzas of the client are safe and may be acknowledged. A lower count is ignored.
    void set_durable(std::uint64_t count);
    std::uint64_t durable() const { return durable_; }
    /// Returns the `h` to send now, and records that the client was told.
    std::uint32_t take_h();
    /// The client has sent an <r/> after `received` stanzas.
    void asked(std::uint64_t received);
    /// Returns whether more stanzas are safe than the client was told.
    bool has_news() const { return durable_ > told_; }
    /// Returns whether to send an <a/> at once: the last <r/> was not answered in full, or many stanzas are
    /// safe without an <r/> for them.
    bool has_to_tell() const;

private:
    struct Place {
        std::string xml;
        bool filled = true;
        bool held = false;            ///< made by hold()
        DeliveryStatusPtr message {}; ///< null if not a message whose delivery is tracked
    };
    Place& place(std::uint64_t number)
    {
        return places_[static_cast<std::size_t>(number - acknowledged_ - 1)];
    }

    std::uint64_t durable_;
    std::uint64_t told_;
    std::uint64_t owed_ = 0; ///< stanzas that the client had sent before its last <r/>

    Queue<Place> places_; ///< numbered from acknowledged_ + 1
    std::size_t bytes_ = 0;
    std::size_t bytes_under_way_ = 0; ///< sent on this connection and not acknowledged
    std::uint64_t acknowledged_;
    std::uint64_t sent_;        ///< on this connection
    std::uint64_t asked_up_to_; ///< value of sent_ at our last <r/>
    bool asking_ = false;       ///< our last <r/> is not answered yet
    bool released_ = false;
    std::vector<std::uint64_t> tracks_;
};

} // namespace stonechat
