// SPDX-License-Identifier: Apache-2.0
// Schema: every key that a configuration may hold, declared once: the sections of the server's core,
// [[listen]], [[host]], and one section per module, made from the modules' manifests. Reading,
// checking, printing, comparing and conf/stonechat.toml all go by it. Made in main, then constant.
#pragma once

#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// One section of the configuration.
struct SectionSpec {
    std::string name;
    std::string meaning; ///< one sentence for the head of the section
    std::vector<SettingSpec> keys;

    const SettingSpec* find(std::string_view key) const;
};

/// A module's section, `[host.NAME]`. `enabled` is its first key.
struct ModuleSpec {
    SectionSpec section;
    std::vector<std::string> needs; ///< modules that must be on too
};

class Schema {
public:
    /// The core, without modules.
    Schema();

    /// Adds a module's keys; its section gets the key `enabled` besides.
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

/// The section with its defaults.
Section defaults_of(const SectionSpec& spec);

} // namespace stonechat
