// SPDX-License-Identifier: Apache-2.0
// Shared by all sub-commands of stonechatctl: finds the server, and prints answers.
#pragma once

#include "cli/table.hpp"
#include "ctl/call.hpp"

#include <string>
#include <string_view>

namespace stonechat::ctl {

/// Exit codes, the same for all sub-commands.
enum class Exit { done = 0, refused = 1, usage = 2, no_server = 3 };

struct Options {
    std::string config = "/etc/stonechat/stonechat.toml";
    std::string socket; ///< takes precedence over `config`
    bool json = false;
};

/// Returns the path of the socket.
Result<std::string, CallError> socket_path(const Options& options);

/// Connects to the server, or returns why it cannot.
Result<Call, CallError> call_server(const Options& options);

/// Prints an error (as JSON with `options.json`) and returns its exit code.
Exit report(const Options& options, const CallError& error);

/// Prints a result as JSON on one line.
void print_json(const boost::json::object& result);

/// Sends `request` and prints the result: as JSON with `options.json`, else with `print`.
template <class Print>
Exit ask_and_print(const Options& options, const boost::json::object& request, Print print)
{
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    const auto result = call->ask(request);
    if (!result) {
        return report(options, result.error());
    }
    if (options.json) {
        print_json(*result);
    } else {
        print(*result);
    }
    return Exit::done;
}

/// Returns all rows of a list that has several pages. `key` names the rows in each answer to `request`.
Result<boost::json::array, CallError> all_pages(Call& call, boost::json::object request,
    std::string_view key);
/// Returns the hosts in the answer to `status`.
Result<boost::json::array, CallError> hosts_of(Call& call);

/// A new password. A generated one has to be shown.
struct NewPassword {
    std::string text;
    bool is_generated = false;
};
/// Generates a password of 100 random bits, in letters and digits that are not easily confused.
NewPassword generate_password();
/// Asks for a password on the terminal, twice and without echo, and generates one if nothing is typed. Reads
/// the first line if standard input is a pipe.
Result<NewPassword, CallError> ask_password(std::string_view jid);

/// Confirms an action that cannot be undone, by `yes` (an option) or by a question on the terminal. Returns
/// an error if the answer is no, or if there is no terminal.
Result<Done, CallError> confirm(bool yes, const std::string& question);

/// Formats a duration for people: "3 d 4 h", "12 min".
std::string print_seconds(std::int64_t seconds);
/// Formats a time in UTC: "2026-01-31 12:00:00".
std::string print_time(std::int64_t unix_seconds);
/// Formats a size: "3.2 MiB".
std::string print_bytes(std::uint64_t bytes);

/// Prints a table with headers, and the number of its rows: "3 sessions".
void print_table(const cli::Table& table, std::string_view noun);

/// Returns the text of `key`, made printable, because strangers may have written it (cli/table.hpp).
std::string shown_text(const boost::json::object& row, std::string_view key);

} // namespace stonechat::ctl
