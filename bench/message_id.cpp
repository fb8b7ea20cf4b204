// SPDX-License-Identifier: Apache-2.0
#include "message_id.hpp"

#include <charconv>

namespace stonechat::bench {

MessageId parse_message_id(std::string_view text)
{
    MessageId id;
    if (!text.starts_with('m')) {
        return id;
    }
    const char* const end = text.data() + text.size();
    const auto sequence = std::from_chars(text.data() + 1, end, id.sequence, 16);
    if (sequence.ptr == end || *sequence.ptr != '.') {
        return id;
    }
    id.is_ours = std::from_chars(sequence.ptr + 1, end, id.due, 16).ptr == end;
    return id;
}

MessageIdText::MessageIdText(std::uint64_t sequence, std::uint64_t due)
{
    char* end = std::to_chars(text_.data(), text_.data() + 16, sequence, 16).ptr;
    *end++ = '.';
    end = std::to_chars(end, text_.data() + text_.size(), due, 16).ptr;
    size_ = static_cast<std::size_t>(end - text_.data());
}

} // namespace stonechat::bench
