// SPDX-License-Identifier: Apache-2.0
//
// What a message of the load carries in its id, `m<sequence>.<nanoseconds>` in hexadecimal: its number within
// its flow and the moment it was due. The receiver sees loss, doubles, disorder and latency from it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stonechat::bench {

struct MessageId {
    std::uint64_t sequence = 0;
    std::uint64_t due = 0;
    bool is_ours = false;
};

MessageId parse_message_id(std::string_view text);

/// The text of an id, without its 'm'; valid as long as the object.
class MessageIdText {
public:
    MessageIdText(std::uint64_t sequence, std::uint64_t due);
    [[nodiscard]] std::string_view view() const { return { text_.data(), size_ }; }

private:
    std::array<char, 40> text_;
    std::size_t size_;
};

} // namespace stonechat::bench
