// SPDX-License-Identifier: Apache-2.0
// What every sub-command of stonechatctl shares: which server is meant, and how answers are shown.
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
    std::string socket; ///< wins over `config`
    bool json = false;
};

/// The path of the socket.
Result<std::string, CallError> socket_path(const Options& options);

/// Connects, or says why not.
Result<Call, CallError> call_server(const Options& options);

/// Prints an error (as JSON, if that was asked for) and gives the exit code for it.
Exit report(const Options& options, const CallError& error);

/// Prints a result as JSON on one line.
void print_json(const boost::json::object& result);

/// Asks `request` of the server and shows the result: as JSON if that was asked for, else by `print`.
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

/// All rows of a list that comes page by page: `key` names them in each answer to `request`.
Result<boost::json::array, CallError> all_pages(Call& call, boost::json::object request,
    std::string_view key);
/// What `status` says of each host.
Result<boost::json::array, CallError> hosts_of(Call& call);

/// A password, and whether it was made here, so that it has to be shown.
struct NewPassword {
    std::string text;
    bool is_generated = false;
};
/// Of 100 random bits, in letters and digits that nobody takes for each other.
NewPassword generate_password();
/// From the terminal without echo, asked twice, or generated if nothing is typed; from a pipe, its first
/// line.
Result<NewPassword, CallError> ask_password(std::string_view jid);

/// Whether to do what cannot be undone: `yes` from the command line, or from the terminal when it is asked
/// there. An error if the answer is no, or if there is no terminal to ask on.
Result<Done, CallError> confirm(bool yes, const std::string& question);

/// "3 d 4 h", "12 min": for people.
std::string print_seconds(std::int64_t seconds);
/// "2026-01-31 12:00:00" in UTC.
std::string print_time(std::int64_t unix_seconds);
/// "3.2 MiB"
std::string print_bytes(std::uint64_t bytes);

/// A list for people, with headers, and how many there are: "3 sessions".
void print_table(const cli::Table& table, std::string_view noun);

/// What strangers may have written, for the terminal (cli/table.hpp).
std::string shown_text(const boost::json::object& row, std::string_view key);

} // namespace stonechat::ctl
