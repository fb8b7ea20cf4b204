// SPDX-License-Identifier: Apache-2.0
// MessageLog: the recent steps of recent messages, by message id. An administrator asks here about a message
// that is said to be missing. A ring buffer of short notes per shard, written as messages pass; never a body.
// Shard-bound; part of a Router.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class MessageLog {
public:
    /// Returns the key of a message in the log. Code that notes a later step without having the message keeps
    /// this key. 0: no id.
    static std::uint64_t key_of(std::string_view message_id);

    void note(std::uint64_t key, WallTime when, std::string_view what, std::string_view detail = {});

    struct Note {
        WallTime when;
        std::string text;
    };
    /// Returns the notes still in the log for the message, oldest first.
    std::vector<Note> find(std::uint64_t key) const;

private:
    static constexpr std::size_t most = 16384;
    struct Entry {
        std::uint64_t key;
        WallTime when;
        std::array<char, 47> text;
        std::uint8_t size;
    };
    std::vector<Entry> ring_; ///< grows to `most`, then the oldest note is overwritten
    std::size_t next_ = 0;
};

} // namespace stonechat
