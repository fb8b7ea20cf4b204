// SPDX-License-Identifier: Apache-2.0
// stonechatctl sessions list, kick; trace
#include "ctl/client/subcommands.hpp"

#include <iostream>
#include <memory>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

void print_sessions(const json::object& result)
{
    print_table(sessions_table(result.at("sessions").as_array()), "session");
}

Exit list_sessions(const Options& options, const std::string& jid)
{
    json::object request { { "command", "sessions list" } };
    if (!jid.empty()) {
        request["jid"] = jid;
    }
    return ask_and_print(options, request, print_sessions);
}

Exit kick(const Options& options, const std::string& jid)
{
    return ask_and_print(options, { { "command", "sessions kick" }, { "jid", jid } },
        [](const json::object& result) {
            std::cout << "ended " << result.at("ended").to_number<std::size_t>() << '\n';
        });
}

std::string time_of_day(std::int64_t microseconds)
{
    const std::string milliseconds = std::to_string(1000 + microseconds / 1000 % 1000);
    return print_time(microseconds / 1'000'000).substr(11) + "." + milliseconds.substr(1);
}

void print_event(const json::object& line)
{
    if (const json::value* left_out = line.if_contains("left_out")) {
        std::cout << "(" << left_out->to_number<std::size_t>() << " left out)\n";
    }
    std::cout << time_of_day(line.at("time_us").to_number<std::int64_t>()) << "  "
              << shown_text(line, "event") << std::endl;
}

void print_events(const json::object& result)
{
    const json::array& events = result.at("events").as_array();
    for (const json::value& each : events) {
        print_event(each.as_object());
    }
    if (events.empty()) {
        std::cout << "nothing is known of a message with this id: it never came, or long ago\n";
    }
}

/// Shows what became of one message.
Exit trace_message(const Options& options, const std::string& id)
{
    return ask_and_print(options, { { "command", "message" }, { "id", id } }, print_events);
}

/// Prints trace lines until Ctrl-C or until the server stops.
Exit trace(const Options& options, const std::string& jid)
{
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    const auto begun = call->ask({ { "command", "trace" }, { "jid", jid } });
    if (!begun) {
        return report(options, begun.error());
    }
    if (!options.json) {
        std::cerr << "following the stanzas of " << shown_text(*begun, "jid")
                  << ", times in UTC; Ctrl-C ends it\n";
    }
    while (const auto line = call->next()) {
        if (options.json) {
            print_json(*line);
        } else {
            print_event(*line);
        }
    }
    return report(options, { "lost", "the server has ended" });
}

} // namespace

cli::Table sessions_table(const json::array& sessions)
{
    cli::Table table({ "SESSION", "PRIORITY", "PEER", "TRANSPORT", "SINCE (UTC)" });
    for (const json::value& each : sessions) {
        const json::object& row = each.as_object();
        const std::string priority = row.at("available").as_bool()
            ? std::to_string(row.at("priority").to_number<int>())
            : "unavailable";
        table.add({ std::string(row.at("jid").as_string()), priority, std::string(row.at("peer").as_string()),
            std::string(row.at("transport").as_string()),
            print_time(row.at("since").to_number<std::int64_t>()) });
    }
    return table;
}

void add_session_commands(CLI::App& program, Options& options, Exit& exit)
{
    CLI::App* sessions = program.add_subcommand("sessions", "Who is logged in: list, kick");
    sessions->require_subcommand(1);
    auto jid = std::make_shared<std::string>();

    CLI::App* list_command = add_command(*sessions, options, "list",
        "Lists the sessions of one account or of all accounts");
    list_command->add_option("jid", *jid, "The account, user@host");
    list_command->callback([jid, &options, &exit] { exit = list_sessions(options, *jid); });

    CLI::App* kick_command = add_command(*sessions, options, "kick",
        "Ends one session or all sessions of an account");
    kick_command->add_option("jid", *jid, "user@host/resource, or user@host for all")->required();
    kick_command->callback([jid, &options, &exit] { exit = kick(options, *jid); });

    CLI::App* trace_command = add_command(program, options, "trace",
        "Shows the stanzas of an account as the server handles them, or what happened to one message");
    auto message = std::make_shared<std::string>();
    auto* address = trace_command->add_option("jid", *jid, "The address, user@host");
    auto* id = trace_command->add_option("--message", *message, "The id of a message");
    address->excludes(id);
    trace_command->callback([jid, message, &options, &exit] {
        if (jid->empty() && message->empty()) {
            throw CLI::RequiredError("An address, or --message with an id,");
        }
        exit = message->empty() ? trace(options, *jid) : trace_message(options, *message);
    });
}

} // namespace stonechat::ctl
