// SPDX-License-Identifier: Apache-2.0
// message: shows what became of one message, by its id
#include "ctl/command.hpp"
#include "net/shard.hpp"
#include "router/server.hpp"

#include <algorithm>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

using Notes = std::vector<MessageLog::Note>;

json::array to_json(std::vector<Notes> shards)
{
    Notes all;
    for (Notes& notes : shards) {
        std::move(notes.begin(), notes.end(), std::back_inserter(all));
    }
    std::stable_sort(all.begin(), all.end(),
        [](const auto& left, const auto& right) { return left.when < right.when; });
    json::array rows;
    for (const MessageLog::Note& note : all) {
        json::object row;
        row["time_us"] =
            std::chrono::duration_cast<std::chrono::microseconds>(note.when.time_since_epoch()).count();
        row["event"] = note.text;
        rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace

Task<Answer> message(Context& context, json::object request)
{
    const auto id = text_of(request, "id");
    if (!id || id->empty()) {
        Error error { "bad-request", "the request has no 'id'" };
        co_return error;
    }
    const std::uint64_t key = MessageLog::key_of(*id);
    std::function<Notes(Router&)> look = [key](Router& router) { return router.tracks().find(key); };
    auto pending = context.server.gather<Notes>(context.shard, std::move(look));
    auto shards = co_await pending;
    json::object result;
    result["id"] = *id;
    result["events"] = to_json(std::move(shards));
    co_return result;
}

} // namespace stonechat::ctl
