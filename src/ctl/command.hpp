// SPDX-License-Identifier: Apache-2.0
// The commands of the control socket. A command is a name and a function that takes the request and returns
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

/// The outcome of a reload.
struct ReloadReport {
    std::vector<std::string> problems;  ///< if there is any, nothing was changed
    std::vector<SettingChange> changes; ///< hot ones are in force, cold ones await a restart
    std::vector<std::string> warnings;  ///< in force, but needs attention: an expired certificate
};

/// Functions of main that commands need.
struct Hooks {
    std::string version;
    const Schema* schema = nullptr;
    /// Reads the configuration again. The answer arrives on shard 0.
    Function<void(Function<void(ReloadReport)> done)> reload;
};

struct Context {
    Server& server;
    Shard& shard;
    Hooks& hooks;
};

struct Command {
    std::string_view name;
    bool is_logged; ///< whether the log records each use and its subject
    Task<Answer> (*run)(Context& context, boost::json::object request);
};

/// Finds any command except `trace`, which streams and is part of the connection. Null if there is none.
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

/// Returns the text of a key; nothing if the key is absent or not a text.
std::optional<std::string> text_of(const boost::json::object& request, std::string_view key);
/// Returns whether a key is true.
bool is_set(const boost::json::object& request, std::string_view key);
/// Returns the address in `jid`, or an error that says what is wrong with it.
Result<Jid, Error> jid_of(const boost::json::object& request);
/// Does the same for an account. An address with a resource is an error, because the caller may not have
/// meant the whole account.
Result<Jid, Error> account_of(const boost::json::object& request);
/// Returns the number of rows that `limit` asks for: at most list_limit, which is also the default.
std::size_t wanted_count(const boost::json::object& request);
/// Returns the sessions of an account, or all sessions if `bare` is empty.
Task<boost::json::array> sessions_of(Context& context, std::string bare);
/// Returns the domain of the rooms of each host. Hosts without rooms are left out.
std::map<std::string, std::string> room_services(const Router& router);
/// Returns the error for a refusal about the account `about`.
Error error_of(const AccountRefusal& refusal, const Jid& about);
/// Returns the error for a storage failure. A full disk has an error of its own.
Error store_failed(StoreError error);

} // namespace ctl
} // namespace stonechat
