// SPDX-License-Identifier: Apache-2.0
// stonechatctl sessions list, kick; trace
#include "ctl/client/subcommands.hpp"

#include <iostream>
#include <memory>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

void print_session(const json::object& row)
{
    std::cout << row.at("jid").as_string().c_str() << "  "
              << (row.at("available").as_bool()
                         ? "priority " + std::to_string(row.at("priority").to_number<int>())
                         : std::string("unavailable"))
              << "  " << row.at("peer").as_string().c_str() << "  " << row.at("transport").as_string().c_str()
              << "  since " << print_time(row.at("since").to_number<std::int64_t>()) << '\n';
}

Exit list_sessions(const Options& options, const std::string& jid)
{
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    json::object request { { "command", "sessions list" } };
    if (!jid.empty()) {
        request["jid"] = jid;
    }
    const auto result = call->ask(request);
    if (!result) {
        return report(options, result.error());
    }
    if (options.json) {
        print_json(*result);
        return Exit::done;
    }
    const json::array& sessions = result->at("sessions").as_array();
    for (const json::value& each : sessions) {
        print_session(each.as_object());
    }
    std::cout << sessions.size() << (sessions.size() == 1 ? " session\n" : " sessions\n");
    return Exit::done;
}

Exit kick(const Options& options, const std::string& jid)
{
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    const auto result = call->ask({ { "command", "sessions kick" }, { "jid", jid } });
    if (!result) {
        return report(options, result.error());
    }
    if (options.json) {
        print_json(*result);
    } else {
        std::cout << "ended " << result->at("ended").to_number<std::size_t>() << '\n';
    }
    return Exit::done;
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
              << line.at("event").as_string().c_str() << std::endl;
}

/// What became of one message.
Exit trace_message(const Options& options, const std::string& id)
{
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    const auto result = call->ask({ { "command", "message" }, { "id", id } });
    if (!result) {
        return report(options, result.error());
    }
    if (options.json) {
        print_json(*result);
        return Exit::done;
    }
    const json::array& events = result->at("events").as_array();
    for (const json::value& each : events) {
        print_event(each.as_object());
    }
    if (events.empty()) {
        std::cout << "nothing is known of a message with this id: it never came, or long ago\n";
    }
    return Exit::done;
}

/// Until Ctrl-C, or the server ends.
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
        std::cerr << "following the stanzas of " << begun->at("jid").as_string().c_str()
                  << "; Ctrl-C ends it\n";
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

void add_session_commands(CLI::App& program, Options& options, Exit& exit)
{
    CLI::App* sessions = program.add_subcommand("sessions", "Who is logged in: list, kick");
    sessions->require_subcommand(1);
    auto jid = std::make_shared<std::string>();

    CLI::App* list_command = add_command(*sessions, options, "list",
        "Lists the sessions of an account, or all");
    list_command->add_option("jid", *jid, "The account, user@host");
    list_command->callback([jid, &options, &exit] { exit = list_sessions(options, *jid); });

    CLI::App* kick_command = add_command(*sessions, options, "kick", "Ends a session, or all of an account");
    kick_command->add_option("jid", *jid, "user@host/resource, or user@host for all")->required();
    kick_command->callback([jid, &options, &exit] { exit = kick(options, *jid); });

    CLI::App* trace_command = add_command(program, options, "trace",
        "Follows the way of an account's stanzas through the server, or tells what became of one message");
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
