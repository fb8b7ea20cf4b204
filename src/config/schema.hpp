// SPDX-License-Identifier: Apache-2.0
// Schema: the declaration of every key of a configuration: the sections of the server's core, [[listen]],
// [[host]], and one section per module, made from the modules' manifests. Reading, checking, printing,
// comparing and conf/stonechat.toml all use it. Created in main, then constant.
#pragma once

#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// One section of the configuration.
struct SectionSpec {
    std::string name;
    std::string meaning; ///< one sentence, printed above the section
    std::vector<SettingSpec> keys;

    const SettingSpec* find(std::string_view key) const;
};

/// The section `[host.NAME]` of a module. Its first key is `enabled`.
struct ModuleSpec {
    SectionSpec section;
    std::vector<std::string> needs; ///< modules that must be enabled too
};

class Schema {
public:
    /// Creates the schema of the core, without modules.
    Schema();

    /// Adds the section of a module, with `keys` and the key `enabled`.
    void add_module(std::string name, std::string meaning, std::vector<SettingSpec> keys, bool on_by_default,
        std::vector<std::string> needs = {});

    const std::vector<SectionSpec>& sections() const { return sections_; }
    const SectionSpec& listen() const { return listen_; }
    const SectionSpec& host() const { return host_; }
    const std::vector<ModuleSpec>& modules() const { return modules_; }

    const SectionSpec* section(std::string_view name) const;
    const ModuleSpec* module(std::string_view name) const;

private:
    std::vector<SectionSpec> sections_;
    SectionSpec listen_;
    SectionSpec host_;
    std::vector<ModuleSpec> modules_;
};

/// Returns a section in which every key has its default.
Section defaults_of(const SectionSpec& spec);

} // namespace stonechat
