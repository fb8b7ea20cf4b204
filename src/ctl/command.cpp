// SPDX-License-Identifier: Apache-2.0
#include "ctl/command.hpp"

#include "ctl/protocol.hpp"

#include <algorithm>
#include <array>

namespace stonechat::ctl {
namespace {

std::string_view code_of(AccountProblem problem)
{
    switch (problem) {
    case AccountProblem::exists: return "exists";
    case AccountProblem::no_such_account: return "no-such-account";
    case AccountProblem::not_local: return "not-local";
    case AccountProblem::bad_password: return "bad-password";
    case AccountProblem::busy: return "busy";
    case AccountProblem::store_full: return "disk-full";
    case AccountProblem::store_failed: return "store-failed";
    case AccountProblem::reserved: return "reserved";
    }
    return {};
}

constexpr std::array<Command, 25> commands { {
    { "user add", true, user_add },
    { "user password", true, user_password },
    { "user delete", true, user_delete },
    { "user enable", true, user_enable },
    { "user disable", true, user_disable },
    { "user quota", true, user_quota },
    { "user show", false, user_show },
    { "user list", false, user_list },
    { "user import", true, user_import },
    { "sessions list", false, sessions_list },
    { "sessions kick", true, sessions_kick },
    { "room list", false, room_list },
    { "room show", false, room_show },
    { "room set", true, room_set },
    { "room affiliate", true, room_affiliate },
    { "room destroy", true, room_destroy },
    { "ban list", false, ban_list },
    { "ban add", true, ban_add },
    { "ban remove", true, ban_remove },
    { "announce", true, announce },
    { "message", false, message },
    { "status", false, status },
    { "settings", false, settings },
    { "reload", false, reload }, // not logged here: the reload logs each change
    { "backup", true, backup },
} };

} // namespace

const Command* find_command(std::string_view name)
{
    const auto found = std::find_if(commands.begin(), commands.end(),
        [&](const Command& each) { return each.name == name; });
    return found == commands.end() ? nullptr : &*found;
}

std::optional<std::string> text_of(const boost::json::object& request, std::string_view key)
{
    const boost::json::value* value = request.if_contains(key);
    if (value == nullptr || !value->is_string()) {
        return std::nullopt;
    }
    return std::string(value->get_string());
}

bool is_set(const boost::json::object& request, std::string_view key)
{
    const boost::json::value* value = request.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

Result<Jid, Error> jid_of(const boost::json::object& request)
{
    const auto text = text_of(request, "jid");
    if (!text) {
        return Error { "bad-request", "the request has no 'jid'" };
    }
    const auto jid = Jid::parse(*text);
    if (!jid) {
        return Error { "bad-request", "'" + *text + "' is not an address" };
    }
    return *jid;
}

Result<Jid, Error> account_of(const boost::json::object& request)
{
    auto jid = jid_of(request);
    if (jid && jid->has_resource()) {
        return Error { "bad-request", "'" + jid->text() + "' is one session; an account is named user@host" };
    }
    return jid;
}

std::size_t wanted_count(const boost::json::object& request)
{
    const boost::json::value* value = request.if_contains("limit");
    if (value == nullptr || !value->is_int64()) {
        return list_limit;
    }
    return static_cast<std::size_t>(std::clamp<std::int64_t>(value->get_int64(), 1,
        static_cast<std::int64_t>(list_limit)));
}

Error error_of(const AccountRefusal& refusal, const Jid& about)
{
    return { std::string(code_of(refusal.problem)), about.text() + ": " + refusal.text };
}

Error store_failed(StoreError error)
{
    const auto problem = to_account_problem(error);
    return { std::string(code_of(problem)), std::string(to_text(problem)) };
}

} // namespace stonechat::ctl
