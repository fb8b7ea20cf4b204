// SPDX-License-Identifier: Apache-2.0
#include "config/host_settings.hpp"

#include "config/value_text.hpp"
#include "xmpp/jid.hpp"

#include <algorithm>

namespace stonechat {
namespace {

namespace fs = std::filesystem;

class HostReading {
public:
    HostReading(SectionReader& reader, const std::string& data_dir) : reader_(reader), data_dir_(data_dir) {}

    std::vector<HostSettings> read(const toml::table& root)
    {
        std::vector<HostSettings> hosts;
        const std::map<std::string, Values> general = read_general_modules(root);
        for (const toml::table* table : reader_.tables_at(root, "host")) {
            if (auto host = read_host(*table, general)) {
                const std::string& name = host->name;
                const auto is_same = [&name](const HostSettings& other) { return other.name == name; };
                if (std::any_of(hosts.begin(), hosts.end(), is_same)) {
                    reader_.add(reader_.place(table, "name"),
                        "host " + quote_toml(host->name) + " is there twice");
                    continue;
                }
                hosts.push_back(std::move(*host));
            }
        }
        if (root.get("host") == nullptr
            || (root.get("host")->is_array() && root.get("host")->as_array()->empty())) {
            reader_.add({}, "no [[host]] is served", "add [[host]] and below it name = \"chat.example.org\"");
        }
        return hosts;
    }

private:
    using Values = SectionReader::Values;

    /// Reads `[modules.NAME]`, whose keys apply to every host that does not set them itself.
    std::map<std::string, Values> read_general_modules(const toml::table& root)
    {
        std::map<std::string, Values> general;
        const toml::table* table = reader_.table_at(root, "modules");
        if (table == nullptr) {
            return general;
        }
        for (const auto& [key, node] : *table) {
            const std::string name(key.str());
            const ModuleSpec* module = reader_.schema().module(name);
            if (module == nullptr) {
                reader_.refuse_module(key.source(), name);
            } else {
                general[name] = reader_.explicit_values(reader_.table_at(*table, name), module->section,
                    "[modules." + name + "]");
            }
        }
        return general;
    }

    std::optional<HostSettings> read_host(const toml::table& table,
        const std::map<std::string, Values>& general)
    {
        const Values values = reader_.explicit_values(&table, reader_.schema().host(), "[[host]]", true);
        HostSettings host;
        host.core = reader_.filled(reader_.schema().host(), values, {});
        const auto name = Jid::parse(host.core.text("name"));
        const bool named = name && name->is_domain();
        if (!named) {
            reader_.add(reader_.place(&table, "name"),
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
                reader_.add(reader_.place(&table, "admins"),
                    quote_toml(each) + " in 'admins' is not an address user@domain");
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
            reader_.add(reader_.place(&table, has_certificate ? "certificate" : "key"),
                has_certificate ? "a [[host]] has a 'certificate' but no 'key'"
                                : "a [[host]] has a 'key' but no 'certificate'");
        }
        reader_.make_absolute(host.core, "certificate",
            (fs::path(data_dir_) / (host.name + ".crt")).string());
        reader_.make_absolute(host.core, "key", (fs::path(data_dir_) / (host.name + ".key")).string());
    }

    void read_modules(const toml::table& table, HostSettings& host,
        const std::map<std::string, Values>& general)
    {
        for (const ModuleSpec& module : reader_.schema().modules()) {
            const std::string& name = module.section.name;
            const Values values = reader_.explicit_values(reader_.table_at(table, name), module.section,
                "[host." + name + "]");
            const auto wider = general.find(name);
            const Section all = reader_.filled(module.section, values,
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
        for (const ModuleSpec& module : reader_.schema().modules()) {
            const std::string& name = module.section.name;
            for (const std::string& needed : module.needs) {
                if (host.modules.contains(name) && !host.modules.contains(needed)) {
                    reader_.add(reader_.place(&table, needed),
                        "host " + quote_toml(host.name) + " has module '" + name + "' on, which needs '"
                            + needed + "'",
                        "turn both on, or both off");
                }
            }
        }
    }

    SectionReader& reader_;
    std::string data_dir_;
};

} // namespace

std::vector<HostSettings> read_hosts(SectionReader& reader, const toml::table& root,
    const std::string& data_dir)
{
    return HostReading(reader, data_dir).read(root);
}

} // namespace stonechat
