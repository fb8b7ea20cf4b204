// SPDX-License-Identifier: Apache-2.0
// DeadLetters: stanzas that broke a handler. Their senders are told internal-server-error, the
// stanzas are set aside with the reason, so that the bug behind it can be found, and counted. A part of
// a shard's Router.
#pragma once

#include "xmpp/stanza.hpp"

#include <cstdint>
#include <string_view>

namespace stonechat {

class Host;

class DeadLetters {
public:
    explicit DeadLetters(std::size_t shard) : shard_(shard) {}

    /// Sets `stanza` aside. Of each host and shard the newest hundred are kept, in the keyval store
    /// "dead_letters" of the host itself: a line with the time, one with the reason, then the stanza.
    void add(Host& host, const Stanza& stanza, std::string_view reason);

    std::uint64_t count() const { return count_; } ///< since start

private:
    std::size_t shard_;
    std::uint64_t count_ = 0;
};

} // namespace stonechat
