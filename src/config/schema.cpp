// SPDX-License-Identifier: Apache-2.0
// The sections and keys of the core:
//   server   data_dir shards user group blocking_threads blocking_queue
//   log      level target file
//   storage  backend file readers
//   c2s      stanza_bytes pre_auth_stanza_bytes depth attributes namespaces elements parser_heap_bytes
//            rate_bytes rate_burst_bytes rate_stanzas rate_burst_stanzas auth_timeout tls_timeout
//            resources_per_account resource_conflict keepalive_interval unsent_bytes account_unsent_bytes
//            stall_timeout
//            login_attempts
//   login    plain scram_sha1 iterations
//   accounts names_reserved
//   stream_management  resume_window unacknowledged ack_timeout
//   limits   connections_per_prefix connection_rate connection_burst login_failures failure_window ban
//            login_wait exempt memory_bytes
//   listen   kind address port tls proxy_protocol_from
//   host     name certificate key admins
#include "config/schema.hpp"

#include <algorithm>

namespace stonechat {
namespace {

using Spec = SettingSpec;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto cold = SettingSpec::Heat::cold;
constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;
constexpr std::int64_t gib = 1024 * mib;

SectionSpec server()
{
    return { "server", "The process: where its data lies, how many threads it has, whom it runs as.",
        {
            Spec::text("data_dir", "/var/lib/stonechat",
                "Folder of the database, the control socket and what the server makes for itself.", cold),
            Spec::integer("shards", 0, 0, 256, "Event loops, each on a thread of its own; 0 = one per core.",
                cold),
            Spec::text("user", "", "Account to run as after the ports are open, when started as root.", cold),
            Spec::text("group", "", "Group to run as; empty = the first group of `user`.", cold),
            Spec::integer("blocking_threads", 2, 1, 64,
                "Threads for work that takes long: hashing passwords.", cold),
            Spec::integer("blocking_queue", 1024, 1, 1'000'000,
                "Jobs waiting for these threads; more are refused with a temporary error.", cold),
        } };
}

SectionSpec log()
{
    return { "log", "What is written down of the server's doings. Never bodies, passwords or tokens.",
        {
            Spec::choice("level", "info", { "trace", "debug", "info", "warning", "error" },
                "The least important lines to write."),
            Spec::choice("target", "stderr", { "stderr", "journald", "file" },
                "Where lines go; journald marks them with the priorities that systemd reads.", cold),
            Spec::text("file", "",
                "The file of target \"file\"; it is rotated at 64 MiB, 5 old ones are kept.", cold),
        } };
}

SectionSpec storage()
{
    return { "storage", "Where accounts, rosters and messages are kept.",
        {
            Spec::choice("backend", "sqlite", { "sqlite", "memory" },
                "\"memory\" forgets everything at the end; for trying things out.", cold),
            Spec::text("file", "", "The database; empty = stonechat.db in data_dir.", cold),
            Spec::integer("readers", 2, 1, 64, "Threads that read from the database.", cold),
        } };
}

SectionSpec c2s()
{
    return { "c2s", "Streams of clients. A change holds for streams that are opened after it.",
        {
            Spec::bytes("stanza_bytes", 256 * kib, 10'000, 16 * mib,
                "Largest stanza (RFC 6120 asks for at least 10000 bytes)."),
            Spec::bytes("pre_auth_stanza_bytes", 8 * kib, 4 * kib, mib,
                "The same before the client has logged in."),
            Spec::integer("depth", 64, 8, 1024, "Elements inside one another."),
            Spec::integer("attributes", 64, 16, 1024, "Attributes of one element."),
            Spec::integer("namespaces", 32, 8, 1024, "Namespace declarations of one element."),
            Spec::integer("elements", 4096, 64, 1'000'000, "Elements in one stanza."),
            Spec::bytes("parser_heap_bytes", mib, 128 * kib, 64 * mib, "Memory of one stream's XML parser."),
            Spec::bytes("rate_bytes", 32 * kib, kib, gib,
                "Bytes a second that a client may send in the long run; then it is read more slowly."),
            Spec::bytes("rate_burst_bytes", 256 * kib, 10'000, gib, "Bytes it may send at once before that."),
            Spec::integer("rate_stanzas", 50, 1, 1'000'000,
                "Stanzas a second that a client may send in the long run."),
            Spec::integer("rate_burst_stanzas", 200, 1, 1'000'000,
                "Stanzas it may send at once before that."),
            Spec::duration("auth_timeout", seconds(30), seconds(1), seconds(600),
                "Time for a new connection to log in and bind a resource."),
            Spec::duration("tls_timeout", seconds(10), seconds(1), seconds(120),
                "Time for the TLS handshake of a connection.", cold),
            Spec::integer("resources_per_account", 10, 1, 1000, "Sessions of one account at a time."),
            Spec::choice("resource_conflict", "replace", { "replace", "refuse", "rename" },
                "Who gets a resource that is in use: the new session, the old one, or both by another name."),
            Spec::duration("keepalive_interval", seconds(600), milliseconds(0), seconds(86'400),
                "A space is sent over a stream that was silent for so long; 0 = never."),
            Spec::bytes("unsent_bytes", 4 * mib, 64 * kib, gib,
                "Bytes that may wait for a client that reads slowly; above it the stream is closed. One "
                "long answer may be longer."),
            Spec::bytes("account_unsent_bytes", 12 * mib, 64 * kib, 64 * gib,
                "The same for all clients of an account together; above it that one is closed for which most "
                "waits. Never less than twice `unsent_bytes`."),
            Spec::duration("stall_timeout", seconds(60), seconds(1), seconds(3600),
                "A client that takes nothing of what waits for it for so long is taken for gone."),
            Spec::integer("login_attempts", 3, 1, 100, "Failed logins on one stream before it is closed."),
        } };
}

SectionSpec stream_management()
{
    return { "stream_management", "Acknowledged stanzas and sessions that survive a connection (XEP-0198).",
        {
            Spec::duration("resume_window", seconds(600), milliseconds(0), seconds(86'400),
                "How long a session without a connection may be resumed; 0 = not at all."),
            Spec::integer("unacknowledged", 500, 10, 100'000,
                "Stanzas kept for a client that acknowledges none; then its connection, and at last its "
                "session ends."),
            Spec::duration("ack_timeout", seconds(120), seconds(5), seconds(3600),
                "A client that does not answer a request for so long is taken for disconnected."),
        } };
}

SectionSpec login()
{
    return { "login", "How passwords are checked and kept. SCRAM-SHA-256 is always offered.",
        {
            Spec::flag("plain", true,
                "Offer PLAIN too, behind all others and inside TLS only: many script clients know nothing "
                "else."),
            Spec::flag("scram_sha1", true, "Offer SCRAM-SHA-1, for old clients."),
            Spec::integer("iterations", 10'000, 10'000, 10'000'000,
                "Rounds of hashing for passwords that are set from now on, and upgraded at login."),
        } };
}

SectionSpec accounts()
{
    return { "accounts", "Who may have which name.",
        {
            Spec::duration("names_reserved", std::chrono::hours(24) * 3650, milliseconds(0),
                std::chrono::hours(24) * 36'500,
                "How long nobody gets the name of an account that was removed; 0 = at once. `stonechatctl "
                "user "
                "add --force` overrides it."),
        } };
}

SectionSpec limits()
{
    return { "limits", "What one neighbour may take: an IPv4 address or an IPv6 /64.",
        {
            Spec::integer("connections_per_prefix", 1000, 0, 1'000'000,
                "Connections at a time; 0 = no limit. Enough for an office of 100 people with 3 devices each "
                "behind one address, and as many that are not known to be dead yet."),
            Spec::integer("connection_rate", 50, 0, 1'000'000, "New connections a second; 0 = no limit."),
            Spec::integer("connection_burst", 600, 1, 1'000'000, "New connections at once before that."),
            Spec::integer("login_failures", 20, 0, 1'000'000,
                "Failed logins within `failure_window` before a ban; one account brings a tenth at most. "
                "4 times as many from a /24 or /56, 16 times from a /16 or /48. 0 = never."),
            Spec::duration("failure_window", seconds(600), seconds(1), seconds(86'400),
                "How long a failed login is remembered."),
            Spec::duration("ban", seconds(3600), seconds(1), seconds(30 * 86'400),
                "How long a ban lasts; `stonechatctl ban` lists and lifts them."),
            Spec::duration("login_wait", seconds(10), seconds(0), seconds(60),
                "Longest wait for a login when many at the same account have failed; 0 = none. Where the "
                "account has logged in lately nobody waits for others."),
            Spec::list("exempt", {},
                "Addresses and prefixes that may connect and fail as often as they like, as "
                "\"192.0.2.0/24\"."),
            Spec::bytes("memory_bytes", 0, 0, std::numeric_limits<std::int64_t>::max(),
                "Above this much memory of the process no new connection is taken; 0 = no limit."),
        } };
}

SectionSpec listen_section()
{
    return { "listen",
        "A port that is served; any number of these. Without any: 5222 (starttls) and 5223 (direct).",
        {
            Spec::choice("kind", "c2s", { "c2s" }, "Who connects here: c2s = clients.", cold),
            Spec::text("address", "::", "IP address to listen on; \"::\" takes IPv4 too.", cold),
            Spec::integer("port", 5222, 1, 65535, "TCP port.", cold),
            Spec::choice("tls", "starttls", { "starttls", "direct", "none" },
                "When TLS begins: on request, at once, or never (on a loopback address only).", cold),
            Spec::list("proxy_protocol_from", {},
                "Prefixes of proxies whose PROXY protocol v2 header is required and believed.", cold),
        } };
}

SectionSpec host_section()
{
    return { "host", "A domain served here; any number of these.",
        {
            Spec::text("name", "", "The domain, as in user@domain.", cold),
            Spec::text("certificate", "",
                "PEM file, the host's own certificate first; empty = data_dir/NAME.crt, made if it is not "
                "there."),
            Spec::text("key", "", "PEM file that nobody but the server may read; empty = data_dir/NAME.key."),
            Spec::list("admins", {}, "Addresses that may use the commands of service administration."),
        } };
}

} // namespace

const SettingSpec* SectionSpec::find(std::string_view key) const
{
    const auto found = std::find_if(keys.begin(), keys.end(),
        [&](const Spec& each) { return each.key == key; });
    return found == keys.end() ? nullptr : &*found;
}

Schema::Schema()
    : sections_({ server(), log(), storage(), c2s(), login(), accounts(), stream_management(), limits() }),
      listen_(listen_section()), host_(host_section())
{}

void Schema::add_module(std::string name, std::string meaning, std::vector<SettingSpec> keys,
    bool on_by_default, std::vector<std::string> needs)
{
    keys.insert(keys.begin(),
        Spec::flag("enabled", on_by_default, "Whether the host has this feature.", cold));
    modules_.push_back({ { std::move(name), std::move(meaning), std::move(keys) }, std::move(needs) });
}

const SectionSpec* Schema::section(std::string_view name) const
{
    const auto found = std::find_if(sections_.begin(), sections_.end(),
        [&](const SectionSpec& each) { return each.name == name; });
    return found == sections_.end() ? nullptr : &*found;
}

const ModuleSpec* Schema::module(std::string_view name) const
{
    const auto found = std::find_if(modules_.begin(), modules_.end(),
        [&](const ModuleSpec& each) { return each.section.name == name; });
    return found == modules_.end() ? nullptr : &*found;
}

Section defaults_of(const SectionSpec& spec)
{
    Section section;
    for (const Spec& each : spec.keys) {
        section.set(each.key, each.default_value);
    }
    return section;
}

} // namespace stonechat
