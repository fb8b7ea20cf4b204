// SPDX-License-Identifier: Apache-2.0
#include "config/section_reader.hpp"

#include "config/suggestion.hpp"
#include "config/toml_value.hpp"
#include "config/value_text.hpp"

#include <algorithm>
#include <system_error>

namespace stonechat {
namespace {

namespace fs = std::filesystem;
using Kind = SettingSpec::Kind;

std::vector<std::string> keys_of(const SectionSpec& spec)
{
    std::vector<std::string> keys;
    for (const SettingSpec& each : spec.keys) {
        keys.push_back(each.key);
    }
    return keys;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& words)
{
    const auto found = nearest(word, words);
    return found ? "did you mean '" + *found + "'?" : std::string();
}

} // namespace

SectionReader::SectionReader(const Schema& schema, const std::string& file) : schema_(schema), file_(file)
{
    std::error_code ignored; // on failure the path is used as given
    folder_ = fs::absolute(file, ignored).parent_path();
}

void SectionReader::add(const toml::source_region& where, std::string message, std::string suggestion)
{
    ConfigProblem problem { file_, where.begin.line, where.begin.column, std::move(message),
        std::move(suggestion) };
    if (std::find(problems_.begin(), problems_.end(), problem) == problems_.end()) {
        problems_.push_back(std::move(problem));
    }
}

std::vector<ConfigProblem> SectionReader::take_problems()
{
    std::stable_sort(problems_.begin(), problems_.end(),
        [](const ConfigProblem& a, const ConfigProblem& b) { return a.line < b.line; });
    return std::move(problems_);
}

void SectionReader::refuse_unknown_sections(const toml::table& root)
{
    std::vector<std::string> known { "listen", "host", "modules" };
    for (const SectionSpec& spec : schema_.sections()) {
        known.push_back(spec.name);
    }
    for (const auto& [key, node] : root) {
        const std::string name(key.str());
        if (std::find(known.begin(), known.end(), name) != known.end()) {
            continue;
        }
        if (!node.is_table() && !node.is_array_of_tables()) {
            add(key.source(), "key '" + name + "' stands outside of any section", home_of_key(name));
        } else if (schema_.module(name) != nullptr) {
            add(key.source(), "unknown section [" + name + "]",
                "a module's section is [host." + name + "], or [modules." + name + "] for all hosts");
        } else {
            add(key.source(), "unknown section [" + name + "]", did_you_mean(name, known));
        }
    }
}

/// Suggests the section to which a misplaced key belongs.
std::string SectionReader::home_of_key(std::string_view key) const
{
    std::string homes;
    const auto look_into = [&](const SectionSpec& spec, const std::string& title) {
        if (spec.find(key) != nullptr) {
            homes += (homes.empty() ? "" : " or ") + title;
        }
    };
    for (const SectionSpec& spec : schema_.sections()) {
        look_into(spec, "[" + spec.name + "]");
    }
    look_into(schema_.listen(), "[[listen]]");
    look_into(schema_.host(), "[[host]]");
    for (const ModuleSpec& each : schema_.modules()) {
        if (key != "enabled") {
            look_into(each.section, "[host." + each.section.name + "]");
        }
    }
    return homes.empty() ? homes : "it belongs to " + homes;
}

const toml::table* SectionReader::table_at(const toml::table& parent, std::string_view name)
{
    const toml::node* node = parent.get(name);
    if (node == nullptr || node->is_table()) {
        return node == nullptr ? nullptr : node->as_table();
    }
    const std::string title = "[" + std::string(name) + "]";
    add(node->source(), "'" + std::string(name) + "' is " + std::string(type_name(*node)) + ", not a section",
        "write " + title + " once, and its keys below it");
    return nullptr;
}

std::vector<const toml::table*> SectionReader::tables_at(const toml::table& root, std::string_view name)
{
    const toml::node* node = root.get(name);
    std::vector<const toml::table*> tables;
    if (node == nullptr) {
        return tables;
    }
    const toml::array* array = node->as_array();
    if (array == nullptr
        || !std::all_of(array->begin(), array->end(), [](const toml::node& n) { return n.is_table(); })) {
        const std::string title(name);
        add(node->source(),
            "'" + title + "' is " + std::string(type_name(*node)) + ", not a list of sections",
            "write [[" + title + "]] with two brackets");
        return tables;
    }
    for (const toml::node& each : *array) {
        tables.push_back(each.as_table());
    }
    return tables;
}

SectionReader::Values SectionReader::explicit_values(const toml::table* table, const SectionSpec& spec,
    const std::string& title, bool modules_inside)
{
    Values values;
    if (table == nullptr) {
        return values;
    }
    for (const auto& [key, node] : *table) {
        const std::string name(key.str());
        const SettingSpec* setting = spec.find(name);
        if (setting == nullptr) {
            refuse_key(key, node, spec, title, modules_inside);
        } else if (auto value = checked_value(node, *setting, title)) {
            values.emplace(name, std::move(*value));
        }
    }
    return values;
}

void SectionReader::refuse_key(const toml::key& key, const toml::node& node, const SectionSpec& spec,
    const std::string& title, bool modules_inside)
{
    const std::string name(key.str());
    if (modules_inside && node.is_table()) {
        if (schema_.module(name) == nullptr) {
            refuse_module(key.source(), name);
        }
        return;
    }
    std::string suggestion = did_you_mean(name, keys_of(spec));
    const std::string home = home_of_key(name);
    if (!home.empty()) {
        suggestion = home;
    }
    add(key.source(), "unknown key '" + name + "' in " + title, suggestion);
}

void SectionReader::refuse_module(const toml::source_region& where, const std::string& name)
{
    add(where, "there is no module '" + name + "'", suggest_module(name));
}

std::string SectionReader::suggest_module(const std::string& name) const
{
    if (schema_.section(name) != nullptr) {
        return "[" + name + "] is a section of the server, not of a host";
    }
    std::vector<std::string> names;
    for (const ModuleSpec& each : schema_.modules()) {
        names.push_back(each.section.name);
    }
    return did_you_mean(name, names);
}

std::optional<SettingSpec::Value> SectionReader::checked_value(const toml::node& node,
    const SettingSpec& spec, const std::string& title)
{
    const std::string subject = "'" + spec.key + "' in " + title;
    auto value = typed_value(node, spec);
    if (!value) {
        const bool right_type = node.is_string() && (spec.kind == Kind::bytes || spec.kind == Kind::duration);
        const std::string given = right_type ? quote_toml(*node.value_exact<std::string>())
                                             : std::string(type_name(node));
        add(node.source(), subject + " must be " + std::string(wanted_type(spec.kind)) + ", not " + given);
        return std::nullopt;
    }
    if (!is_within_bounds(spec, *value)) {
        std::string suggestion;
        if (spec.kind == Kind::choice) {
            suggestion = did_you_mean(std::get<std::string>(*value), spec.choices);
        }
        add(node.source(),
            subject + " is " + print_value(spec, *value) + "; it must be " + print_bounds(spec), suggestion);
        return std::nullopt;
    }
    return value;
}

Section SectionReader::filled(const SectionSpec& spec, const Values& values, const Values& wider)
{
    Section section;
    for (const SettingSpec& each : spec.keys) {
        if (const auto found = values.find(each.key); found != values.end()) {
            section.set(each.key, found->second);
        } else if (const auto general = wider.find(each.key); general != wider.end()) {
            section.set(each.key, general->second);
        } else {
            section.set(each.key, each.default_value);
        }
    }
    return section;
}

toml::source_region SectionReader::place(const toml::table* table, std::string_view key)
{
    if (table == nullptr) {
        return {};
    }
    const toml::node* node = table->get(key);
    return node == nullptr ? table->source() : node->source();
}

std::string SectionReader::absolute(const std::string& path) const
{
    return (folder_ / path).lexically_normal().string(); // an absolute `path` replaces the folder
}

void SectionReader::make_absolute(Section& section, const std::string& key, const std::string& if_empty) const
{
    const std::string& path = section.text(key);
    if (!path.empty() || !if_empty.empty()) {
        section.set(key, path.empty() ? if_empty : absolute(path));
    }
}

} // namespace stonechat
