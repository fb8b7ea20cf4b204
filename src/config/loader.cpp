// SPDX-License-Identifier: Apache-2.0
#include "config/loader.hpp"

#include "config/host_settings.hpp"
#include "config/listener_settings.hpp"
#include "config/section_reader.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace stonechat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_limit = 1024 * 1024; // enough for thousands of hosts

/// Checks of the core's sections that concern several keys, or the content of a list.
void finish_core(SectionReader& reader, Settings& settings, const toml::table& root)
{
    Section& server = settings.sections.at("server");
    if (server.text("data_dir").empty()) {
        reader.add(reader.place(reader.table_at(root, "server"), "data_dir"),
            "'data_dir' in [server] is empty");
    }
    reader.make_absolute(server, "data_dir");
    const fs::path data_dir(server.text("data_dir"));
    reader.make_absolute(settings.sections.at("storage"), "file", (data_dir / "stonechat.db").string());

    Section& log = settings.sections.at("log");
    if (log.text("target") == "file" && log.text("file").empty()) {
        reader.add(reader.place(reader.table_at(root, "log"), "target"),
            "[log] has target = \"file\" but names no file", "add file = \"stonechat.log\"");
    }
    reader.make_absolute(log, "file");
    if (!server.text("group").empty() && server.text("user").empty()) {
        reader.add(reader.place(reader.table_at(root, "server"), "group"),
            "[server] has a 'group' but no 'user'");
    }
    check_prefixes(reader, reader.table_at(root, "limits"), settings.section("limits"), "exempt");
    const Section& c2s = settings.section("c2s");
    if (c2s.integer("pre_auth_stanza_bytes") > c2s.integer("stanza_bytes")) {
        reader.add(reader.place(reader.table_at(root, "c2s"), "pre_auth_stanza_bytes"),
            "'pre_auth_stanza_bytes' in [c2s] is more than 'stanza_bytes'");
    }
}

Settings read_all(SectionReader& reader, const toml::table& root, const std::string& file)
{
    Settings settings;
    settings.file = file;
    reader.refuse_unknown_sections(root);
    for (const SectionSpec& spec : reader.schema().sections()) {
        const auto values = reader.explicit_values(reader.table_at(root, spec.name), spec,
            "[" + spec.name + "]");
        settings.sections.emplace(spec.name, SectionReader::filled(spec, values, {}));
    }
    finish_core(reader, settings, root);
    settings.listen = read_listeners(reader, root);
    settings.hosts = read_hosts(reader, root, settings.section("server").text("data_dir"));
    return settings;
}

} // namespace

LoadedSettings load_settings(const Schema& schema, const std::string& file)
{
    const auto refused = [&](std::string message, std::string suggestion) {
        return std::vector<ConfigProblem> { { file, 0, 0, std::move(message), std::move(suggestion) } };
    };
    std::error_code error;
    if (fs::is_directory(file, error)) {
        return refused("this is a folder, not a configuration", "name the file in it, stonechat.toml");
    }
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        const std::string why = std::generic_category().message(errno);
        return refused("cannot be read: " + why, "`stonechat init DIR --host NAME` makes a new one");
    }
    std::string text(file_limit + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad()) {
        return refused("cannot be read to its end", "");
    }
    return parse_settings(schema, text, file);
}

LoadedSettings parse_settings(const Schema& schema, std::string_view text, const std::string& file)
{
    if (text.size() > file_limit) {
        return std::vector<ConfigProblem> { { file, 0, 0, "is larger than 1 MiB", "" } };
    }
    SectionReader reader(schema, file);
    // toml++ reports broken syntax by an exception.
    try {
        const toml::table root = toml::parse(text, file);
        Settings settings = read_all(reader, root, file);
        auto problems = reader.take_problems();
        if (!problems.empty()) {
            return problems;
        }
        return settings;
    } catch (const toml::parse_error& error) {
        reader.add(error.source(), std::string(error.description()));
        return reader.take_problems();
    }
}

} // namespace stonechat
