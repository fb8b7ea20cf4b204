// SPDX-License-Identifier: Apache-2.0
// announce, status, settings, reload, backup
#include "ctl/command.hpp"
#include "net/shard.hpp"
#include "router/announcement.hpp"
#include "router/server.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

struct ShardCount {
    Router::Counters counters;
    std::uint64_t dead_letters = 0;
    std::map<std::string, std::size_t> sessions; ///< by host
};

ShardCount count_on(Router& router)
{
    ShardCount count { router.counters(), router.dead_letters().count(), {} };
    for (const auto& host : router.hosts()) {
        std::size_t& sessions = count.sessions[host->name()];
        for (const auto& [local, user] : host->users()) {
            sessions += user->sessions().size();
        }
    }
    return count;
}

json::object sum_of(const std::vector<ShardCount>& shards)
{
    Router::Counters sum;
    std::uint64_t dead_letters = 0;
    for (const ShardCount& each : shards) {
        sum.stanzas_in += each.counters.stanzas_in;
        sum.delivered += each.counters.delivered;
        sum.refused += each.counters.refused;
        sum.offline_stored += each.counters.offline_stored;
        sum.logins += each.counters.logins;
        sum.login_failures += each.counters.login_failures;
        dead_letters += each.dead_letters;
    }
    json::object counters;
    counters["stanzas_in"] = sum.stanzas_in;
    counters["delivered"] = sum.delivered;
    counters["refused"] = sum.refused;
    counters["offline_stored"] = sum.offline_stored;
    counters["logins"] = sum.logins;
    counters["login_failures"] = sum.login_failures;
    counters["dead_letters"] = dead_letters;
    return counters;
}

std::size_t resident_bytes()
{
    std::size_t pages = 0;
    std::size_t resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

json::object load_of(const StorageBackend& storage)
{
    const StorageBackend::Load load = storage.load();
    json::object result;
    result["queued_writes"] = load.queued_writes;
    result["queued_reads"] = load.queued_reads;
    result["commits"] = load.commits;
    result["rows_written"] = load.rows_written;
    return result;
}

json::object to_json(const SettingChange& change)
{
    json::object result;
    result["path"] = change.path;
    result["from"] = change.from;
    result["to"] = change.to;
    result["heat"] = change.heat == SettingSpec::Heat::hot ? "hot" : "cold";
    return result;
}

std::vector<CertificateFacts> certificates_of(const Server& server)
{
    return server.tls() == nullptr ? std::vector<CertificateFacts>() : server.tls()->certificates();
}

json::value end_of_certificate(const std::vector<CertificateFacts>& certificates, const std::string& host)
{
    const auto found = std::find_if(certificates.begin(), certificates.end(),
        [&host](const CertificateFacts& each) { return each.host == host; });
    if (found == certificates.end()) {
        return nullptr;
    }
    const auto since_epoch = found->not_after.time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
}

/// Returns warnings that an administrator should act on.
json::array warnings_of(const Server& server, const std::vector<CertificateFacts>& certificates)
{
    json::array warnings;
    for (const CertificateFlaw& each : flaws_of(certificates, server.clock().wall())) {
        warnings.emplace_back(each.text);
    }
    if (server.storage().load().is_full) {
        warnings.emplace_back("the disk is full: what would have to be stored is refused; make space where "
            + server.settings()->section("storage").text("file") + " is");
    }
    return warnings;
}

} // namespace

Task<Answer> announce(Context& context, json::object request)
{
    std::string text = text_of(request, "text").value_or("");
    if (text.empty()) {
        Error error { "bad-request", "the request has no 'text'" };
        co_return error;
    }
    std::string host;
    if (request.contains("host")) {
        const std::string name = text_of(request, "host").value_or("");
        const auto jid = Jid::parse(name);
        if (!jid || !context.server.has_accounts(jid->text())) {
            Error error { "no-such-host", "'" + name + "' is not served here" };
            co_return error;
        }
        host = jid->text();
    }
    auto telling = send_announcement(context.server, context.shard, std::move(host), std::move(text));
    json::object result;
    result["told"] = co_await telling;
    co_return result;
}

Task<Answer> status(Context& context, json::object)
{
    Server& server = context.server;
    std::function<ShardCount(Router&)> look = count_on;
    auto counting = server.gather<ShardCount>(context.shard, std::move(look));
    const auto shards = co_await counting;
    json::array hosts;
    const auto certificates = certificates_of(server);
    const auto rooms = room_services(server.router_of(context.shard));
    AccountStore& accounts = server.router_of(context.shard).storage().accounts();
    for (const auto& [name, unused] : shards.front().sessions) {
        std::size_t sessions = 0;
        for (const ShardCount& each : shards) {
            sessions += each.sessions.at(name);
        }
        auto pending = accounts.count(name);
        const auto count = co_await pending;
        if (!count) {
            co_return store_failed(count.error());
        }
        json::object host;
        host["name"] = name;
        host["sessions"] = sessions;
        host["accounts"] = *count;
        host["certificate_ends"] = end_of_certificate(certificates, name);
        const auto service = rooms.find(name);
        host["rooms"] = service != rooms.end() ? json::value(service->second) : json::value(nullptr);
        hosts.push_back(std::move(host));
    }
    const auto up = server.clock().wall() - server.started();
    json::object result;
    result["version"] = context.hooks.version;
    result["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(up).count();
    result["pid"] = getpid();
    result["shards"] = server.shard_count();
    result["memory_bytes"] = resident_bytes();
    result["hosts"] = std::move(hosts);
    result["counters"] = sum_of(shards);
    result["storage"] = load_of(server.storage());
    result["warnings"] = warnings_of(server, certificates);
    co_return result;
}

Task<Answer> settings(Context& context, json::object)
{
    const SharedSettings now = context.server.settings();
    json::array rows;
    for (const EffectiveSetting& each : effective_settings(*context.hooks.schema, *now)) {
        json::object row;
        row["path"] = each.path;
        row["value"] = each.value;
        rows.push_back(std::move(row));
    }
    json::object result;
    result["settings"] = std::move(rows);
    co_return result;
}

Task<Answer> reload(Context& context, json::object)
{
    Pending<ReloadReport> pending;
    Function<void(ReloadReport)> done = [promise = pending.promise()](ReloadReport report) mutable {
        promise.fulfil(std::move(report));
    };
    context.hooks.reload(std::move(done));
    const ReloadReport report = co_await pending;
    if (!report.problems.empty()) {
        Error error { "bad-configuration", "nothing was changed:" };
        for (const std::string& each : report.problems) {
            error.message += "\n" + each;
        }
        co_return error;
    }
    json::array changes;
    for (const SettingChange& each : report.changes) {
        changes.push_back(to_json(each));
    }
    json::object result;
    result["changes"] = std::move(changes);
    result["warnings"] = json::array(report.warnings.begin(), report.warnings.end());
    co_return result;
}

Task<Answer> backup(Context& context, json::object request)
{
    const std::string path = text_of(request, "path").value_or("");
    if (!path.starts_with('/')) {
        Error error { "bad-request", "'path' must be an absolute path" };
        co_return error;
    }
    if (access(path.c_str(), F_OK) == 0) {
        Error error { "exists", path + " is there already" };
        co_return error;
    }
    auto pending = context.server.storage().backup(context.shard, path);
    const auto done = co_await pending;
    if (!done) {
        if (done.error() == StoreError::full) {
            Error full { "disk-full", "the backup to " + path + " failed: the disk is full" };
            co_return full;
        }
        Error error { "store-failed", "the backup to " + path + " failed; the server's log says why" };
        co_return error;
    }
    json::object result;
    result["path"] = path;
    co_return result;
}

} // namespace stonechat::ctl
