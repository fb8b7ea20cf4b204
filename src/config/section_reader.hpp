// SPDX-License-Identifier: Apache-2.0
// SectionReader: reads the sections of one file, checks them against the schema, and collects all problems,
// each with its place and a suggestion. The callers interpret the values. Created for one reading; used by
// one thread.
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
    /// The values in the file, without defaults.
    using Values = std::map<std::string, SettingSpec::Value, std::less<>>;

    SectionReader(const Schema& schema, const std::string& file);

    const Schema& schema() const { return schema_; }

    /// Adds a problem, unless it is there already.
    void add(const toml::source_region& where, std::string message, std::string suggestion = {});
    /// Returns all problems, ordered by line.
    std::vector<ConfigProblem> take_problems();

    /// Reports keys and sections at the top level of the file that the schema does not have.
    void refuse_unknown_sections(const toml::table& root);

    /// Returns the table `name` of `parent`, or null. A value of another type is a problem.
    const toml::table* table_at(const toml::table& parent, std::string_view name);
    /// Returns the tables of `[[name]]`. A value of another type is a problem.
    std::vector<const toml::table*> tables_at(const toml::table& root, std::string_view name);

    /// Returns the valid values of `table`, which may be null. Problems name the table as `title`. With
    /// `modules_inside`, the tables in it are sections of modules and are skipped.
    Values explicit_values(const toml::table* table, const SectionSpec& spec, const std::string& title,
        bool modules_inside = false);
    /// Returns a complete section. Each key is taken from `values`, else from `wider`, else from the
    /// defaults.
    static Section filled(const SectionSpec& spec, const Values& values, const Values& wider);

    /// Reports that the module `name`, named at `where`, does not exist.
    void refuse_module(const toml::source_region& where, const std::string& name);

    /// Returns the place of `table.key`, else of the table, else the top of the file.
    static toml::source_region place(const toml::table* table, std::string_view key);

    /// Makes the path `key` absolute, starting at the file's folder. An empty path becomes `if_empty`.
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
