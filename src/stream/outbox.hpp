// SPDX-License-Identifier: Apache-2.0
// Outbox: the output that waits for one client while its transport accepts no more. Stanzas that were
// serialised for many recipients are shared, not copied. A ClientStream has an Outbox only while output
// waits. Knows no connection; pure.
#pragma once

#include "xmpp/serialize.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace stonechat {

class Outbox {
public:
    /// `most_bytes` is the limit; `unsent` is the number of bytes that already wait in the transport and
    /// count too. The addition that crosses the limit is accepted whatever its size, because one answer of
    /// the server may be larger than the limit (a large roster, the presences of a large room). After such an
    /// answer, up to `most_bytes` more may wait.
    Outbox(std::size_t most_bytes, std::size_t unsent)
        : most_(most_bytes), allowed_(unsent > most_bytes ? unsent + most_bytes : most_bytes)
    {}

    /// Appends output; `unsent` is the number of bytes now waiting in the transport. Returns false if the
    /// limit is exceeded: then the outbox is emptied and accepts nothing more.
    bool add(std::string xml, std::size_t unsent);
    bool add(WireForms stanzas, std::string_view to, std::size_t unsent);

    /// Empties the outbox, which accepts nothing more.
    void give_up();

    /// Moves the next stanza to the end of `out`.
    void take_next(std::string& out);

    bool is_empty() const { return parcels_.empty(); }
    std::size_t bytes() const { return bytes_; }
    /// Returns whether the outbox was given up, by give_up() or because of the limit.
    bool is_overfull() const { return overfull_; }

private:
    struct Parcel {
        WireForms stanzas;    ///< empty if `text` is XML
        std::size_t next = 0; ///< index into `stanzas`
        std::string text;     ///< the `to` of all `stanzas`, or XML if there are none
    };

    bool admits(std::size_t bytes, std::size_t unsent);

    std::deque<Parcel> parcels_;
    std::size_t bytes_ = 0;
    std::size_t most_;
    std::size_t allowed_; ///< the limit in force: most_, or more after an addition that crossed it
    bool overfull_ = false;
};

} // namespace stonechat
