// SPDX-License-Identifier: Apache-2.0
// sessions list, kick
#include "ctl/command.hpp"
#include "net/shard.hpp"
#include "router/server.hpp"

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

struct SessionRow {
    std::string jid;
    bool available = false;
    int priority = 0;
    Session::Facts facts;
};

std::vector<SessionRow> sessions_on(Router& router, const std::string& bare)
{
    std::vector<SessionRow> rows;
    for (const auto& host : router.hosts()) {
        for (const auto& [local, user] : host->users()) {
            if (!bare.empty() && user->jid().text() != bare) {
                continue;
            }
            for (const auto& session : user->sessions()) {
                rows.push_back({ session->jid().text(), session->is_available(),
                    session->is_available() ? session->priority() : 0, session->facts() });
            }
        }
    }
    return rows;
}

json::object to_json(const SessionRow& row, std::size_t shard)
{
    json::object result;
    result["jid"] = row.jid;
    result["available"] = row.available;
    result["priority"] = row.priority;
    result["peer"] = row.facts.peer;
    result["transport"] = row.facts.transport;
    result["since"] =
        std::chrono::duration_cast<std::chrono::seconds>(row.facts.since.time_since_epoch()).count();
    result["shard"] = shard;
    return result;
}

} // namespace

Task<json::array> sessions_of(Context& context, std::string bare)
{
    std::function<std::vector<SessionRow>(Router&)> look = [bare](Router& router) {
        return sessions_on(router, bare);
    };
    auto pending = context.server.gather<std::vector<SessionRow>>(context.shard, std::move(look));
    const auto shards = co_await pending;
    json::array rows;
    for (std::size_t i = 0; i < shards.size(); ++i) {
        for (const SessionRow& row : shards[i]) {
            rows.push_back(to_json(row, i));
        }
    }
    co_return rows;
}

Task<Answer> sessions_list(Context& context, json::object request)
{
    std::string bare;
    if (request.contains("jid")) {
        const auto jid = jid_of(request);
        if (!jid) {
            co_return jid.error();
        }
        bare = std::string(jid->bare_text());
    }
    auto listing = sessions_of(context, std::move(bare));
    json::object result;
    result["sessions"] = co_await listing;
    co_return result;
}

Task<Answer> sessions_kick(Context& context, json::object request)
{
    const auto jid = jid_of(request);
    if (!jid) {
        co_return jid.error();
    }
    const StreamError why(StreamError::policy_violation, "Ended by an administrator");
    auto pending = context.server.router_of(context.shard).accounts().end_sessions(*jid, why);
    const std::size_t ended = co_await pending;
    if (ended == 0) {
        Error error { "no-such-session", "there is no session of " + jid->text() };
        co_return error;
    }
    json::object result;
    result["ended"] = ended;
    co_return result;
}

} // namespace stonechat::ctl
