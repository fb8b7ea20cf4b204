// SPDX-License-Identifier: Apache-2.0
#include "config/listener_settings.hpp"

#include "config/value_text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <set>

namespace stonechat {
namespace {

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

void check_listener(SectionReader& reader, const toml::table& table, const Section& core)
{
    const std::string& address = core.text("address");
    if (!is_ip_address(address)) {
        reader.add(reader.place(&table, "address"),
            "'address' in [[listen]] is " + quote_toml(address) + ", not an IP address",
            "\"::\" listens everywhere, \"127.0.0.1\" on this machine only");
    } else if (core.text("tls") == "none" && !is_loopback(address)) {
        reader.add(reader.place(&table, "tls"),
            "tls = \"none\" sends everything in the clear, so it needs a loopback address",
            "add address = \"127.0.0.1\", or choose \"starttls\"");
    }
    check_prefixes(reader, &table, core, "proxy_protocol_from");
}

void add_usual_listeners(const Schema& schema, std::vector<ListenSettings>& listeners)
{
    listeners.push_back({ defaults_of(schema.listen()) });
    Section direct = defaults_of(schema.listen());
    direct.set("port", std::int64_t(5223));
    direct.set("tls", std::string("direct"));
    listeners.push_back({ std::move(direct) });
}

} // namespace

void check_prefixes(SectionReader& reader, const toml::table* table, const Section& section,
    const std::string& key)
{
    for (const std::string& each : section.list(key)) {
        if (!is_prefix(each)) {
            reader.add(reader.place(table, key),
                quote_toml(each) + " in '" + key + "' is no address or prefix", "\"10.0.0.0/8\" is one");
        }
    }
}

std::vector<ListenSettings> read_listeners(SectionReader& reader, const toml::table& root)
{
    const auto tables = reader.tables_at(root, "listen");
    std::vector<ListenSettings> listeners;
    std::set<std::pair<std::string, std::int64_t>> taken;
    for (const toml::table* table : tables) {
        Section core = reader.filled(reader.schema().listen(),
            reader.explicit_values(table, reader.schema().listen(), "[[listen]]"), {});
        check_listener(reader, *table, core);
        if (!taken.emplace(core.text("address"), core.integer("port")).second) {
            reader.add(reader.place(table, "port"),
                "port " + std::to_string(core.integer("port")) + " is in two [[listen]] sections");
        }
        listeners.push_back({ std::move(core) });
    }
    if (root.get("listen") == nullptr) {
        add_usual_listeners(reader.schema(), listeners);
    }
    return listeners;
}

} // namespace stonechat
