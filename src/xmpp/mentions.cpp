// SPDX-License-Identifier: Apache-2.0
#include "xmpp/mentions.hpp"

#include "base/ascii.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace stonechat {
namespace {

constexpr UChar32 first_beyond_ascii = 0x80;

bool is_ascii_word(UChar32 c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Returns whether the character continues a word beside it. Characters of scripts without spaces do not.
bool is_word(UChar32 c)
{
    if (c >= 0 && c < first_beyond_ascii) {
        return is_ascii_word(c);
    }
    switch (u_getIntPropertyValue(c, UCHAR_WORD_BREAK)) {
    case U_WB_ALETTER:
    case U_WB_HEBREW_LETTER:
    case U_WB_NUMERIC:
    case U_WB_EXTEND: return true;
    default: return false;
    }
}

struct Character {
    UChar32 code;
    std::size_t end; ///< the position after it
};

Character character_at(std::string_view text, std::size_t place)
{
    UChar32 c = 0;
    auto i = static_cast<std::int32_t>(place);
    U8_NEXT_OR_FFFD(text.data(), i, static_cast<std::int32_t>(text.size()), c);
    return { c, static_cast<std::size_t>(i) };
}

/// Returns the word at the front of `text`, which must not be empty, or else its first character.
std::string_view first_piece(std::string_view text)
{
    Character character = character_at(text, 0);
    if (!is_word(character.code)) {
        return text.substr(0, character.end);
    }
    std::size_t end = character.end;
    while (end < text.size()) {
        character = character_at(text, end);
        if (!is_word(character.code)) {
            break;
        }
        end = character.end;
    }
    return text.substr(0, end);
}

bool is_word_before(std::string_view text, std::size_t place)
{
    UChar32 c = 0;
    auto i = static_cast<std::int32_t>(place);
    U8_PREV_OR_FFFD(text.data(), 0, i, c);
    return is_word(c);
}

/// Returns the text with `%41` and the like replaced by their bytes (RFC 3986 §2.1).
std::string percent_decoded(std::string_view text)
{
    constexpr int hexadecimal = 16;
    std::string decoded;
    for (std::size_t place = 0; place < text.size(); ++place) {
        unsigned char byte = 0;
        const std::string_view digits = text[place] == '%' ? text.substr(place + 1, 2) : std::string_view();
        const char* end = digits.data() + digits.size();
        if (digits.size() == 2 && std::from_chars(digits.data(), end, byte, hexadecimal).ptr == end) {
            decoded += static_cast<char>(byte);
            place += digits.size();
        } else {
            decoded += text[place];
        }
    }
    return decoded;
}

/// Returns the address of an XMPP URI (RFC 5122), without the part behind `?` and `#`.
std::optional<Jid> address_of(std::string_view uri)
{
    constexpr std::string_view scheme = "xmpp:";
    if (!uri.starts_with(scheme)) {
        return std::nullopt;
    }
    uri.remove_prefix(scheme.size());
    return Jid::parse(percent_decoded(uri.substr(0, uri.find_first_of("?#"))));
}

} // namespace

Mentions::Mentions(std::string_view text) : text_(ascii_lower(text))
{
    for (std::string_view rest = text_; !rest.empty();) {
        const auto piece = first_piece(rest);
        rest.remove_prefix(piece.size());
        if (piece != " ") { // no name begins with it
            pieces_.push_back(piece);
        }
    }
    std::sort(pieces_.begin(), pieces_.end());
}

bool Mentions::has(std::string_view name) const
{
    if (name.empty()) {
        return false;
    }
    const std::string lower = ascii_lower(name);
    const auto [begin, end] = std::equal_range(pieces_.begin(), pieces_.end(), first_piece(lower));
    return std::any_of(begin, end, [&](std::string_view piece) {
        const auto place = static_cast<std::size_t>(piece.data() - text_.data());
        const std::size_t behind = place + lower.size();
        return text_.compare(place, lower.size(), lower) == 0 && (place == 0 || !is_word_before(text_, place))
            && (behind == text_.size() || !is_word(character_at(text_, behind).code));
    });
}

MentionedAddresses::MentionedAddresses(const Element& message)
{
    const auto add = [this](const std::optional<Jid>& address) {
        if (address) {
            addresses_.push_back(address->text());
            bare_addresses_.emplace_back(address->bare_text());
        }
    };
    for (const Element* reference : message.children("reference", ns::reference)) {
        if (reference->attribute_or("type") == "mention") {
            add(address_of(reference->attribute_or("uri")));
        }
    }
    if (const Element* reply = message.child("reply", ns::reply)) {
        add(Jid::parse(reply->attribute_or("to")));
    }
    std::sort(addresses_.begin(), addresses_.end());
    std::sort(bare_addresses_.begin(), bare_addresses_.end());
}

bool MentionedAddresses::has_user(const Jid& user) const
{
    return std::binary_search(bare_addresses_.begin(), bare_addresses_.end(), user.bare_text(),
        std::less<>());
}

bool MentionedAddresses::has_occupant(const Jid& room, std::string_view nick) const
{
    if (addresses_.empty()) {
        return false;
    }
    const std::string address = std::string(room.bare_text()) + '/' + std::string(nick);
    return std::binary_search(addresses_.begin(), addresses_.end(), address);
}

} // namespace stonechat
