// SPDX-License-Identifier: Apache-2.0
// stonechatctl user add, password, delete, enable, disable, list, import
#include "ctl/client/import.hpp"
#include "ctl/client/subcommands.hpp"

#include <iostream>
#include <memory>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

struct UserArguments {
    std::string jid;
    std::string password;
};

/// Sends `request`; prints what was `done` to which account, or the error.
Exit change_user(const Options& options, const json::object& request, const std::string& done)
{
    return ask_and_print(options, request, [&done](const json::object& result) {
        std::cout << done << ' ' << result.at("jid").as_string().c_str() << '\n';
    });
}

Exit with_password(const Options& options, const std::string& command, UserArguments arguments,
    const std::string& done)
{
    if (arguments.password.empty()) {
        auto password = ask_password(arguments.jid);
        if (!password) {
            return report(options, password.error());
        }
        arguments.password = std::move(*password);
    }
    json::object request;
    request["command"] = command;
    request["jid"] = arguments.jid;
    request["password"] = arguments.password;
    return change_user(options, request, done);
}

Exit without_password(const Options& options, const std::string& command, const std::string& jid,
    const std::string& done)
{
    json::object request;
    request["command"] = command;
    request["jid"] = jid;
    return change_user(options, request, done);
}

void print_account(const json::object& row)
{
    std::cout << row.at("jid").as_string().c_str() << (row.at("enabled").as_bool() ? "" : "  disabled")
              << '\n';
}

Result<std::vector<std::string>, CallError> names_of_hosts(Call& call)
{
    const auto hosts = hosts_of(call);
    if (!hosts) {
        return hosts.error();
    }
    std::vector<std::string> names;
    for (const json::value& each : *hosts) {
        names.emplace_back(each.as_object().at("name").as_string());
    }
    return names;
}

Exit list_users(const Options& options, const std::string& host)
{
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    std::vector<std::string> hosts { host };
    if (host.empty()) {
        auto all = names_of_hosts(*call);
        if (!all) {
            return report(options, all.error());
        }
        hosts = std::move(*all);
    }
    json::array accounts;
    for (const std::string& each : hosts) {
        auto rows = all_pages(*call, { { "command", "user list" }, { "host", each } }, "accounts");
        if (!rows) {
            return report(options, rows.error());
        }
        for (json::value& row : *rows) {
            if (options.json) {
                accounts.push_back(std::move(row));
            } else {
                print_account(row.as_object());
            }
        }
    }
    if (options.json) {
        print_json({ { "accounts", std::move(accounts) } });
    }
    return Exit::done;
}

} // namespace

void add_user_commands(CLI::App& program, Options& options, Exit& exit)
{
    CLI::App* user = program.add_subcommand("user", "Accounts: add, remove, change, list");
    user->require_subcommand(1);
    auto arguments = std::make_shared<UserArguments>();
    const auto add_jid = [arguments](CLI::App* command) {
        command->add_option("jid", arguments->jid, "The account, user@host")->required();
    };
    const auto add_password = [arguments](CLI::App* command) {
        command->add_option("--password", arguments->password,
            "If not given, it is asked for, or read from a pipe");
    };

    CLI::App* add = add_command(*user, options, "add", "Makes an account");
    add_jid(add);
    add_password(add);
    add->callback([arguments, &options, &exit] {
        exit = with_password(options, "user add", *arguments, "added");
    });

    CLI::App* password = add_command(*user, options, "password", "Sets a new password and ends the sessions");
    add_jid(password);
    add_password(password);
    password->callback([arguments, &options, &exit] {
        exit = with_password(options, "user password", *arguments, "changed the password of");
    });

    CLI::App* remove = add_command(*user, options, "delete",
        "Removes an account and all that is kept for it");
    add_jid(remove);
    remove->callback([arguments, &options, &exit] {
        exit = without_password(options, "user delete", arguments->jid, "deleted");
    });

    CLI::App* disable = add_command(*user, options, "disable",
        "Ends the sessions and refuses logins; keeps all data");
    add_jid(disable);
    disable->callback([arguments, &options, &exit] {
        exit = without_password(options, "user disable", arguments->jid, "disabled");
    });

    CLI::App* enable = add_command(*user, options, "enable", "Allows logins again");
    add_jid(enable);
    enable->callback([arguments, &options, &exit] {
        exit = without_password(options, "user enable", arguments->jid, "enabled");
    });

    auto host = std::make_shared<std::string>();
    CLI::App* list_command = add_command(*user, options, "list", "Lists the accounts of a host, or of all");
    list_command->add_option("host", *host, "The host");
    list_command->callback([host, &options, &exit] { exit = list_users(options, *host); });

    auto file = std::make_shared<std::string>();
    CLI::App* import = add_command(*user, options, "import", "Makes the accounts that a file lists");
    import->add_option("file", *file, "Lines of \"user@host password\"; \"-\" reads from a pipe")->required();
    import->callback([file, &options, &exit] { exit = import_accounts(options, *file); });
}

} // namespace stonechat::ctl
