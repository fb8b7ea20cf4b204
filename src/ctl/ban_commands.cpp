// SPDX-License-Identifier: Apache-2.0
// ban list, add, remove
#include "ctl/command.hpp"
#include "net/login_guard.hpp"
#include "net/shard.hpp"
#include "router/kept_bans.hpp"
#include "router/server.hpp"

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

constexpr std::int64_t longest_ban = 100LL * 365 * 86'400;
constexpr std::size_t longest_reason = 256;

Error bad_ban_request(std::string message)
{
    return { "bad-request", std::move(message) };
}

std::int64_t unix_seconds(WallTime time)
{
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

json::object to_json(const Ban& ban)
{
    json::object row;
    row["prefix"] = ban.prefix.text();
    row["cause"] = ban.cause == Ban::Cause::guesses ? "failed logins" : "administrator";
    row["since"] = unix_seconds(ban.since);
    row["until"] = ban.until ? json::value(unix_seconds(*ban.until)) : json::value(nullptr);
    row["failures"] = ban.failures;
    row["reason"] = ban.reason;
    return row;
}

Result<IpPrefix, Error> prefix_of(const json::object& request)
{
    const std::string text = text_of(request, "prefix").value_or("");
    const auto prefix = IpPrefix::parse(text);
    if (!prefix) {
        return bad_ban_request("'" + text
            + "' is neither an IP address nor a prefix; \"192.0.2.7\" and \"2001:db8::/48\" are");
    }
    return *prefix;
}

/// Returns the duration of the ban; 0 = until it is removed.
Result<std::chrono::seconds, Error> length_of(const json::object& request)
{
    const json::value* value = request.if_contains("seconds");
    if (value == nullptr) {
        return std::chrono::seconds(0);
    }
    if (!value->is_int64() || value->get_int64() < 1 || value->get_int64() > longest_ban) {
        return bad_ban_request("'seconds' is no number of seconds to ban for");
    }
    return std::chrono::seconds(value->get_int64());
}

Answer to_answer(const Result<Done, BanProblem>& done, const IpPrefix& prefix, const LoginGuard& guard)
{
    if (done) {
        json::object result;
        result["prefix"] = prefix.text();
        return result;
    }
    if (done.error() == BanProblem::store_failed) {
        return store_failed(StoreError::unavailable);
    }
    if (done.error() == BanProblem::too_many) {
        return Error { "too-many",
            "there are " + std::to_string(BanList::most_of_administrators)
                + " bans by administrators already; use wider prefixes" };
    }
    std::string touching;
    for (const Ban& each : guard.bans_touching(prefix)) {
        touching += (touching.empty() ? "; there is one of " : ", ") + each.prefix.text();
    }
    return Error { "no-such-ban", "there is no ban of " + prefix.text() + touching };
}

} // namespace

Task<Answer> ban_list(Context& context, json::object)
{
    json::array rows;
    for (const Ban& each : context.server.guard().bans()) {
        rows.push_back(to_json(each));
    }
    json::object result;
    result["bans"] = std::move(rows);
    co_return result;
}

Task<Answer> ban_add(Context& context, json::object request)
{
    const auto prefix = prefix_of(request);
    if (!prefix) {
        co_return prefix.error();
    }
    const auto length = length_of(request);
    if (!length) {
        co_return length.error();
    }
    const WallTime now = context.server.clock().wall();
    Ban ban { *prefix, Ban::Cause::administrator, now, {}, 0, text_of(request, "reason").value_or("") };
    if (ban.reason.size() > longest_reason) {
        co_return bad_ban_request("the reason is longer than " + std::to_string(longest_reason) + " bytes");
    }
    if (length->count() > 0) {
        ban.until = now + *length;
    }
    auto adding = add_ban(context.server.router_of(context.shard), std::move(ban));
    const auto done = co_await adding;
    co_return to_answer(done, *prefix, context.server.guard());
}

Task<Answer> ban_remove(Context& context, json::object request)
{
    const auto prefix = prefix_of(request);
    if (!prefix) {
        co_return prefix.error();
    }
    auto removing = remove_ban(context.server.router_of(context.shard), *prefix);
    const auto done = co_await removing;
    co_return to_answer(done, *prefix, context.server.guard());
}

} // namespace stonechat::ctl
