// SPDX-License-Identifier: Apache-2.0
#include "check.hpp"

#include "config/difference.hpp"
#include "config/loader.hpp"
#include "ctl/call.hpp"
#include "ctl/protocol.hpp"
#include "full_schema.hpp"
#include "readiness.hpp"
#include "serve.hpp"

#include <algorithm>
#include <iostream>

namespace stonechat {
namespace {

namespace json = boost::json;

std::string_view to_text(SettingSpec::Heat heat)
{
    return heat == SettingSpec::Heat::hot ? "hot" : "cold";
}

/// Returns the settings of the running server, or nullopt if none answers.
std::optional<std::vector<EffectiveSetting>> running_settings(const Settings& settings)
{
    auto call = ctl::Call::connect(settings.section("server").text("data_dir") + "/"
        + std::string(ctl::socket_name));
    if (!call) {
        return std::nullopt;
    }
    const auto answer = call->ask({ { "command", "settings" } });
    if (!answer) {
        return std::nullopt;
    }
    std::vector<EffectiveSetting> list;
    for (const json::value& each : answer->at("settings").as_array()) {
        EffectiveSetting setting;
        setting.path = std::string(each.at("path").as_string());
        setting.value = std::string(each.at("value").as_string());
        list.push_back(std::move(setting));
    }
    return list;
}

json::array to_json(const std::vector<ConfigProblem>& problems)
{
    json::array rows;
    for (const ConfigProblem& each : problems) {
        rows.push_back({ { "file", each.file }, { "line", each.line }, { "column", each.column },
            { "message", each.message }, { "suggestion", each.suggestion } });
    }
    return rows;
}

json::array to_json(const std::vector<EffectiveSetting>& settings)
{
    json::array rows;
    for (const EffectiveSetting& each : settings) {
        rows.push_back({ { "path", each.path }, { "value", each.value }, { "heat", to_text(each.heat) },
            { "default", each.is_default } });
    }
    return rows;
}

json::array to_json(const std::vector<SettingChange>& changes)
{
    json::array rows;
    for (const SettingChange& each : changes) {
        rows.push_back({ { "path", each.path }, { "from", each.from }, { "to", each.to },
            { "heat", to_text(each.heat) } });
    }
    return rows;
}

int print_problems(const std::vector<ConfigProblem>& problems, bool as_json)
{
    if (as_json) {
        std::cout << json::serialize(json::object { { "problems", to_json(problems) } }) << '\n';
        return exit_config;
    }
    for (const ConfigProblem& each : problems) {
        std::cerr << stonechat::to_text(each) << '\n';
    }
    std::cerr << problems.size() << (problems.size() == 1 ? " problem\n" : " problems\n");
    return exit_config;
}

void print_changes(const std::vector<SettingChange>& changes)
{
    if (changes.empty()) {
        std::cout << "\nThe running server has the same configuration.\n";
        return;
    }
    std::cout << "\nThe running server differs:\n";
    for (const SettingChange& each : changes) {
        const bool hot = each.heat == SettingSpec::Heat::hot;
        std::cout << (hot ? "  hot   " : "  cold  ") << each.path << ": "
                  << (each.from.empty() ? "(none)" : each.from) << " -> "
                  << (each.to.empty() ? "(none)" : each.to) << '\n';
    }
    std::cout
        << "A reload (SIGHUP, `stonechatctl reload`) applies what is hot; what is cold takes a restart.\n";
}

json::array texts_of(const std::vector<Finding>& findings, bool fatal_ones)
{
    json::array texts;
    for (const Finding& each : findings) {
        if (each.is_fatal == fatal_ones) {
            texts.emplace_back(each.text);
        }
    }
    return texts;
}

/// Prints the fatal findings last, where they are seen.
void print_findings(const std::vector<Finding>& findings)
{
    for (const bool fatal : { false, true }) {
        for (const Finding& each : findings) {
            if (each.is_fatal == fatal) {
                std::cerr << (fatal ? "\nIt would not start: " : "\nWarning: ") << each.text << '\n';
            }
        }
    }
}

int exit_code_for(const std::vector<Finding>& findings)
{
    const bool starts = std::none_of(findings.begin(), findings.end(),
        [](const Finding& each) { return each.is_fatal; });
    return starts ? exit_done : exit_failed;
}

} // namespace

int check(const std::string& config_file, bool as_json)
{
    const Schema schema = full_schema();
    const auto settings = load_settings(schema, config_file);
    if (!settings) {
        return print_problems(settings.error(), as_json);
    }
    const auto effective = effective_settings(schema, *settings);
    const auto running = running_settings(*settings);
    const auto changes = running ? difference(*running, effective) : std::vector<SettingChange>();
    const auto findings = look_at_surroundings(*settings, running.value_or(std::vector<EffectiveSetting>()));
    if (as_json) {
        json::object result { { "problems", json::array() }, { "settings", to_json(effective) } };
        result["differences"] = running ? json::value(to_json(changes)) : json::value(nullptr);
        result["obstacles"] = texts_of(findings, true);
        result["warnings"] = texts_of(findings, false);
        std::cout << json::serialize(result) << '\n';
        return exit_code_for(findings);
    }
    for (const EffectiveSetting& each : effective) {
        std::cout << each.path << " = " << each.value << (each.is_default ? "" : "    # set") << '\n';
    }
    if (running) {
        print_changes(changes);
    } else {
        std::cout << "\nNo server is running with this data_dir.\n";
    }
    std::cout << std::flush;
    print_findings(findings);
    return exit_code_for(findings);
}

} // namespace stonechat
