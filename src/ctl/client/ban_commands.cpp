// SPDX-License-Identifier: Apache-2.0
// stonechatctl ban list, add, remove
#include "config/value_text.hpp"
#include "ctl/client/subcommands.hpp"

#include <iostream>
#include <memory>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

struct BanArguments {
    std::string prefix;
    std::string length;
    std::string reason;
};

void print_bans(const json::object& result)
{
    cli::Table table({ "PREFIX", "UNTIL (UTC)", "CAUSE", "FAILURES", "REASON" });
    for (const json::value& each : result.at("bans").as_array()) {
        const json::object& row = each.as_object();
        const json::value& until = row.at("until");
        const auto failures = row.at("failures").to_number<std::int64_t>();
        table.add({ std::string(row.at("prefix").as_string()),
            until.is_null() ? "it is removed" : print_time(until.to_number<std::int64_t>()),
            std::string(row.at("cause").as_string()), failures > 0 ? std::to_string(failures) : std::string(),
            std::string(row.at("reason").as_string()) });
    }
    print_table(table, "ban");
}

Exit add_ban(const Options& options, const BanArguments& arguments)
{
    json::object request { { "command", "ban add" }, { "prefix", arguments.prefix },
        { "reason", arguments.reason } };
    if (!arguments.length.empty()) {
        const auto length = parse_duration(arguments.length);
        if (!length || *length < 1000) {
            return report(options,
                { "bad-request", "'" + arguments.length + "' is no time to ban for; \"2 h\" is one" });
        }
        request["seconds"] = *length / 1000;
    }
    return ask_and_print(options, request,
        [](const json::object& result) { std::cout << "banned " << shown_text(result, "prefix") << '\n'; });
}

Exit remove_ban(const Options& options, const std::string& prefix)
{
    return ask_and_print(options, { { "command", "ban remove" }, { "prefix", prefix } },
        [](const json::object& result) {
            std::cout << "lifted the ban of " << shown_text(result, "prefix") << '\n';
        });
}

} // namespace

void add_ban_commands(CLI::App& program, Options& options, Exit& exit)
{
    CLI::App* ban = program.add_subcommand("ban", "Banned addresses: list, add, remove");
    ban->require_subcommand(1);
    auto arguments = std::make_shared<BanArguments>();
    const auto add_prefix = [arguments](CLI::App* command) {
        command->add_option("prefix", arguments->prefix, "An address, or a prefix such as 192.0.2.0/24")
            ->required();
    };

    add_command(*ban, options, "list", "Lists the current bans")->callback([&options, &exit] {
        exit = ask_and_print(options, { { "command", "ban list" } }, print_bans);
    });

    CLI::App* add = add_command(*ban, options, "add",
        "Refuses logins from the address or prefix; existing sessions stay until they are kicked");
    add_prefix(add);
    add->add_option("--for", arguments->length,
        "How long, such as \"2 h\"; if not given, until it is removed");
    add->add_option("--reason", arguments->reason, "Why, for `ban list`");
    add->callback([arguments, &options, &exit] { exit = add_ban(options, *arguments); });

    CLI::App* remove = add_command(*ban, options, "remove", "Removes a ban, whatever its reason");
    add_prefix(remove);
    remove->callback([arguments, &options, &exit] { exit = remove_ban(options, arguments->prefix); });
}

} // namespace stonechat::ctl
