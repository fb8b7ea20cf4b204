// SPDX-License-Identifier: Apache-2.0
#include "config/settings.hpp"

#include <algorithm>
#include <stdexcept>

namespace stonechat {
namespace {

SettingSpec make(std::string key, SettingSpec::Kind kind, SettingSpec::Value value, std::string meaning,
    SettingSpec::Heat heat)
{
    SettingSpec spec;
    spec.key = std::move(key);
    spec.kind = kind;
    spec.default_value = std::move(value);
    spec.meaning = std::move(meaning);
    spec.heat = heat;
    return spec;
}

SettingSpec bounded(SettingSpec spec, std::int64_t minimum, std::int64_t maximum)
{
    spec.minimum = minimum;
    spec.maximum = maximum;
    return spec;
}

} // namespace

SettingSpec SettingSpec::flag(std::string key, bool value, std::string meaning, Heat heat)
{
    return make(std::move(key), Kind::flag, value, std::move(meaning), heat);
}

SettingSpec SettingSpec::integer(std::string key, std::int64_t value, std::int64_t minimum,
    std::int64_t maximum, std::string meaning, Heat heat)
{
    return bounded(make(std::move(key), Kind::integer, value, std::move(meaning), heat), minimum, maximum);
}

SettingSpec SettingSpec::bytes(std::string key, std::int64_t value, std::int64_t minimum,
    std::int64_t maximum, std::string meaning, Heat heat)
{
    return bounded(make(std::move(key), Kind::bytes, value, std::move(meaning), heat), minimum, maximum);
}

SettingSpec SettingSpec::duration(std::string key, std::chrono::milliseconds value,
    std::chrono::milliseconds minimum, std::chrono::milliseconds maximum, std::string meaning, Heat heat)
{
    const Value count = static_cast<std::int64_t>(value.count());
    return bounded(make(std::move(key), Kind::duration, count, std::move(meaning), heat), minimum.count(),
        maximum.count());
}

SettingSpec SettingSpec::text(std::string key, std::string value, std::string meaning, Heat heat)
{
    return make(std::move(key), Kind::text, std::move(value), std::move(meaning), heat);
}

SettingSpec SettingSpec::list(std::string key, std::vector<std::string> value, std::string meaning, Heat heat)
{
    return make(std::move(key), Kind::list, std::move(value), std::move(meaning), heat);
}

SettingSpec SettingSpec::choice(std::string key, std::string value, std::vector<std::string> choices,
    std::string meaning, Heat heat)
{
    SettingSpec spec = make(std::move(key), Kind::choice, std::move(value), std::move(meaning), heat);
    spec.choices = std::move(choices);
    return spec;
}

namespace {

template <class T>
const T& get(const std::map<std::string, SettingSpec::Value, std::less<>>& values, std::string_view key)
{
    const auto found = values.find(key);
    if (found == values.end()) {
        throw std::logic_error("no setting '" + std::string(key) + "' is declared in this section");
    }
    const T* value = std::get_if<T>(&found->second);
    if (value == nullptr) {
        throw std::logic_error("setting '" + std::string(key) + "' is declared with another type");
    }
    return *value;
}

} // namespace

bool Section::flag(std::string_view key) const
{
    return get<bool>(values_, key);
}

std::int64_t Section::integer(std::string_view key) const
{
    return get<std::int64_t>(values_, key);
}

std::chrono::milliseconds Section::duration(std::string_view key) const
{
    return std::chrono::milliseconds(get<std::int64_t>(values_, key));
}

const std::string& Section::text(std::string_view key) const
{
    return get<std::string>(values_, key);
}

const std::vector<std::string>& Section::list(std::string_view key) const
{
    return get<std::vector<std::string>>(values_, key);
}

const Section& Settings::section(std::string_view name) const
{
    const auto found = sections.find(name);
    if (found == sections.end()) {
        throw std::logic_error("no section [" + std::string(name) + "] is declared");
    }
    return found->second;
}

const HostSettings* Settings::host(std::string_view name) const
{
    const auto found = std::find_if(hosts.begin(), hosts.end(),
        [&](const HostSettings& h) { return h.name == name; });
    return found == hosts.end() ? nullptr : &*found;
}

} // namespace stonechat
