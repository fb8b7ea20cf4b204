// SPDX-License-Identifier: Apache-2.0
// Settings: the configuration after it was read and checked. Every key is declared once as a SettingSpec, so
// every value is within its bounds and every default is filled in. Immutable once loaded; threads share it as
// shared_ptr<const Settings>.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stonechat {

/// The declaration of one key. Bytes are written "256 KiB" or as a number; durations "30 s", "10 min", "2 h",
/// "7 days".
struct SettingSpec {
    enum class Kind { flag, integer, bytes, duration, text, list, choice };
    /// Hot: a reload applies a change. Cold: a change needs a restart.
    enum class Heat { hot, cold };
    using Value = std::variant<bool, std::int64_t, std::string,
        std::vector<std::string>>; ///< durations in milliseconds

    std::string key; ///< within its section, e.g. "stanza_bytes"
    Kind kind = Kind::text;
    Value default_value;
    std::string meaning; ///< one line for conf/stonechat.toml and `stonechat check`
    Heat heat = Heat::hot;
    std::int64_t minimum = 0;
    std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
    std::vector<std::string> choices;

    static SettingSpec flag(std::string key, bool value, std::string meaning, Heat heat = Heat::hot);
    static SettingSpec integer(std::string key, std::int64_t value, std::int64_t minimum,
        std::int64_t maximum, std::string meaning, Heat heat = Heat::hot);
    static SettingSpec bytes(std::string key, std::int64_t value, std::int64_t minimum, std::int64_t maximum,
        std::string meaning, Heat heat = Heat::hot);
    static SettingSpec duration(std::string key, std::chrono::milliseconds value,
        std::chrono::milliseconds minimum, std::chrono::milliseconds maximum, std::string meaning,
        Heat heat = Heat::hot);
    static SettingSpec text(std::string key, std::string value, std::string meaning, Heat heat = Heat::hot);
    static SettingSpec list(std::string key, std::vector<std::string> value, std::string meaning,
        Heat heat = Heat::hot);
    static SettingSpec choice(std::string key, std::string value, std::vector<std::string> choices,
        std::string meaning, Heat heat = Heat::hot);
};

/// The checked values of one section. A read of a key that was not declared is a bug and throws.
class Section {
public:
    bool flag(std::string_view key) const;
    std::int64_t integer(std::string_view key) const; ///< also bytes
    std::chrono::milliseconds duration(std::string_view key) const;
    const std::string& text(std::string_view key) const; ///< also a choice
    const std::vector<std::string>& list(std::string_view key) const;

    const std::map<std::string, SettingSpec::Value, std::less<>>& values() const { return values_; }
    void set(std::string key, SettingSpec::Value value)
    {
        values_.insert_or_assign(std::move(key), std::move(value));
    }
    friend bool operator==(const Section&, const Section&) = default;

private:
    std::map<std::string, SettingSpec::Value, std::less<>> values_;
};

/// One `[[host]]`: a domain of this server. Every enabled module has a section, which may be empty.
struct HostSettings {
    std::string name; ///< prepared domain
    Section core;     ///< certificate, key, admins, …
    std::map<std::string, Section, std::less<>> modules;
    friend bool operator==(const HostSettings&, const HostSettings&) = default;
};

/// One `[[listen]]`.
struct ListenSettings {
    Section core; ///< kind (c2s), address, port, tls (starttls, direct, none), proxy_protocol_from
    friend bool operator==(const ListenSettings&, const ListenSettings&) = default;
};

struct Settings {
    std::string file;                                     ///< the file that was read
    std::map<std::string, Section, std::less<>> sections; ///< server, log, storage, c2s, limits, login …
    std::vector<ListenSettings> listen;
    std::vector<HostSettings> hosts;

    const Section& section(std::string_view name) const;
    const HostSettings* host(std::string_view name) const;
};

using SharedSettings = std::shared_ptr<const Settings>;

} // namespace stonechat
