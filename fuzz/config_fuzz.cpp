// SPDX-License-Identifier: Apache-2.0
// Any text is a configuration or has problems; it never ends the program. What is printed of a good
// one is the same for the same settings.
#include "config/difference.hpp"
#include "config/loader.hpp"

#include <cstdlib>

using namespace stonechat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Schema schema;
    schema.add_module("offline", "Messages for those who are away.",
        { SettingSpec::integer("messages", 1000, 1, 100'000, "Messages kept for an account.") }, true);
    schema.add_module("registration", "Accounts made by anybody.", {}, false, { "offline" });

    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto loaded = parse_settings(schema, text, "fuzz.toml");
    if (!loaded) {
        for (const ConfigProblem& each : loaded.error()) {
            if (to_text(each).empty()) {
                std::abort();
            }
        }
        return loaded.error().empty() ? (std::abort(), 0) : 0;
    }
    const Settings after = with_hot_changes(schema, *loaded, *loaded);
    const auto before = effective_settings(schema, *loaded);
    if (!difference(before, effective_settings(schema, after)).empty()) {
        std::abort();
    }
    return 0;
}
