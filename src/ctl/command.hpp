// SPDX-License-Identifier: Apache-2.0
// What a command of the control socket is: a name, and a function that takes the request and gives
// the answer. Commands run on shard 0 and reach everything else through the router.
#pragma once

#include "base/function.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "config/difference.hpp"
#include "router/accounts.hpp"
#include "xmpp/jid.hpp"

#include <boost/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class Router;
class Server;
class Shard;

namespace ctl {

struct Error {
    std::string code;    ///< for programs: "no-such-account"
    std::string message; ///< for people
};

using Answer = Result<boost::json::object, Error>;

/// What a reload did.
struct ReloadReport {
    std::vector<std::string> problems;  ///< if there are any, nothing was changed
    std::vector<SettingChange> changes; ///< hot ones are in force, cold ones await a restart
    std::vector<std::string> warnings;  ///< what is in force but not well: an expired certificate
};

/// What the commands need and only main knows.
struct Hooks {
    std::string version;
    const Schema* schema = nullptr;
    /// Reads the configuration again; answers on shard 0.
    Function<void(Function<void(ReloadReport)> done)> reload;
};

struct Context {
    Server& server;
    Shard& shard;
    Hooks& hooks;
};

struct Command {
    std::string_view name;
    bool is_logged; ///< whether the log keeps who it was done to
    Task<Answer> (*run)(Context& context, boost::json::object request);
};

/// Every command but `trace`, which streams and belongs to the connection.
const Command* find_command(std::string_view name);

// By file: account_commands.cpp, import_command.cpp, session_commands.cpp, room_commands.cpp,
// ban_commands.cpp, message_command.cpp, server_commands.cpp.
Task<Answer> user_add(Context& context, boost::json::object request);
Task<Answer> user_password(Context& context, boost::json::object request);
Task<Answer> user_delete(Context& context, boost::json::object request);
Task<Answer> user_enable(Context& context, boost::json::object request);
Task<Answer> user_disable(Context& context, boost::json::object request);
Task<Answer> user_quota(Context& context, boost::json::object request);
Task<Answer> user_show(Context& context, boost::json::object request);
Task<Answer> user_list(Context& context, boost::json::object request);
Task<Answer> user_import(Context& context, boost::json::object request);
Task<Answer> sessions_list(Context& context, boost::json::object request);
Task<Answer> sessions_kick(Context& context, boost::json::object request);
Task<Answer> room_list(Context& context, boost::json::object request);
Task<Answer> room_show(Context& context, boost::json::object request);
Task<Answer> room_set(Context& context, boost::json::object request);
Task<Answer> room_affiliate(Context& context, boost::json::object request);
Task<Answer> room_destroy(Context& context, boost::json::object request);
Task<Answer> ban_list(Context& context, boost::json::object request);
Task<Answer> ban_add(Context& context, boost::json::object request);
Task<Answer> ban_remove(Context& context, boost::json::object request);
Task<Answer> announce(Context& context, boost::json::object request);
Task<Answer> message(Context& context, boost::json::object request);
Task<Answer> status(Context& context, boost::json::object request);
Task<Answer> settings(Context& context, boost::json::object request);
Task<Answer> reload(Context& context, boost::json::object request);
Task<Answer> backup(Context& context, boost::json::object request);

/// The text of a key, or nothing if it is absent or no text.
std::optional<std::string> text_of(const boost::json::object& request, std::string_view key);
/// Whether a key is true.
bool is_set(const boost::json::object& request, std::string_view key);
/// The address in `jid`; an error that says what is wrong with it.
Result<Jid, Error> jid_of(const boost::json::object& request);
/// The same for an account: with a resource it is an error, as a whole account may not be what was meant.
Result<Jid, Error> account_of(const boost::json::object& request);
/// How much of a list is asked for by `limit`: list_limit at most, and if it says nothing.
std::size_t wanted_count(const boost::json::object& request);
/// The sessions of an account, or all if `bare` is empty.
Task<boost::json::array> sessions_of(Context& context, std::string bare);
/// Where the rooms of each host are; who has none is not in it.
std::map<std::string, std::string> room_services(const Router& router);
/// What is wrong with `about`, an account.
Error error_of(const AccountRefusal& refusal, const Jid& about);
/// A disk that is full is called that.
Error store_failed(StoreError error);

} // namespace ctl
} // namespace stonechat
