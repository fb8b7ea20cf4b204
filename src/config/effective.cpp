// SPDX-License-Identifier: Apache-2.0
#include "config/effective.hpp"

#include "config/value_text.hpp"

namespace stonechat {
namespace {

void append_section(std::vector<EffectiveSetting>& list, const std::string& prefix, const SectionSpec& spec,
    const Section& section)
{
    for (const SettingSpec& each : spec.keys) {
        const auto found = section.values().find(each.key);
        if (found != section.values().end()) {
            list.push_back({ prefix + each.key, print_value(each, found->second), each.heat,
                found->second == each.default_value });
        }
    }
}

void append_modules(std::vector<EffectiveSetting>& list, const Schema& schema, const HostSettings& host)
{
    for (const ModuleSpec& module : schema.modules()) {
        const std::string prefix = "host." + host.name + "." + module.section.name + ".";
        const auto on = host.modules.find(module.section.name);
        const SettingSpec& enabled = module.section.keys.front();
        const SettingSpec::Value is_on = on != host.modules.end();
        list.push_back({ prefix + enabled.key, print_value(enabled, is_on), enabled.heat,
            is_on == enabled.default_value });
        if (on != host.modules.end()) {
            append_section(list, prefix, module.section, on->second);
        }
    }
}

} // namespace

std::vector<EffectiveSetting> effective_settings(const Schema& schema, const Settings& settings)
{
    std::vector<EffectiveSetting> list;
    for (const SectionSpec& spec : schema.sections()) {
        append_section(list, spec.name + ".", spec, settings.section(spec.name));
    }
    for (std::size_t i = 0; i < settings.listen.size(); ++i) {
        append_section(list, "listen." + std::to_string(i + 1) + ".", schema.listen(),
            settings.listen[i].core);
    }
    for (const HostSettings& host : settings.hosts) {
        append_section(list, "host." + host.name + ".", schema.host(), host.core);
        append_modules(list, schema, host);
    }
    return list;
}

} // namespace stonechat
