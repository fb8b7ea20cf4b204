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
                "Folder for the database, the control socket and the files that the server creates itself.",
                cold),
            Spec::integer("shards", 0, 0, 256,
                "Number of event loops; each has its own thread. 0 = one per CPU core.", cold),
            Spec::text("user", "",
                "System account to switch to after the ports are open, if started as root; empty = no "
                "switch.",
                cold),
            Spec::text("group", "",
                "System group to switch to, if started as root; empty = the primary group of `user`.", cold),
            Spec::integer("blocking_threads", 2, 1, 64,
                "Number of threads for slow computations, such as hashing passwords.", cold),
            Spec::integer("blocking_queue", 1024, 1, 1'000'000,
                "Maximum number of jobs that wait for these threads; further jobs are refused with a "
                "temporary error.",
                cold),
        } };
}

SectionSpec log()
{
    return { "log", "The log. It never has message bodies, passwords or tokens.",
        {
            Spec::choice("level", "info", { "trace", "debug", "info", "warning", "error" },
                "Least severe level that is logged; less severe lines are left out."),
            Spec::choice("target", "stderr", { "stderr", "journald", "file" },
                "Where log lines are written; \"journald\" adds the priority prefixes that systemd reads.",
                cold),
            Spec::text("file", "",
                "Log file for target \"file\". It is rotated at 64 MiB; 5 old files are kept.", cold),
        } };
}

SectionSpec storage()
{
    return { "storage", "Where accounts, rosters and messages are kept.",
        {
            Spec::choice("backend", "sqlite", { "sqlite", "memory" },
                "Where data is stored; \"memory\" loses everything when the server stops and is for tests "
                "only.",
                cold),
            Spec::text("file", "", "Database file; empty = stonechat.db in data_dir.", cold),
            Spec::integer("readers", 2, 1, 64, "Number of threads that read from the database.", cold),
        } };
}

SectionSpec c2s()
{
    return { "c2s", "Streams of clients. A change holds for streams that are opened after it.",
        {
            Spec::bytes("stanza_bytes", 256 * kib, 10'000, 16 * mib,
                "Maximum size of a stanza (RFC 6120 requires at least 10000 bytes)."),
            Spec::bytes("pre_auth_stanza_bytes", 8 * kib, 4 * kib, mib,
                "Maximum size of a stanza before the client has logged in."),
            Spec::integer("depth", 64, 8, 1024, "Maximum nesting depth of elements in a stanza."),
            Spec::integer("attributes", 64, 16, 1024, "Maximum number of attributes of an element."),
            Spec::integer("namespaces", 32, 8, 1024,
                "Maximum number of namespace declarations of an element."),
            Spec::integer("elements", 4096, 64, 1'000'000, "Maximum number of elements in a stanza."),
            Spec::bytes("parser_heap_bytes", mib, 128 * kib, 64 * mib,
                "Maximum memory that the XML parser of one stream may use."),
            Spec::bytes("rate_bytes", 32 * kib, kib, gib,
                "Average number of bytes per second that a client may send; the server reads from a faster "
                "client more slowly."),
            Spec::bytes("rate_burst_bytes", 256 * kib, 10'000, gib,
                "Number of bytes that a client may send at once before `rate_bytes` applies."),
            Spec::integer("rate_stanzas", 50, 1, 1'000'000,
                "Average number of stanzas per second that a client may send; the server reads from a faster "
                "client more slowly."),
            Spec::integer("rate_burst_stanzas", 200, 1, 1'000'000,
                "Number of stanzas that a client may send at once before `rate_stanzas` applies."),
            Spec::duration("auth_timeout", seconds(30), seconds(1), seconds(600),
                "Time within which a new connection must log in and bind a resource; then it is closed."),
            Spec::duration("tls_timeout", seconds(10), seconds(1), seconds(120),
                "Time within which the TLS handshake must be complete; then the connection is closed.", cold),
            Spec::integer("resources_per_account", 10, 1, 1000,
                "Maximum number of sessions of one account at a time."),
            Spec::choice("resource_conflict", "replace", { "replace", "refuse", "rename" },
                "When a client asks for a resource that is in use: \"replace\" ends the old session, "
                "\"refuse\" rejects the request, \"rename\" gives the new session another resource."),
            Spec::duration("keepalive_interval", seconds(600), milliseconds(0), seconds(86'400),
                "A whitespace keepalive is sent on a stream after this time without traffic; 0 = never."),
            Spec::bytes("unsent_bytes", 4 * mib, 64 * kib, gib,
                "Maximum number of bytes queued for a client that reads slowly; beyond that its stream is "
                "closed. A single long answer may exceed this."),
            Spec::bytes("account_unsent_bytes", 12 * mib, 64 * kib, 64 * gib,
                "Maximum number of bytes queued for all clients of an account together; beyond that the "
                "session with the most queued bytes is closed. At least twice `unsent_bytes` is always "
                "allowed."),
            Spec::duration("stall_timeout", seconds(60), seconds(1), seconds(3600),
                "A client that reads nothing for this time, although data is queued for it, is "
                "disconnected."),
            Spec::integer("login_attempts", 3, 1, 100,
                "Number of failed logins on one stream after which it is closed."),
        } };
}

SectionSpec stream_management()
{
    return { "stream_management", "Acknowledged stanzas and sessions that survive a connection (XEP-0198).",
        {
            Spec::duration("resume_window", seconds(600), milliseconds(0), seconds(86'400),
                "Time for which a session can be resumed after its connection was lost; 0 = no resumption."),
            Spec::integer("unacknowledged", 500, 10, 100'000,
                "Maximum number of unacknowledged stanzas kept for a client. Beyond that, its connection is "
                "closed; if more stanzas arrive, its session ends too."),
            Spec::duration("ack_timeout", seconds(120), seconds(5), seconds(3600),
                "A client that does not answer a request for acknowledgement within this time, and reads "
                "nothing, is disconnected."),
        } };
}

SectionSpec login()
{
    return { "login", "How passwords are checked and kept. SCRAM-SHA-256 is always offered.",
        {
            Spec::flag("plain", true,
                "Offers SASL PLAIN, last and inside TLS only; many script clients support nothing else."),
            Spec::flag("scram_sha1", true, "Offers SASL SCRAM-SHA-1, for old clients."),
            Spec::integer("iterations", 10'000, 10'000, 10'000'000,
                "Hash iterations for passwords that are set from now on; others are upgraded at the next "
                "login."),
        } };
}

SectionSpec accounts()
{
    return { "accounts", "Which names may be registered.",
        {
            Spec::duration("names_reserved", std::chrono::hours(24) * 3650, milliseconds(0),
                std::chrono::hours(24) * 36'500,
                "Time for which the name of a removed account cannot be registered again; 0 = it is free at "
                "once. `stonechatctl user add --force` overrides this."),
        } };
}

SectionSpec limits()
{
    return { "limits", "Limits for one network neighbour, which is an IPv4 address or an IPv6 /64 prefix.",
        {
            Spec::integer("connections_per_prefix", 1000, 0, 1'000'000,
                "Maximum number of open connections from one address; 0 = no limit. The default suits an "
                "office of 100 people with 3 devices each behind one address, with as many dead connections "
                "not yet detected."),
            Spec::integer("connection_rate", 50, 0, 1'000'000,
                "Average number of new connections per second from one address; 0 = no limit."),
            Spec::integer("connection_burst", 600, 1, 1'000'000,
                "Number of new connections at once from one address before `connection_rate` applies."),
            Spec::integer("login_failures", 20, 0, 1'000'000,
                "Failed logins from one address within `failure_window` that lead to a ban; 0 = no bans. "
                "Each account counts for at most a tenth of this. A /24 or /56 is banned after 4 times as "
                "many, a /16 or /48 after 16 times as many."),
            Spec::duration("failure_window", seconds(600), seconds(1), seconds(86'400),
                "Time for which a failed login counts."),
            Spec::duration("ban", seconds(3600), seconds(1), seconds(30 * 86'400),
                "Duration of a ban; `stonechatctl ban` lists and removes bans."),
            Spec::duration("login_wait", seconds(10), seconds(0), seconds(60),
                "Longest time that a login waits after many failed logins to the same account; 0 = no wait. "
                "Failed logins from elsewhere do not delay a login from where the account has logged in "
                "recently."),
            Spec::list("exempt", {},
                "Addresses and prefixes that are exempt from the connection limits and from bans for failed "
                "logins, for example \"192.0.2.0/24\"."),
            Spec::bytes("memory_bytes", 0, 0, std::numeric_limits<std::int64_t>::max(),
                "Memory use of the server process above which new connections are refused; 0 = no limit."),
        } };
}

SectionSpec listen_section()
{
    return { "listen",
        "A port that is served; any number of these. Without any: 5222 (starttls) and 5223 (direct).",
        {
            Spec::choice("kind", "c2s", { "c2s" }, "Kind of connection that is accepted; c2s = clients.",
                cold),
            Spec::text("address", "::", "IP address to listen on; \"::\" accepts IPv4 too.", cold),
            Spec::integer("port", 5222, 1, 65535, "TCP port to listen on.", cold),
            Spec::choice("tls", "starttls", { "starttls", "direct", "none" },
                "When TLS starts: \"starttls\" = on request of the client, \"direct\" = with the first byte, "
                "\"none\" = never (on a loopback address only).",
                cold),
            Spec::list("proxy_protocol_from", {},
                "Address prefixes of proxies. Connections from there must begin with a PROXY protocol v2 "
                "header, whose client address is used.",
                cold),
        } };
}

SectionSpec host_section()
{
    return { "host", "A domain served here; any number of these.",
        {
            Spec::text("name", "", "Domain of the host, the part after @ in an address.", cold),
            Spec::text("certificate", "",
                "PEM file with the certificate chain, the host's own certificate first; empty = "
                "data_dir/NAME.crt, which is created if missing."),
            Spec::text("key", "",
                "PEM file with the private key, readable by the server only; empty = data_dir/NAME.key."),
            Spec::list("admins", {},
                "Addresses (JIDs) of the administrators of this host; they may use the administration "
                "commands."),
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
        Spec::flag("enabled", on_by_default, "Turns this feature on for the host.", cold));
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
