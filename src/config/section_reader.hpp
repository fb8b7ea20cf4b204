// SPDX-License-Identifier: Apache-2.0
// SectionReader: goes through the sections of one file, holds them against the schema, and collects problems
// on the way, each with its place and what was probably meant. What a section means is decided by those who
// call it. Made for one reading and thrown away; no thread of its own.
#pragma once

#include "config/problem.hpp"
#include "config/schema.hpp"
#include "config/settings.hpp"

#include <toml++/toml.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class SectionReader {
public:
    /// What stands in the file, without defaults.
    using Values = std::map<std::string, SettingSpec::Value, std::less<>>;

    SectionReader(const Schema& schema, const std::string& file);

    const Schema& schema() const { return schema_; }

    /// Notes a problem, once.
    void add(const toml::source_region& where, std::string message, std::string suggestion = {});
    /// All problems by their lines.
    std::vector<ConfigProblem> take_problems();

    /// Keys and sections at the top of the file that the schema does not have.
    void refuse_unknown_sections(const toml::table& root);

    /// The table `name` of `parent`, or null; anything else there is a problem.
    const toml::table* table_at(const toml::table& parent, std::string_view name);
    /// The tables of `[[name]]`; a problem if it is something else.
    std::vector<const toml::table*> tables_at(const toml::table& root, std::string_view name);

    /// The good values of `table`, which may be null; `title` is how problems call it. With `modules_inside`
    /// its tables are sections of modules, which are left alone.
    Values explicit_values(const toml::table* table, const SectionSpec& spec, const std::string& title,
        bool modules_inside = false);
    /// A whole section: from `values`, else from `wider`, else the defaults.
    static Section filled(const SectionSpec& spec, const Values& values, const Values& wider);

    /// The module `name` does not exist, and was named at `where`.
    void refuse_module(const toml::source_region& where, const std::string& name);

    /// Where `table.key` stands, or the table, or the top of the file.
    static toml::source_region place(const toml::table* table, std::string_view key);

    /// Makes the path under `key` relative to the file's folder; an empty one becomes `if_empty`.
    void make_absolute(Section& section, const std::string& key, const std::string& if_empty = {}) const;

private:
    std::string home_of_key(std::string_view key) const;
    void refuse_key(const toml::key& key, const toml::node& node, const SectionSpec& spec,
        const std::string& title, bool modules_inside);
    std::string suggest_module(const std::string& name) const;
    std::optional<SettingSpec::Value> checked_value(const toml::node& node, const SettingSpec& spec,
        const std::string& title);
    std::string absolute(const std::string& path) const;

    const Schema& schema_;
    std::string file_;
    std::filesystem::path folder_;
    std::vector<ConfigProblem> problems_;
};

} // namespace stonechat
