// SPDX-License-Identifier: Apache-2.0
#include "config/value_text.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <span>

namespace stonechat {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

// Largest first: printing uses the first unit that divides the value.
constexpr std::array<Unit, 4> byte_units { { { "GiB", 1 << 30 }, { "MiB", 1 << 20 }, { "KiB", 1 << 10 },
    { "B", 1 } } };
constexpr std::array<Unit, 6> duration_units { { { "days", 86'400'000 }, { "h", 3'600'000 },
    { "min", 60'000 }, { "s", 1000 }, { "ms", 1 }, { "day", 86'400'000 } } };

std::optional<std::int64_t> parse_with(std::span<const Unit> units, std::string_view text, bool unit_needed)
{
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) {
        return std::nullopt;
    }
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    while (unit.starts_with(' ')) {
        unit.remove_prefix(1);
    }
    if (unit.empty()) {
        return unit_needed && number != 0 ? std::nullopt : std::optional(number);
    }
    for (const Unit& each : units) {
        if (each.name != unit) {
            continue;
        }
        std::int64_t product = 0;
        if (__builtin_mul_overflow(number, each.factor, &product)) {
            return std::nullopt;
        }
        return product;
    }
    return std::nullopt;
}

std::string print_with(std::span<const Unit> units, std::int64_t value)
{
    for (const Unit& each : units) {
        if (value != 0 && value % each.factor == 0) {
            const bool one_day = each.name == "days" && value == each.factor;
            return std::to_string(value / each.factor) + " " + std::string(one_day ? "day" : each.name);
        }
    }
    return "0";
}

constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

std::string print_number(const SettingSpec& spec, std::int64_t value)
{
    switch (spec.kind) {
    case SettingSpec::Kind::bytes: return print_bytes(value);
    case SettingSpec::Kind::duration: return print_duration(value);
    case SettingSpec::Kind::integer:
    case SettingSpec::Kind::flag:
    case SettingSpec::Kind::text:
    case SettingSpec::Kind::list:
    case SettingSpec::Kind::choice: return std::to_string(value);
    }
    return {};
}

} // namespace

std::optional<std::int64_t> parse_bytes(std::string_view text)
{
    return parse_with(byte_units, text, false);
}

std::string print_bytes(std::int64_t bytes)
{
    return print_with(byte_units, bytes);
}

std::optional<std::int64_t> parse_duration(std::string_view text)
{
    return parse_with(duration_units, text, true);
}

std::string print_duration(std::int64_t milliseconds)
{
    return print_with(duration_units, milliseconds);
}

std::string quote_toml(std::string_view text)
{
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            std::array<char, 8> escape {};
            std::snprintf(escape.data(), escape.size(), "\\u%04X", static_cast<unsigned>(byte));
            quoted += escape.data();
        } else {
            quoted += c;
        }
    }
    return quoted + '"';
}

std::string print_value(const SettingSpec& spec, const SettingSpec::Value& value)
{
    if (const bool* flag = std::get_if<bool>(&value)) {
        return *flag ? "true" : "false";
    }
    if (const std::int64_t* number = std::get_if<std::int64_t>(&value)) {
        const std::string text = print_number(spec, *number);
        return spec.kind == SettingSpec::Kind::integer || text == "0" ? text : quote_toml(text);
    }
    if (const std::string* text = std::get_if<std::string>(&value)) {
        return quote_toml(*text);
    }
    std::string list = "[";
    for (const std::string& each : std::get<std::vector<std::string>>(value)) {
        list += (list.size() > 1 ? ", " : "") + quote_toml(each);
    }
    return list + "]";
}

std::string print_bounds(const SettingSpec& spec)
{
    switch (spec.kind) {
    case SettingSpec::Kind::integer:
    case SettingSpec::Kind::bytes:
    case SettingSpec::Kind::duration:
        if (spec.maximum == unbounded) {
            return spec.minimum == 0 ? "" : "at least " + print_number(spec, spec.minimum);
        }
        return "between " + print_number(spec, spec.minimum) + " and " + print_number(spec, spec.maximum);
    case SettingSpec::Kind::choice: {
        std::string text = "one of ";
        for (const std::string& each : spec.choices) {
            text += (&each == &spec.choices.front() ? "" : ", ") + quote_toml(each);
        }
        return text;
    }
    case SettingSpec::Kind::flag:
    case SettingSpec::Kind::text:
    case SettingSpec::Kind::list: return {};
    }
    return {};
}

} // namespace stonechat
