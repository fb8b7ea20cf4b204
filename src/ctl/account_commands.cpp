// SPDX-License-Identifier: Apache-2.0
// user add, password, delete, enable, disable, quota, show, list
#include "config/value_text.hpp"
#include "ctl/command.hpp"
#include "ctl/protocol.hpp"
#include "net/shard.hpp"
#include "router/archive_quota.hpp"
#include "router/last_seen.hpp"
#include "router/server.hpp"

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

Answer to_answer(const Accounts::Outcome& outcome, const Jid& jid)
{
    if (!outcome) {
        return error_of(outcome.error(), jid);
    }
    json::object result;
    result["jid"] = std::string(jid.bare_text());
    return result;
}

Accounts& accounts(Context& context)
{
    return context.server.router_of(context.shard).accounts();
}

Task<Answer> set_enabled(Context& context, json::object request, bool enabled)
{
    const auto jid = account_of(request);
    if (!jid) {
        co_return jid.error();
    }
    auto changing = accounts(context).set_enabled(jid->bare(), enabled);
    const auto outcome = co_await changing;
    co_return to_answer(outcome, *jid);
}

json::object to_json(const Account& account, const std::string& host)
{
    json::object row;
    row["jid"] = account.user + "@" + host;
    row["enabled"] = account.enabled;
    row["created"] =
        std::chrono::duration_cast<std::chrono::seconds>(account.created.time_since_epoch()).count();
    return row;
}

json::value to_json(const std::optional<std::int64_t>& number)
{
    return number ? json::value(*number) : json::value(nullptr);
}

json::object to_json(const Holdings::Messages& messages)
{
    json::object result;
    result["messages"] = messages.count;
    result["bytes"] = messages.bytes;
    result["more"] = messages.more;
    return result;
}

void add_holdings(json::object& result, const Holdings& holdings)
{
    result["contacts"] = holdings.contacts;
    result["archive"] = to_json(holdings.archive);
    result["mailbox"] = to_json(holdings.mailbox);
    json::object& stored = result["stored"].emplace_object();
    for (const auto& [store, bytes] : holdings.stores) {
        stored[store] = bytes;
    }
}

} // namespace

Task<Answer> user_add(Context& context, json::object request)
{
    const auto jid = account_of(request);
    if (!jid) {
        co_return jid.error();
    }
    std::string password = text_of(request, "password").value_or("");
    const auto reserved = is_set(request, "force") ? Accounts::Reserved::give_away
                                                   : Accounts::Reserved::refuse;
    auto creating = accounts(context).create(jid->bare(), std::move(password), reserved);
    const auto outcome = co_await creating;
    co_return to_answer(outcome, *jid);
}

Task<Answer> user_password(Context& context, json::object request)
{
    const auto jid = account_of(request);
    if (!jid) {
        co_return jid.error();
    }
    std::string password = text_of(request, "password").value_or("");
    auto changing = accounts(context).set_password(jid->bare(), std::move(password));
    const auto outcome = co_await changing;
    co_return to_answer(outcome, *jid);
}

Task<Answer> user_delete(Context& context, json::object request)
{
    const auto jid = account_of(request);
    if (!jid) {
        co_return jid.error();
    }
    auto removing = accounts(context).remove(jid->bare());
    const auto outcome = co_await removing;
    co_return to_answer(outcome, *jid);
}

Task<Answer> user_enable(Context& context, json::object request)
{
    return set_enabled(context, std::move(request), true);
}

Task<Answer> user_disable(Context& context, json::object request)
{
    return set_enabled(context, std::move(request), false);
}

Task<Answer> user_quota(Context& context, json::object request)
{
    const auto jid = account_of(request);
    if (!jid) {
        co_return jid.error();
    }
    const std::string text = text_of(request, "quota").value_or("");
    std::optional<std::uint64_t> quota;
    if (text != "default") {
        const auto bytes = text == "none" ? std::optional<std::int64_t>(no_quota) : parse_bytes(text);
        if (!bytes || *bytes < 0) {
            Error error { "bad-request",
                "'" + text + "' is no quota; say for example 500 MiB, or: default, none" };
            co_return error;
        }
        quota = static_cast<std::uint64_t>(*bytes);
    }
    auto changing = accounts(context).set_archive_quota(jid->bare(), quota);
    const auto outcome = co_await changing;
    co_return to_answer(outcome, *jid);
}

Task<Answer> user_show(Context& context, json::object request)
{
    const auto jid = account_of(request);
    if (!jid) {
        co_return jid.error();
    }
    if (!jid->has_local() || !context.server.has_accounts(jid->domain())) {
        co_return error_of(AccountProblem::not_local, *jid);
    }
    const AccountKey key { std::string(jid->domain()), std::string(jid->local()) };
    Storage& storage = context.server.router_of(context.shard).storage();
    auto finding = storage.accounts().find(key);
    const auto account = co_await finding;
    if (!account) {
        co_return store_failed(account.error());
    }
    if (!account->has_value()) {
        co_return error_of(AccountProblem::no_such_account, *jid);
    }
    json::object result = to_json(**account, key.host);
    auto asking = storage.keyval().get(key, last_activity_store, last_seen_key);
    const auto seen = co_await asking;
    auto counting = storage.accounts().holdings(key);
    const auto holdings = co_await counting;
    if (!seen || !holdings) {
        co_return store_failed(seen ? holdings.error() : seen.error());
    }
    auto measuring = storage.archive().size(key);
    const auto archived = co_await measuring;
    auto limiting = accounts(context).archive_quota(jid->bare());
    const auto quota = co_await limiting;
    if (!archived || !quota) {
        co_return store_failed(archived ? quota.error() : archived.error());
    }
    result["last_seen"] = to_json(last_seen_in(seen->value_or(std::string())));
    add_holdings(result, *holdings);
    result["archive"].as_object()["bytes"] =
        *archived; // of all messages, even if there are too many to count
    result["archive"].as_object()["quota"] = *quota == no_quota ? json::value(nullptr) : json::value(*quota);
    auto listing = sessions_of(context, std::string(jid->bare_text()));
    result["sessions"] = co_await listing;
    co_return result;
}

Task<Answer> user_list(Context& context, json::object request)
{
    const std::string name = text_of(request, "host").value_or("");
    const auto host = Jid::parse(name);
    if (!host || !context.server.has_accounts(host->text())) {
        Error error { "no-such-host", "'" + name + "' is not served here" };
        co_return error;
    }
    const std::size_t limit = wanted_count(request);
    AccountStore& store = context.server.router_of(context.shard).storage().accounts();
    std::string after = text_of(request, "after").value_or("");
    auto pending = store.list(host->text(), std::move(after), limit);
    const auto listed = co_await pending;
    if (!listed) {
        co_return store_failed(listed.error());
    }
    json::array rows;
    for (const Account& each : *listed) {
        rows.push_back(to_json(each, host->text()));
    }
    json::object result;
    result["accounts"] = std::move(rows);
    // The client asks for the next page with this name.
    result["next"] = listed->size() == limit ? json::value(listed->back().user) : json::value(nullptr);
    co_return result;
}

} // namespace stonechat::ctl
