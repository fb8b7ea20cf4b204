// SPDX-License-Identifier: Apache-2.0
#include "xmpp/utf8.hpp"

#include "xmpp/byte_search.hpp"

namespace stonechat {

std::size_t Utf8Validator::valid_prefix(std::string_view bytes)
{
    std::size_t i = 0;
    while (i < bytes.size()) {
        if (missing_ == 0) {
            const char* const end = bytes.data() + bytes.size();
            i = static_cast<std::size_t>(find_not_ascii(bytes.data() + i, end) - bytes.data());
            if (i == bytes.size()) {
                break;
            }
            const auto lead = static_cast<unsigned char>(bytes[i]);
            lowest_ = 0x80;
            highest_ = 0xbf;
            may_be_noncharacter_ = false;
            if (lead >= 0xc2 && lead <= 0xdf) {
                missing_ = 1;
            } else if (lead >= 0xe0 && lead <= 0xef) {
                missing_ = 2;
                lowest_ = lead == 0xe0 ? 0xa0 : 0x80;  // overlong below
                highest_ = lead == 0xed ? 0x9f : 0xbf; // surrogates above
                may_be_noncharacter_ = lead == 0xef;
            } else if (lead >= 0xf0 && lead <= 0xf4) {
                missing_ = 3;
                lowest_ = lead == 0xf0 ? 0x90 : 0x80;
                highest_ = lead == 0xf4 ? 0x8f : 0xbf; // U+10FFFF is the last
            } else {
                return i;
            }
            ++i;
            continue;
        }
        const auto next = static_cast<unsigned char>(bytes[i]);
        if (next < lowest_ || next > highest_) {
            return i;
        }
        --missing_;
        lowest_ = 0x80;
        may_be_noncharacter_ = may_be_noncharacter_ && next == 0xbf && missing_ == 1;
        highest_ = may_be_noncharacter_ ? 0xbd : 0xbf; // EF BF BE and EF BF BF
        ++i;
    }
    return bytes.size();
}

std::string_view utf8_prefix(std::string_view text, std::size_t most)
{
    if (text.size() <= most) {
        return text;
    }
    const auto continues = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; };
    while (most > 0 && continues(text[most])) {
        --most;
    }
    return text.substr(0, most);
}

bool is_valid_utf8(std::string_view text)
{
    Utf8Validator validator;
    return validator.valid_prefix(text) == text.size() && validator.complete();
}

} // namespace stonechat
