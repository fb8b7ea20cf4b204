// SPDX-License-Identifier: Apache-2.0
#include "config/loader.hpp"

#include "config/suggestion.hpp"
#include "config/value_text.hpp"
#include "xmpp/jid.hpp"

#include <arpa/inet.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

namespace stonechat {
namespace {

namespace fs = std::filesystem;
using Kind = SettingSpec::Kind;

constexpr std::size_t file_limit = 1024 * 1024; // thousands of hosts fit into it

std::string_view type_name(const toml::node& node)
{
    if (node.is_string()) {
        return "a text";
    }
    if (node.is_integer()) {
        return "a number";
    }
    if (node.is_boolean()) {
        return "true or false";
    }
    if (node.is_array()) {
        return "a list";
    }
    return node.is_table() ? "a section" : "a value of another type";
}

std::string_view wanted_type(Kind kind)
{
    switch (kind) {
    case Kind::flag: return "true or false";
    case Kind::integer: return "a whole number";
    case Kind::bytes: return "a size such as \"256 KiB\"";
    case Kind::duration: return "a duration such as \"30 s\", \"10 min\" or \"7 days\"";
    case Kind::text: return "a text in quotes";
    case Kind::choice: return "a word in quotes";
    case Kind::list: return "a list of texts: [\"one\", \"two\"]";
    }
    return {};
}

std::optional<SettingSpec::Value> text_list(const toml::node& node)
{
    const toml::array* array = node.as_array();
    if (array == nullptr) {
        return std::nullopt;
    }
    std::vector<std::string> list;
    for (const toml::node& each : *array) {
        const auto text = each.value_exact<std::string>();
        if (!text) {
            return std::nullopt;
        }
        list.push_back(*text);
    }
    return list;
}

/// The value of `node` if it has the type that `spec` asks for; bounds are not looked at.
std::optional<SettingSpec::Value> typed_value(const toml::node& node, const SettingSpec& spec)
{
    const auto number = node.value_exact<std::int64_t>();
    const auto text = node.value_exact<std::string>();
    switch (spec.kind) {
    case Kind::flag:
        if (const auto flag = node.value_exact<bool>()) {
            return *flag;
        }
        return std::nullopt;
    case Kind::integer:
        if (number) {
            return *number;
        }
        return std::nullopt;
    case Kind::bytes:
        if (number) {
            return *number;
        }
        if (const auto bytes = text ? parse_bytes(*text) : std::nullopt) {
            return *bytes;
        }
        return std::nullopt;
    case Kind::duration:
        if (number == std::int64_t(0)) {
            return *number;
        }
        if (const auto duration = text ? parse_duration(*text) : std::nullopt) {
            return *duration;
        }
        return std::nullopt;
    case Kind::text:
    case Kind::choice:
        if (text) {
            return *text;
        }
        return std::nullopt;
    case Kind::list: return text_list(node);
    }
    return std::nullopt;
}

bool is_within_bounds(const SettingSpec& spec, const SettingSpec::Value& value)
{
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return *number >= spec.minimum && *number <= spec.maximum;
    }
    if (spec.kind == Kind::choice) {
        return std::find(spec.choices.begin(), spec.choices.end(), std::get<std::string>(value))
            != spec.choices.end();
    }
    return true;
}

bool is_loopback(const std::string& address)
{
    in6_addr v6 {};
    if (inet_pton(AF_INET6, address.c_str(), &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6);
    }
    in_addr v4 {};
    return inet_pton(AF_INET, address.c_str(), &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

bool is_ip_address(const std::string& address)
{
    in6_addr space {};
    return inet_pton(AF_INET6, address.c_str(), &space) == 1
        || inet_pton(AF_INET, address.c_str(), &space) == 1;
}

/// "10.0.0.0/8", "2001:db8::/32", or an address alone.
bool is_prefix(const std::string& text)
{
    const auto slash = text.find('/');
    const std::string address = text.substr(0, slash);
    if (!is_ip_address(address) || slash == std::string::npos) {
        return is_ip_address(address);
    }
    const std::string length = text.substr(slash + 1);
    const bool digits = !length.empty() && length.size() <= 3
        && std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits && std::stoi(length) <= (address.find(':') == std::string::npos ? 32 : 128);
}

std::vector<std::string> keys_of(const SectionSpec& spec)
{
    std::vector<std::string> keys;
    for (const SettingSpec& each : spec.keys) {
        keys.push_back(each.key);
    }
    return keys;
}

/// One reading of one file: goes through the tables and collects problems on the way.
class Reading {
public:
    Reading(const Schema& schema, const std::string& file) : schema_(schema), file_(file)
    {
        std::error_code ignored; // the path as given is then as good as any
        folder_ = fs::absolute(file, ignored).parent_path();
    }

    Settings read(const toml::table& root)
    {
        Settings settings;
        settings.file = file_;
        refuse_unknown_sections(root);
        for (const SectionSpec& spec : schema_.sections()) {
            const Values values = explicit_values(table_at(root, spec.name), spec, "[" + spec.name + "]");
            settings.sections.emplace(spec.name, filled(spec, values, {}));
        }
        finish_core(settings, root);
        read_listeners(settings, root);
        read_hosts(settings, root);
        return settings;
    }

    void add(const toml::source_region& where, std::string message, std::string suggestion = {})
    {
        ConfigProblem problem { file_, where.begin.line, where.begin.column, std::move(message),
            std::move(suggestion) };
        if (std::find(problems_.begin(), problems_.end(), problem) == problems_.end()) {
            problems_.push_back(std::move(problem));
        }
    }

    std::vector<ConfigProblem> take_problems()
    {
        std::stable_sort(problems_.begin(), problems_.end(),
            [](const ConfigProblem& a, const ConfigProblem& b) { return a.line < b.line; });
        return std::move(problems_);
    }

private:
    /// What stands in the file, without defaults.
    using Values = std::map<std::string, SettingSpec::Value, std::less<>>;

    void refuse_unknown_sections(const toml::table& root)
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

    static std::string did_you_mean(std::string_view word, const std::vector<std::string>& words)
    {
        const auto found = nearest(word, words);
        return found ? "did you mean '" + *found + "'?" : std::string();
    }

    /// Where a key belongs that stands in the wrong place.
    std::string home_of_key(std::string_view key) const
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

    /// The table `name` of `parent`, or null; anything else there is a problem.
    const toml::table* table_at(const toml::table& parent, std::string_view name)
    {
        const toml::node* node = parent.get(name);
        if (node == nullptr || node->is_table()) {
            return node == nullptr ? nullptr : node->as_table();
        }
        const std::string title = "[" + std::string(name) + "]";
        add(node->source(),
            "'" + std::string(name) + "' is " + std::string(type_name(*node)) + ", not a section",
            "write " + title + " once, and its keys below it");
        return nullptr;
    }

    /// The tables of `[[name]]`; a problem if it is something else.
    std::vector<const toml::table*> tables_at(const toml::table& root, std::string_view name)
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

    Values explicit_values(const toml::table* table, const SectionSpec& spec, const std::string& title,
        bool modules_inside = false)
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

    void refuse_key(const toml::key& key, const toml::node& node, const SectionSpec& spec,
        const std::string& title, bool modules_inside)
    {
        const std::string name(key.str());
        if (modules_inside && node.is_table()) {
            if (schema_.module(name) == nullptr) {
                add(key.source(), "there is no module '" + name + "'", suggest_module(name));
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

    std::string suggest_module(const std::string& name) const
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

    std::optional<SettingSpec::Value> checked_value(const toml::node& node, const SettingSpec& spec,
        const std::string& title)
    {
        const std::string subject = "'" + spec.key + "' in " + title;
        auto value = typed_value(node, spec);
        if (!value) {
            const bool right_type = node.is_string()
                && (spec.kind == Kind::bytes || spec.kind == Kind::duration);
            const std::string given = right_type ? quote_toml(*node.value_exact<std::string>())
                                                 : std::string(type_name(node));
            add(node.source(),
                subject + " must be " + std::string(wanted_type(spec.kind)) + ", not " + given);
            return std::nullopt;
        }
        if (!is_within_bounds(spec, *value)) {
            std::string suggestion;
            if (spec.kind == Kind::choice) {
                suggestion = did_you_mean(std::get<std::string>(*value), spec.choices);
            }
            add(node.source(),
                subject + " is " + print_value(spec, *value) + "; it must be " + print_bounds(spec),
                suggestion);
            return std::nullopt;
        }
        return value;
    }

    /// A whole section: from `values`, else from `wider`, else the defaults.
    static Section filled(const SectionSpec& spec, const Values& values, const Values& wider)
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

    /// Where `table.key` stands, or the table, or the top of the file.
    static toml::source_region place(const toml::table* table, std::string_view key)
    {
        if (table == nullptr) {
            return {};
        }
        const toml::node* node = table->get(key);
        return node == nullptr ? table->source() : node->source();
    }

    std::string absolute(const std::string& path) const
    {
        return (folder_ / path).lexically_normal().string(); // an absolute `path` replaces the folder
    }

    void make_absolute(Section& section, const std::string& key, const std::string& if_empty = {}) const
    {
        const std::string& path = section.text(key);
        if (!path.empty() || !if_empty.empty()) {
            section.set(key, path.empty() ? if_empty : absolute(path));
        }
    }

    void finish_core(Settings& settings, const toml::table& root)
    {
        Section& server = settings.sections.at("server");
        if (server.text("data_dir").empty()) {
            add(place(table_at(root, "server"), "data_dir"), "'data_dir' in [server] is empty");
        }
        make_absolute(server, "data_dir");
        data_dir_ = server.text("data_dir");
        make_absolute(settings.sections.at("storage"), "file",
            (fs::path(data_dir_) / "stonechat.db").string());

        Section& log = settings.sections.at("log");
        if (log.text("target") == "file" && log.text("file").empty()) {
            add(place(table_at(root, "log"), "target"), "[log] has target = \"file\" but names no file",
                "add file = \"stonechat.log\"");
        }
        make_absolute(log, "file");
        if (!server.text("group").empty() && server.text("user").empty()) {
            add(place(table_at(root, "server"), "group"), "[server] has a 'group' but no 'user'");
        }
        const Section& c2s = settings.section("c2s");
        if (c2s.integer("pre_auth_stanza_bytes") > c2s.integer("stanza_bytes")) {
            add(place(table_at(root, "c2s"), "pre_auth_stanza_bytes"),
                "'pre_auth_stanza_bytes' in [c2s] is more than 'stanza_bytes'");
        }
    }

    void read_listeners(Settings& settings, const toml::table& root)
    {
        const auto tables = tables_at(root, "listen");
        std::set<std::pair<std::string, std::int64_t>> taken;
        for (const toml::table* table : tables) {
            Section core = filled(schema_.listen(), explicit_values(table, schema_.listen(), "[[listen]]"),
                {});
            check_listener(*table, core);
            if (!taken.emplace(core.text("address"), core.integer("port")).second) {
                add(place(table, "port"),
                    "port " + std::to_string(core.integer("port")) + " is in two [[listen]] sections");
            }
            settings.listen.push_back({ std::move(core) });
        }
        if (root.get("listen") == nullptr) {
            add_usual_listeners(settings);
        }
    }

    void check_listener(const toml::table& table, const Section& core)
    {
        const std::string& address = core.text("address");
        if (!is_ip_address(address)) {
            add(place(&table, "address"),
                "'address' in [[listen]] is " + quote_toml(address) + ", not an IP address",
                "\"::\" listens everywhere, \"127.0.0.1\" on this machine only");
        } else if (core.text("tls") == "none" && !is_loopback(address)) {
            add(place(&table, "tls"),
                "tls = \"none\" sends everything in the clear, so it needs a loopback address",
                "add address = \"127.0.0.1\", or choose \"starttls\"");
        }
        for (const std::string& each : core.list("proxy_protocol_from")) {
            if (!is_prefix(each)) {
                add(place(&table, "proxy_protocol_from"),
                    quote_toml(each) + " in 'proxy_protocol_from' is no address or prefix",
                    "\"10.0.0.0/8\" is one");
            }
        }
    }

    void add_usual_listeners(Settings& settings) const
    {
        settings.listen.push_back({ defaults_of(schema_.listen()) });
        Section direct = defaults_of(schema_.listen());
        direct.set("port", std::int64_t(5223));
        direct.set("tls", std::string("direct"));
        settings.listen.push_back({ std::move(direct) });
    }

    void read_hosts(Settings& settings, const toml::table& root)
    {
        const std::map<std::string, Values> general = read_general_modules(root);
        for (const toml::table* table : tables_at(root, "host")) {
            if (auto host = read_host(*table, general)) {
                if (settings.host(host->name) != nullptr) {
                    add(place(table, "name"), "host " + quote_toml(host->name) + " is there twice");
                    continue;
                }
                settings.hosts.push_back(std::move(*host));
            }
        }
        if (root.get("host") == nullptr
            || (root.get("host")->is_array() && root.get("host")->as_array()->empty())) {
            add({}, "no [[host]] is served", "add [[host]] and below it name = \"chat.example.org\"");
        }
    }

    /// `[modules.NAME]`: what holds for every host that does not say otherwise.
    std::map<std::string, Values> read_general_modules(const toml::table& root)
    {
        std::map<std::string, Values> general;
        const toml::table* table = table_at(root, "modules");
        if (table == nullptr) {
            return general;
        }
        for (const auto& [key, node] : *table) {
            const std::string name(key.str());
            const ModuleSpec* module = schema_.module(name);
            if (module == nullptr) {
                add(key.source(), "there is no module '" + name + "'", suggest_module(name));
            } else {
                general[name] = explicit_values(table_at(*table, name), module->section,
                    "[modules." + name + "]");
            }
        }
        return general;
    }

    std::optional<HostSettings> read_host(const toml::table& table,
        const std::map<std::string, Values>& general)
    {
        const Values values = explicit_values(&table, schema_.host(), "[[host]]", true);
        HostSettings host;
        host.core = filled(schema_.host(), values, {});
        const auto name = Jid::parse(host.core.text("name"));
        const bool named = name && name->is_domain();
        if (!named) {
            add(place(&table, "name"),
                table.get("name") == nullptr ? "a [[host]] has no name"
                                             : "'name' in [[host]] is not a domain",
                "name = \"chat.example.org\"");
        }
        host.name = named ? name->text() : std::string();
        host.core.set("name", host.name);
        prepare_admins(table, host.core);
        find_certificate(table, host);
        read_modules(table, host, general);
        return named ? std::optional(std::move(host)) : std::nullopt;
    }

    void prepare_admins(const toml::table& table, Section& core)
    {
        std::vector<std::string> admins;
        for (const std::string& each : core.list("admins")) {
            const auto jid = Jid::parse(each);
            if (!jid || !jid->is_bare() || !jid->has_local()) {
                add(place(&table, "admins"), quote_toml(each) + " in 'admins' is not an address user@domain");
                continue;
            }
            admins.push_back(jid->text());
        }
        core.set("admins", std::move(admins));
    }

    void find_certificate(const toml::table& table, HostSettings& host)
    {
        const bool has_certificate = !host.core.text("certificate").empty();
        if (has_certificate != !host.core.text("key").empty()) {
            add(place(&table, has_certificate ? "certificate" : "key"),
                has_certificate ? "a [[host]] has a 'certificate' but no 'key'"
                                : "a [[host]] has a 'key' but no 'certificate'");
        }
        make_absolute(host.core, "certificate", (fs::path(data_dir_) / (host.name + ".crt")).string());
        make_absolute(host.core, "key", (fs::path(data_dir_) / (host.name + ".key")).string());
    }

    void read_modules(const toml::table& table, HostSettings& host,
        const std::map<std::string, Values>& general)
    {
        for (const ModuleSpec& module : schema_.modules()) {
            const std::string& name = module.section.name;
            const Values values = explicit_values(table_at(table, name), module.section,
                "[host." + name + "]");
            const auto wider = general.find(name);
            const Section all = filled(module.section, values,
                wider == general.end() ? Values() : wider->second);
            if (!all.flag("enabled")) {
                continue;
            }
            Section section;
            for (const auto& [key, value] : all.values()) {
                if (key != "enabled") {
                    section.set(key, value);
                }
            }
            host.modules.emplace(name, std::move(section));
        }
        refuse_missing_modules(table, host);
    }

    void refuse_missing_modules(const toml::table& table, const HostSettings& host)
    {
        for (const ModuleSpec& module : schema_.modules()) {
            const std::string& name = module.section.name;
            for (const std::string& needed : module.needs) {
                if (host.modules.contains(name) && !host.modules.contains(needed)) {
                    add(place(&table, needed),
                        "host " + quote_toml(host.name) + " has module '" + name + "' on, which needs '"
                            + needed + "'",
                        "turn both on, or both off");
                }
            }
        }
    }

    const Schema& schema_;
    std::string file_;
    fs::path folder_;
    std::string data_dir_;
    std::vector<ConfigProblem> problems_;
};

} // namespace

std::string to_text(const ConfigProblem& problem)
{
    std::string text = problem.file;
    if (problem.line != 0) {
        text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    }
    text += ": " + problem.message;
    return problem.suggestion.empty() ? text : text + "; " + problem.suggestion;
}

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
    Reading reading(schema, file);
    // The one place that catches: toml++ reports broken syntax by an exception.
    try {
        const toml::table root = toml::parse(text, file);
        Settings settings = reading.read(root);
        auto problems = reading.take_problems();
        if (!problems.empty()) {
            return problems;
        }
        return settings;
    } catch (const toml::parse_error& error) {
        reading.add(error.source(), std::string(error.description()));
        return reading.take_problems();
    }
}

} // namespace stonechat
