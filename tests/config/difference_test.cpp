// SPDX-License-Identifier: Apache-2.0
#include "config/difference.hpp"
#include "sample_schema.hpp"

using namespace stonechat;
using namespace stonechat::test;

namespace {

std::vector<SettingChange> changes(std::string_view from, std::string_view to)
{
    const Schema schema = sample_schema();
    return difference(effective_settings(schema, read(from)), effective_settings(schema, read(to)));
}

constexpr auto hot = SettingSpec::Heat::hot;
constexpr auto cold = SettingSpec::Heat::cold;
const std::string host(one_host);

} // namespace

TEST_CASE("difference: the same configuration has none")
{
    CHECK(changes(host, host).empty());
    CHECK(changes(host, "[c2s]\nstanza_bytes = 262144\n" + host).empty());
}

TEST_CASE("difference: a change is told with both values and its heat")
{
    const auto list = changes(host, "[server]\nshards = 3\n[c2s]\nstanza_bytes = \"1 MiB\"\n" + host);
    REQUIRE(list.size() == 2);
    CHECK(list[0] == SettingChange { "server.shards", "0", "3", cold });
    CHECK(list[1] == SettingChange { "c2s.stanza_bytes", "\"256 KiB\"", "\"1 MiB\"", hot });
}

TEST_CASE("difference: a host that comes or goes is cold")
{
    const auto list = changes(host, host + "[[host]]\nname = \"b\"\n");
    REQUIRE_FALSE(list.empty());
    CHECK(list[0] == SettingChange { "host.b.name", "", "\"b\"", cold });
    for (const SettingChange& each : list) {
        CHECK(each.heat == cold);
    }
    CHECK(changes(host + "[[host]]\nname = \"b\"\n", host).size() == list.size());
}

TEST_CASE("difference: turning a module on is cold, its settings may be hot")
{
    const auto list = changes(host,
        host + "[host.registration]\nenabled = true\n[host.offline]\nmessages = 5\n");
    REQUIRE(list.size() == 3);
    CHECK(list[0] == SettingChange { "host.localhost.offline.messages", "1000", "5", hot });
    CHECK(list[1] == SettingChange { "host.localhost.registration.enabled", "false", "true", cold });
    CHECK(list[2] == SettingChange { "host.localhost.registration.window", "", "\"1 day\"", cold });
}

TEST_CASE("difference: a reload takes the hot keys and leaves the cold ones")
{
    const Schema schema = sample_schema();
    const Settings running = read(host);
    const Settings wanted =
        read("[server]\nshards = 3\n[c2s]\ndepth = 100\n[[host]]\nname = \"localhost\"\n"
             "admins = [\"a@localhost\"]\n[host.offline]\nmessages = 5\nbytes = \"1 MiB\"\n"
             "[host.registration]\nenabled = true\n[[host]]\nname = \"new\"\n");
    const Settings result = with_hot_changes(schema, running, wanted);
    CHECK(result.section("server").integer("shards") == 0);
    CHECK(result.section("c2s").integer("depth") == 100);
    REQUIRE(result.hosts.size() == 1);
    CHECK(result.hosts[0].core.list("admins").size() == 1);
    CHECK(result.hosts[0].modules.at("offline").integer("messages") == 5);
    CHECK(result.hosts[0].modules.at("offline").integer("bytes") == 16 * 1024 * 1024);
    CHECK_FALSE(result.hosts[0].modules.contains("registration"));
}

TEST_CASE("effective: it is told which values are defaults")
{
    const Schema schema = sample_schema();
    const auto list = effective_settings(schema, read("[c2s]\ndepth = 100\nattributes = 64\n" + host));
    const auto is_default = [&](std::string_view path) {
        for (const EffectiveSetting& each : list) {
            if (each.path == path) {
                return each.is_default;
            }
        }
        FAIL("no such path");
        return false;
    };
    CHECK_FALSE(is_default("c2s.depth"));
    CHECK(is_default("c2s.attributes"));
    CHECK(is_default("host.localhost.offline.enabled"));
    CHECK(is_default("host.localhost.registration.enabled"));
}
