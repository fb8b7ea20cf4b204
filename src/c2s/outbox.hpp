// SPDX-License-Identifier: Apache-2.0
// Outbox: what one client is still to be sent while its transport takes no more. Stanzas that were
// serialised for many are shared, not copied. There is one only while it is needed. Part of a ClientStream;
// knows no connection; pure.
#pragma once

#include "xmpp/serialize.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace stonechat {

class Outbox {
public:
    /// At most `most_bytes` wait, and the one that is too much for that, whatever its size. An answer of ours
    /// may be longer than the bound by itself (a large roster, the presences of a large room); as much again
    /// as the bound may wait behind it. `unsent` bytes have gone to the transport and wait there.
    Outbox(std::size_t most_bytes, std::size_t unsent)
        : most_(most_bytes), allowed_(unsent > most_bytes ? unsent + most_bytes : most_bytes)
    {}

    /// Puts something behind all that waits, while `unsent` bytes wait in the transport. False if that is too
    /// much: then nothing waits any more, and nothing is taken from now on.
    bool add(std::string xml, std::size_t unsent);
    bool add(WireForms stanzas, std::string_view to, std::size_t unsent);

    /// Nothing waits any more, and nothing is taken from now on.
    void give_up();

    /// Appends what comes next to `out`: one stanza.
    void take_next(std::string& out);

    bool is_empty() const { return parcels_.empty(); }
    std::size_t bytes() const { return bytes_; }
    /// Too much was added.
    bool is_overfull() const { return overfull_; }

private:
    struct Parcel {
        WireForms stanzas;    ///< or none: `text` is XML
        std::size_t next = 0; ///< of `stanzas`
        std::string text;     ///< else the `to` of all of them
    };

    bool admits(std::size_t bytes, std::size_t unsent);

    std::deque<Parcel> parcels_;
    std::size_t bytes_ = 0;
    std::size_t most_;
    std::size_t allowed_; ///< most_, or more behind the one that was too much
    bool overfull_ = false;
};

} // namespace stonechat
