// SPDX-License-Identifier: Apache-2.0
#include "sasl/password.hpp"

#include "xmpp/precis.hpp"
#include "xmpp/utf8.hpp"

#include <array>
#include <cstdio>

namespace stonechat {
namespace {

constexpr std::size_t longest_password = 1023;

bool has_allowed_length(std::string_view password)
{
    return !password.empty() && password.size() <= longest_password;
}

/// Returns the first character of a valid UTF-8 text.
std::string_view first_character(std::string_view text)
{
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return text.substr(0, length);
}

char32_t code_point_of(std::string_view character)
{
    constexpr std::array<unsigned, 5> lead_bits { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    char32_t value = static_cast<unsigned char>(character.front()) & lead_bits.at(character.size());
    for (const char next : character.substr(1)) {
        value = value << 6 | (static_cast<unsigned char>(next) & 0x3f);
    }
    return value;
}

/// Returns "'²' (U+00B2)", without the character itself if it is not visible.
std::string description_of(std::string_view character)
{
    std::array<char, 16> number {};
    std::snprintf(number.data(), number.size(), "U+%04X", static_cast<unsigned>(code_point_of(character)));
    const std::string name(number.data());
    return is_drawn(character) ? "'" + std::string(character) + "' (" + name + ")" : name;
}

} // namespace

std::optional<std::string> prepare_password(std::string_view password)
{
    return has_allowed_length(password) ? prepare_sasl(password) : std::nullopt;
}

std::optional<std::string> prepare_password_old(std::string_view password)
{
    return has_allowed_length(password) ? prepare_opaque(password) : std::nullopt;
}

std::optional<std::string> password_problem(std::string_view password)
{
    if (!has_allowed_length(password)) {
        return password.empty()
            ? "The password is empty"
            : "The password is longer than " + std::to_string(longest_password) + " bytes";
    }
    if (!is_valid_utf8(password)) {
        return "The password is not UTF-8";
    }
    if (is_prepared_alike(password)) {
        return std::nullopt;
    }
    for (std::string_view rest = password; !rest.empty();) {
        const std::string_view character = first_character(rest);
        rest.remove_prefix(character.size());
        if (!is_prepared_alike(character)) {
            return "The password contains the character " + description_of(character)
                + ", which not every client sends in the same way; choose a password without it";
        }
    }
    return "The password mixes characters in a way that not every client sends in the same way, such as "
           "right-to-left letters with others; choose a simpler one";
}

} // namespace stonechat
