// SPDX-License-Identifier: Apache-2.0
#include "config/difference.hpp"

#include <map>

namespace stonechat {
namespace {

void take_hot_keys(const SectionSpec& spec, Section& running, const Section& wanted)
{
    for (const SettingSpec& each : spec.keys) {
        const auto value = wanted.values().find(each.key);
        if (each.heat == SettingSpec::Heat::hot && value != wanted.values().end()) {
            running.set(each.key, value->second);
        }
    }
}

void take_hot_keys(const Schema& schema, HostSettings& running, const HostSettings& wanted)
{
    take_hot_keys(schema.host(), running.core, wanted.core);
    for (auto& [name, section] : running.modules) {
        const auto found = wanted.modules.find(name);
        const ModuleSpec* module = schema.module(name);
        if (found != wanted.modules.end() && module != nullptr) {
            take_hot_keys(module->section, section, found->second);
        }
    }
}

} // namespace

std::vector<SettingChange> difference(const std::vector<EffectiveSetting>& running,
    const std::vector<EffectiveSetting>& wanted)
{
    using Heat = SettingSpec::Heat;
    std::map<std::string_view, const EffectiveSetting*> before;
    for (const EffectiveSetting& each : running) {
        before.emplace(each.path, &each);
    }
    std::vector<SettingChange> changes;
    for (const EffectiveSetting& each : wanted) {
        const auto found = before.find(each.path);
        if (found == before.end()) {
            changes.push_back({ each.path, "", each.value, Heat::cold });
            continue;
        }
        if (found->second->value != each.value) {
            changes.push_back({ each.path, found->second->value, each.value, each.heat });
        }
        before.erase(found);
    }
    for (const EffectiveSetting& each : running) {
        if (before.contains(each.path)) {
            changes.push_back({ each.path, each.value, "", Heat::cold });
        }
    }
    return changes;
}

Settings with_hot_changes(const Schema& schema, const Settings& running, const Settings& wanted)
{
    Settings result = running;
    for (const SectionSpec& spec : schema.sections()) {
        take_hot_keys(spec, result.sections.at(spec.name), wanted.section(spec.name));
    }
    for (HostSettings& host : result.hosts) {
        if (const HostSettings* found = wanted.host(host.name)) {
            take_hot_keys(schema, host, *found);
        }
    }
    return result;
}

} // namespace stonechat
