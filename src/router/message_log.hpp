// SPDX-License-Identifier: Apache-2.0
// MessageLog: what became of the messages of the last while, by message id, so that an administrator
// can ask about one that is said to be missing. A ring of short notes per shard, written as messages
// go by; never a body. Shard-bound; part of a Router.
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
    /// What finds a message again, for who notes a later step without having the message. 0: no id.
    static std::uint64_t key_of(std::string_view message_id);

    void note(std::uint64_t key, WallTime when, std::string_view what, std::string_view detail = {});

    struct Note {
        WallTime when;
        std::string text;
    };
    /// What is still known of the message, oldest first.
    std::vector<Note> find(std::uint64_t key) const;

private:
    static constexpr std::size_t most = 16384;
    struct Entry {
        std::uint64_t key;
        WallTime when;
        std::array<char, 47> text;
        std::uint8_t size;
    };
    std::vector<Entry> ring_; ///< grows to `most`, then its oldest is overwritten
    std::size_t next_ = 0;
};

} // namespace stonechat
