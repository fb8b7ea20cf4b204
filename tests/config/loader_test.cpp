// SPDX-License-Identifier: Apache-2.0
#include "sample_schema.hpp"

#include <filesystem>
#include <fstream>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

std::string with_host(std::string_view text)
{
    return std::string(text) + "\n" + std::string(one_host);
}

} // namespace

TEST_CASE("config: a host's name is all that a configuration needs")
{
    const Settings settings = read(one_host);
    REQUIRE(settings.hosts.size() == 1);
    CHECK(settings.hosts[0].name == "localhost");
    CHECK(settings.section("c2s").integer("stanza_bytes") == 262'144);
    CHECK(settings.section("c2s").integer("pre_auth_stanza_bytes") == 8192);
    CHECK(settings.section("c2s").duration("auth_timeout") == 30s);
    CHECK(settings.section("login").flag("plain"));
    CHECK(settings.section("login").integer("iterations") == 10'000);
}

TEST_CASE("config: without [[listen]] the two usual ports are served")
{
    const Settings settings = read(one_host);
    REQUIRE(settings.listen.size() == 2);
    CHECK(settings.listen[0].core.integer("port") == 5222);
    CHECK(settings.listen[0].core.text("tls") == "starttls");
    CHECK(settings.listen[1].core.integer("port") == 5223);
    CHECK(settings.listen[1].core.text("tls") == "direct");
}

TEST_CASE("config: sizes and durations are read with their units")
{
    const Settings settings = read(with_host("[c2s]\nstanza_bytes = \"512 KiB\"\nrate_bytes = 65536\n"
                                             "auth_timeout = \"2min\"\nkeepalive_interval = 0\n[limits]\n"
                                             "ban = \"7 days\"\n"));
    CHECK(settings.section("c2s").integer("stanza_bytes") == 512 * 1024);
    CHECK(settings.section("c2s").integer("rate_bytes") == 65'536);
    CHECK(settings.section("c2s").duration("auth_timeout") == 120s);
    CHECK(settings.section("c2s").duration("keepalive_interval") == 0s);
    CHECK(settings.section("limits").duration("ban") == 168h);
}

TEST_CASE("config: relative paths start at the folder of the file")
{
    const Settings settings = read("[server]\ndata_dir = \"data\"\n[[host]]\nname = \"a.example\"\n"
                                   "certificate = \"../tls/a.pem\"\nkey = \"/keys/a.pem\"\n"
                                   "[[host]]\nname = \"b.example\"\n");
    CHECK(settings.section("server").text("data_dir") == "/etc/chat/data");
    CHECK(settings.section("storage").text("file") == "/etc/chat/data/stonechat.db");
    CHECK(settings.hosts[0].core.text("certificate") == "/etc/tls/a.pem");
    CHECK(settings.hosts[0].core.text("key") == "/keys/a.pem");
    CHECK(settings.hosts[1].core.text("certificate") == "/etc/chat/data/b.example.crt");
    CHECK(settings.hosts[1].core.text("key") == "/etc/chat/data/b.example.key");
}

TEST_CASE("config: domains and administrators are prepared")
{
    const Settings settings = read("[[host]]\nname = \"LocalHost\"\nadmins = [\"Ann@LOCALHOST\"]\n");
    CHECK(settings.hosts[0].name == "localhost");
    CHECK(settings.hosts[0].core.list("admins") == std::vector<std::string> { "ann@localhost" });
}

TEST_CASE("config: a module is on by default or by `enabled`, and then has a section")
{
    const Settings settings = read("[[host]]\nname = \"a\"\n[host.registration]\nenabled = true\n"
                                   "[[host]]\nname = \"b\"\n[host.offline]\nenabled = false\n");
    CHECK(settings.host("a")->modules.contains("offline"));
    CHECK(settings.host("a")->modules.at("registration").duration("window") == 24h);
    CHECK_FALSE(settings.host("b")->modules.contains("offline"));
    CHECK_FALSE(settings.host("b")->modules.contains("registration"));
}

TEST_CASE("config: [modules.NAME] holds for the hosts that do not say otherwise")
{
    const Settings settings = read("[modules.offline]\nmessages = 5\n[[host]]\nname = \"a\"\n"
                                   "[[host]]\nname = \"b\"\n[host.offline]\nmessages = 7\n");
    CHECK(settings.host("a")->modules.at("offline").integer("messages") == 5);
    CHECK(settings.host("b")->modules.at("offline").integer("messages") == 7);
}

TEST_CASE("config: an unknown key is refused with its place and the key that was meant")
{
    CHECK(problem(with_host("[c2s]\nstanza_byte = 5"))
        == "2:1: unknown key 'stanza_byte' in [c2s]; did you mean 'stanza_bytes'?");
    CHECK(problem(with_host("[c2s]\n  lgoin_attempts = 5"))
        == "2:3: unknown key 'lgoin_attempts' in [c2s]; did you mean 'login_attempts'?");
    CHECK(problem(with_host("[c2s]\nzebra = 5")) == "2:1: unknown key 'zebra' in [c2s]");
    CHECK(problem("[[host]]\nname = \"a\"\n[host.offline]\nmesages = 5")
        == "4:1: unknown key 'mesages' in [host.offline]; did you mean 'messages'?");
}

TEST_CASE("config: a key in the wrong section is told where it belongs")
{
    CHECK(problem(with_host("[log]\nshards = 2"))
        == "2:1: unknown key 'shards' in [log]; it belongs to [server]");
    CHECK(problem(with_host("shards = 2"))
        == "1:1: key 'shards' stands outside of any section; it belongs to [server]");
    CHECK(problem("[[host]]\nname = \"a\"\nmessages = 5")
        == "3:1: unknown key 'messages' in [[host]]; it belongs to [host.offline]");
}

TEST_CASE("config: an unknown section or module is refused")
{
    CHECK(problem(with_host("[limit]\nban = \"1 h\""))
        == "1:2: unknown section [limit]; did you mean 'limits'?");
    CHECK(problem(with_host("[offline]\nmessages = 5"))
        == "1:2: unknown section [offline]; a module's section is [host.offline], or [modules.offline] for "
           "all hosts");
    CHECK(problem("[[host]]\nname = \"a\"\n[host.ofline]\n")
        == "3:7: there is no module 'ofline'; did you mean 'offline'?");
    CHECK(problem(with_host("[modules.c2s]\n"))
        == "1:10: there is no module 'c2s'; [c2s] is a section of the server, not of a host");
    CHECK(problem("[host]\nname = \"a\"")
        == "1:1: 'host' is a section, not a list of sections; write [[host]] with two brackets");
}

TEST_CASE("config: a value of the wrong type is refused")
{
    CHECK(problem(with_host("[login]\nplain = \"yes\""))
        == "2:9: 'plain' in [login] must be true or false, not a text");
    CHECK(problem(with_host("[c2s]\nstanza_bytes = \"256 kb\""))
        == "2:16: 'stanza_bytes' in [c2s] must be a size such as \"256 KiB\", not \"256 kb\"");
    CHECK(problem(with_host("[c2s]\nauth_timeout = 30"))
        == "2:16: 'auth_timeout' in [c2s] must be a duration such as \"30 s\", \"10 min\" or \"7 days\", not "
           "a number");
    CHECK(problem("[[host]]\nname = \"a\"\nadmins = \"x@a\"")
        == "3:10: 'admins' in [[host]] must be a list of texts: [\"one\", \"two\"], not a text");
}

TEST_CASE("config: a value outside of its bounds is refused")
{
    CHECK(problem(with_host("[c2s]\nstanza_bytes = 9999"))
        == "2:16: 'stanza_bytes' in [c2s] is \"9999 B\"; it must be between 10000 B and 16 MiB");
    CHECK(problem(with_host("[login]\niterations = 4096")) // RFC 5802 §5.1-4
        == "2:14: 'iterations' in [login] is 4096; it must be between 10000 and 10000000");
    CHECK(problem(with_host("[log]\nlevel = \"warn\""))
        == "2:9: 'level' in [log] is \"warn\"; it must be one of \"trace\", \"debug\", \"info\", "
           "\"warning\", "
           "\"error\"; did you mean 'warning'?");
}

TEST_CASE("config: the bounds themselves are allowed")
{
    CHECK(read(with_host("[c2s]\nstanza_bytes = 10000")).section("c2s").integer("stanza_bytes") == 10'000);
    CHECK(read(with_host("[c2s]\nstanza_bytes = \"16 MiB\"")).section("c2s").integer("stanza_bytes")
        == 16'777'216);
}

TEST_CASE("config: all problems are reported at once, in order of lines")
{
    const auto list = problems("[server]\nshards = -1\n[c2s]\nzebra = 1\n[login]\nplain = 3\n[[host]]\n");
    REQUIRE(list.size() == 4);
    CHECK(list[0].starts_with("2:"));
    CHECK(list[1].starts_with("4:"));
    CHECK(list[2].starts_with("6:"));
    CHECK(list[3].starts_with("7:"));
}

TEST_CASE("config: broken TOML is a problem with line and column")
{
    const auto list = problems("[server]\nshards = = 1\n");
    REQUIRE(list.size() == 1);
    CHECK(list[0].starts_with("2:"));
}

TEST_CASE("config: a port without TLS is open to this machine only")
{
    constexpr std::string_view tail = "\nport = 5224\ntls = \"none\"\n[[host]]\nname = \"a\"\n";
    const auto listen = [&](std::string_view address) {
        return problems("[[listen]]\naddress = \"" + std::string(address) + "\"" + std::string(tail));
    };
    CHECK(listen("127.0.0.1").empty());
    CHECK(listen("127.1.2.3").empty());
    CHECK(listen("::1").empty());
    CHECK(listen("::").size() == 1);
    CHECK(listen("0.0.0.0").size() == 1);
    CHECK(listen("192.0.2.1").size() == 1);
    CHECK(listen("::ffff:192.0.2.1").size() == 1);
    CHECK(listen("localhost").size() == 1);
    CHECK(problem("[[listen]]\ntls = \"none\"\n[[host]]\nname = \"a\"\n")
        == "2:7: tls = \"none\" sends everything in the clear, so it needs a loopback address; "
           "add address = \"127.0.0.1\", or choose \"starttls\"");
}

TEST_CASE("config: a port is served once")
{
    CHECK(problem(with_host("[[listen]]\nport = 7000\n[[listen]]\nport = 7000"))
        == "4:8: port 7000 is in two [[listen]] sections");
}

TEST_CASE("config: trusted proxies are addresses or prefixes")
{
    CHECK(problems(
        with_host("[[listen]]\nproxy_protocol_from = [\"10.0.0.0/8\", \"2001:db8::/32\", \"192.0.2.7\"]"))
              .empty());
    CHECK(problems(with_host("[[listen]]\nproxy_protocol_from = [\"10.0.0.0/33\", \"proxy\", \"10.0.0.0/\"]"))
              .size()
        == 3);
}

TEST_CASE("config: hosts have names, each once")
{
    CHECK(problem("") == " no [[host]] is served; add [[host]] and below it name = \"chat.example.org\"");
    CHECK(problem("[[host]]\n") == "1:1: a [[host]] has no name; name = \"chat.example.org\"");
    CHECK(problem("[[host]]\nname = \"a@b\"").starts_with("2:8: 'name' in [[host]] is not a domain"));
    CHECK(problem("[[host]]\nname = \"a\"\n[[host]]\nname = \"A\"") == "4:8: host \"a\" is there twice");
}

TEST_CASE("config: a certificate comes with its key")
{
    CHECK(problem("[[host]]\nname = \"a\"\ncertificate = \"a.pem\"")
        == "3:15: a [[host]] has a 'certificate' but no 'key'");
    CHECK(problem("[[host]]\nname = \"a\"\nkey = \"a.pem\"")
        == "3:7: a [[host]] has a 'key' but no 'certificate'");
}

TEST_CASE("config: a module that needs another is not on without it")
{
    CHECK(
        problem(
            "[[host]]\nname = \"a\"\n[host.registration]\nenabled = true\n[host.offline]\nenabled = false\n")
        == "5:1: host \"a\" has module 'registration' on, which needs 'offline'; turn both on, or both off");
}

TEST_CASE("config: an error in [modules.NAME] is reported once, however many hosts there are")
{
    CHECK(problem("[modules.offline]\nmessages = 0\n[[host]]\nname = \"a\"\n[[host]]\nname = \"b\"\n")
        == "2:12: 'messages' in [modules.offline] is 0; it must be between 1 and 100000");
}

TEST_CASE("config: logging to a file needs the file")
{
    CHECK(problems(with_host("[log]\ntarget = \"file\"")).size() == 1);
    CHECK(read(with_host("[log]\ntarget = \"file\"\nfile = \"log\"")).section("log").text("file")
        == "/etc/chat/log");
}

TEST_CASE("config: a file that cannot be read is a problem, not an exception")
{
    const auto loaded = load_settings(sample_schema(), "/nonexistent/stonechat.toml");
    REQUIRE(loaded.has_error());
    CHECK(to_text(loaded.error().front())
              .starts_with("/nonexistent/stonechat.toml: cannot be read: No such file"));
    CHECK(load_settings(sample_schema(), "/").has_error());
}

TEST_CASE("config: more than 1 MiB is refused")
{
    CHECK(problem(std::string(1024 * 1024 + 1, '#')) == " is larger than 1 MiB");
}

TEST_CASE("config: asking for what was never declared is a bug that shows")
{
    const Settings settings = read(one_host);
    CHECK_THROWS_AS((void)settings.section("c2s").integer("zebra"), std::logic_error);
    CHECK_THROWS_AS((void)settings.section("c2s").flag("depth"), std::logic_error);
    CHECK_THROWS_AS((void)settings.section("zebra"), std::logic_error);
}
