// SPDX-License-Identifier: Apache-2.0
#include "ctl/command.hpp"

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
    case AccountProblem::store_failed: return "store-failed";
    }
    return {};
}

constexpr std::array<Command, 13> commands { {
    { "user add", user_add },
    { "user password", user_password },
    { "user delete", user_delete },
    { "user enable", user_enable },
    { "user disable", user_disable },
    { "user list", user_list },
    { "user import", user_import },
    { "sessions list", sessions_list },
    { "sessions kick", sessions_kick },
    { "status", status },
    { "settings", settings },
    { "reload", reload },
    { "backup", backup },
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

Error error_of(AccountProblem problem)
{
    return { std::string(code_of(problem)), std::string(to_text(problem)) };
}

Error store_failed()
{
    return error_of(AccountProblem::store_failed);
}

} // namespace stonechat::ctl
