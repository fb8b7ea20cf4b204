// SPDX-License-Identifier: Apache-2.0
#include "workbench.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

namespace stonechat::bench {
namespace {

constexpr std::uint64_t spare_descriptors = 16; // standard streams, epoll, files
constexpr std::uint64_t servers_own_descriptors = 64;

std::string numeric(const std::string& host)
{
    return host == "localhost" ? "127.0.0.1" : host;
}

Address parse_address(const std::string& host, std::uint16_t port)
{
    Address address;
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (inet_pton(AF_INET, numeric(host).c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.length = sizeof *v4;
        return address;
    }
    if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.length = sizeof *v6;
        return address;
    }
    throw BenchError(fmt::format("--host takes an address, not {}", host));
}

bool is_loopback(const std::string& host)
{
    return host == "::1" || numeric(host).starts_with("127.");
}

TlsMode parse_tls(const std::string& name)
{
    if (name == "starttls") {
        return TlsMode::starttls;
    }
    return name == "direct" ? TlsMode::direct : TlsMode::none;
}

void pin_both(const CommonOptions& options, const ServerProcess& server)
{
    if (options.client_core >= 0) {
        if (const auto error = pin_self(options.client_core)) {
            throw BenchError(*error);
        }
    }
    if (options.server_core < 0 || !server.is_known()) {
        return;
    }
    if (const auto error = server.pin(options.server_core)) {
        throw BenchError(*error);
    }
}

} // namespace

void add_server_options(CLI::App& app, CommonOptions& options)
{
    app.add_option("--host", options.host, "Address of the server")->capture_default_str();
    app.add_option("--port", options.port, "Port of the server")->capture_default_str();
    app.add_option("--domain", options.domain, "XMPP domain")->capture_default_str();
    app.add_option("--user-prefix", options.user_prefix, "Accounts are PREFIX0, PREFIX1, ...")
        ->capture_default_str();
    app.add_option("--first-user", options.first_user, "Number of the first account")->capture_default_str();
    app.add_option("--users", options.users, "How many accounts there are (0: as many as the mode wants)")
        ->capture_default_str();
    app.add_option("--password", options.password, "The password of all of them")->capture_default_str();
    app.add_option("--mechanism", options.mechanism, "SASL mechanism; auto takes the best one offered")
        ->check(CLI::IsMember({ "auto", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN" }))
        ->capture_default_str();
    app.add_option("--server-pid", options.server_pid, "Process id of the server, for CPU time and memory");
    app.add_flag("--allow-remote", options.allow_remote, "Load a server that is not on this machine");
}

void add_run_options(CLI::App& app, CommonOptions& options)
{
    app.add_option("--tls", options.tls, "TLS: none, starttls, or direct")
        ->check(CLI::IsMember({ "none", "starttls", "direct" }))
        ->capture_default_str();
    app.add_option("--server-core", options.server_core, "Pin the server's threads to this core");
    app.add_option("--client-core", options.client_core, "Pin this client to this core");
    app.add_option("--timeout", options.timeout, "Stop after so many seconds, whatever happens")
        ->capture_default_str();
    app.add_option("--json", options.json, "Write the figures to this file too");
}

CpuSpan CpuSpan::start(const ServerProcess& server)
{
    CpuSpan span;
    span.server = server.cpu_nanoseconds();
    span.client = own_cpu_nanoseconds();
    span.at = Clock::now();
    return span;
}

CpuSpan CpuSpan::since(const ServerProcess& process) const
{
    CpuSpan now = start(process);
    now.seconds_ = std::chrono::duration<double>(now.at - at).count();
    now.client -= client;
    if (now.server && server) {
        *now.server -= *server;
    }
    return now;
}

Workbench::Workbench(std::string mode, const CommonOptions& options)
    : server(options.server_pid), report(std::move(mode)), options_(options),
      descriptors_(raise_descriptor_limit()), deadline_(in(options.timeout))
{
    if (!is_loopback(options.host) && !options.allow_remote) {
        throw BenchError(fmt::format("{} is not this machine; --allow-remote if you mean it", options.host));
    }
    target.address = parse_address(options.host, options.port);
    target.domain = options.domain;
    target.tls = parse_tls(options.tls);
    target.mechanism = options.mechanism == "auto" ? std::string() : options.mechanism;
    target.tls_context = make_client_context();
    pin_both(options, server);
    report.setting("tls", options.tls);
}

Account Workbench::account(std::uint32_t index, std::string_view resource) const
{
    Account account;
    account.user = fmt::format("{}{}", options_.user_prefix, options_.first_user + index);
    account.password = options_.password;
    account.resource = resource;
    return account;
}

std::uint32_t Workbench::users(std::uint32_t wanted) const
{
    return options_.users == 0 ? wanted : std::min(wanted, options_.users);
}

std::uint32_t Workbench::connection_limit() const
{
    return static_cast<std::uint32_t>(descriptors_ - std::min(descriptors_, spare_descriptors));
}

std::uint32_t Workbench::possible_sessions(std::uint32_t wanted)
{
    std::uint64_t limit = connection_limit();
    if (const auto servers = server.descriptor_limit()) {
        limit = std::min(limit, *servers - std::min(*servers, servers_own_descriptors));
    }
    if (limit >= wanted) {
        return wanted;
    }
    report.note(fmt::format("stopped at {} sessions, not {}: the descriptor limit of this machine", limit,
        wanted));
    return static_cast<std::uint32_t>(limit);
}

Clock::time_point Workbench::in(double seconds) const
{
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

int Workbench::finish(bool good)
{
    report.print();
    if (!options_.json.empty() && !report.write_json(options_.json)) {
        throw BenchError(fmt::format("cannot write {}", options_.json));
    }
    return good ? 0 : 1;
}

} // namespace stonechat::bench
