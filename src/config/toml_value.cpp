// SPDX-License-Identifier: Apache-2.0
#include "config/toml_value.hpp"

#include "config/value_text.hpp"

#include <algorithm>

namespace stonechat {
namespace {

using Kind = SettingSpec::Kind;

std::optional<SettingSpec::Value> text_list(const toml::node& node)
{
    const toml::array* array = node.as_array();
    if (array == nullptr) {
        return std::nullopt;
    }
    std::vector<std::string> list;
    for (const toml::node& each : *array) {
        const auto text = each.value_exact<std::string>();
        if (!text) {
            return std::nullopt;
        }
        list.push_back(*text);
    }
    return list;
}

} // namespace

std::string_view type_name(const toml::node& node)
{
    if (node.is_string()) {
        return "a text";
    }
    if (node.is_integer()) {
        return "a number";
    }
    if (node.is_boolean()) {
        return "true or false";
    }
    if (node.is_array()) {
        return "a list";
    }
    return node.is_table() ? "a section" : "a value of another type";
}

std::string_view wanted_type(Kind kind)
{
    switch (kind) {
    case Kind::flag: return "true or false";
    case Kind::integer: return "a whole number";
    case Kind::bytes: return "a size such as \"256 KiB\"";
    case Kind::duration: return "a duration such as \"30 s\", \"10 min\" or \"7 days\"";
    case Kind::text: return "a text in quotes";
    case Kind::choice: return "a word in quotes";
    case Kind::list: return "a list of texts: [\"one\", \"two\"]";
    }
    return {};
}

std::optional<SettingSpec::Value> typed_value(const toml::node& node, const SettingSpec& spec)
{
    const auto number = node.value_exact<std::int64_t>();
    const auto text = node.value_exact<std::string>();
    switch (spec.kind) {
    case Kind::flag:
        if (const auto flag = node.value_exact<bool>()) {
            return *flag;
        }
        return std::nullopt;
    case Kind::integer:
        if (number) {
            return *number;
        }
        return std::nullopt;
    case Kind::bytes:
        if (number) {
            return *number;
        }
        if (const auto bytes = text ? parse_bytes(*text) : std::nullopt) {
            return *bytes;
        }
        return std::nullopt;
    case Kind::duration:
        if (number == std::int64_t(0)) {
            return *number;
        }
        if (const auto duration = text ? parse_duration(*text) : std::nullopt) {
            return *duration;
        }
        return std::nullopt;
    case Kind::text:
    case Kind::choice:
        if (text) {
            return *text;
        }
        return std::nullopt;
    case Kind::list: return text_list(node);
    }
    return std::nullopt;
}

bool is_within_bounds(const SettingSpec& spec, const SettingSpec::Value& value)
{
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return *number >= spec.minimum && *number <= spec.maximum;
    }
    if (spec.kind == Kind::choice) {
        return std::find(spec.choices.begin(), spec.choices.end(), std::get<std::string>(value))
            != spec.choices.end();
    }
    return true;
}

} // namespace stonechat
