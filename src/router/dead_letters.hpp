// SPDX-License-Identifier: Apache-2.0
// DeadLetters: stanzas whose handler threw an exception. The sender gets internal-server-error; the stanza is
// stored with the reason, so that the bug can be found, and counted. Part of a shard's Router.
#pragma once

#include "xmpp/stanza.hpp"

#include <cstdint>
#include <string_view>

namespace stonechat {

class Host;

class DeadLetters {
public:
    explicit DeadLetters(std::size_t shard) : shard_(shard) {}

    /// Stores `stanza` in the keyval store "dead_letters" of the host itself: one line with the time, one
    /// with the reason, then the stanza. Keeps the newest hundred of each host and shard.
    void add(Host& host, const Stanza& stanza, std::string_view reason);

    std::uint64_t count() const { return count_; } ///< since start

private:
    std::size_t shard_;
    std::uint64_t count_ = 0;
};

} // namespace stonechat
