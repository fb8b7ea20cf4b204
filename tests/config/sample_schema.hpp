// SPDX-License-Identifier: Apache-2.0
// The core's schema with two modules that exist for these tests only, and ways to read a text.
#pragma once

#include "config/loader.hpp"

#include <doctest/doctest.h>

namespace stonechat::test {

inline Schema sample_schema()
{
    Schema schema;
    schema.add_module("offline", "Messages for those who are away.",
        { SettingSpec::integer("messages", 1000, 1, 100'000, "Messages kept for an account."),
            SettingSpec::bytes("bytes", 16 * 1024 * 1024, 1024, 1024 * 1024 * 1024,
                "Bytes kept for an account.", SettingSpec::Heat::cold) },
        true);
    schema.add_module("registration", "Accounts made by anybody.",
        { SettingSpec::duration("window", std::chrono::hours(24), std::chrono::seconds(1),
            std::chrono::hours(720), "Time in which registrations are counted.") },
        false, { "offline" });
    return schema;
}

constexpr std::string_view one_host = "[[host]]\nname = \"localhost\"\n";

inline Settings read(std::string_view text)
{
    const auto loaded = parse_settings(sample_schema(), text, "/etc/chat/stonechat.toml");
    if (!loaded) {
        for (const ConfigProblem& each : loaded.error()) {
            FAIL_CHECK(to_text(each));
        }
        FAIL("a configuration that should be good is not");
    }
    return *loaded;
}

/// The problems of `text`, as people see them, without the name of the file.
inline std::vector<std::string> problems(std::string_view text)
{
    const auto loaded = parse_settings(sample_schema(), text, "f");
    std::vector<std::string> list;
    if (loaded) {
        return list;
    }
    for (const ConfigProblem& each : loaded.error()) {
        list.push_back(to_text(each).substr(2));
    }
    return list;
}

inline std::string problem(std::string_view text)
{
    const auto list = problems(text);
    return list.size() == 1 ? list.front() : std::to_string(list.size()) + " problems";
}

} // namespace stonechat::test
