// SPDX-License-Identifier: Apache-2.0
// stonechatctl user add, password, delete, enable, disable, quota, show, list, import
#include "cli/table.hpp"
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
    bool generate = false;
    bool yes = false;
    bool force = false;
};

/// Sends `request` and prints what was `done` to which account, or the error.
Exit change_user(const Options& options, const json::object& request, const std::string& done)
{
    return ask_and_print(options, request, [&done](const json::object& result) {
        std::cout << done << ' ' << shown_text(result, "jid") << '\n';
    });
}

Result<NewPassword, CallError> password_of(const UserArguments& arguments)
{
    if (arguments.generate) {
        return generate_password();
    }
    if (arguments.password.empty()) {
        return ask_password(arguments.jid);
    }
    return NewPassword { arguments.password, false };
}

/// A generated password is shown with the answer, after the account has it.
Exit with_password(const Options& options, const std::string& command, const UserArguments& arguments,
    const std::string& done)
{
    const auto password = password_of(arguments);
    if (!password) {
        return report(options, password.error());
    }
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    json::object request { { "command", command }, { "jid", arguments.jid }, { "password", password->text } };
    if (arguments.force) {
        request["force"] = true;
    }
    auto result = call->ask(request);
    if (!result) {
        return report(options, result.error());
    }
    if (options.json) {
        if (password->is_generated) {
            (*result)["password"] = password->text;
        }
        print_json(*result);
        return Exit::done;
    }
    std::cout << done << ' ' << shown_text(*result, "jid") << '\n';
    if (password->is_generated) {
        std::cout << "password: " << password->text << '\n';
    }
    return Exit::done;
}

Exit without_password(const Options& options, const std::string& command, const std::string& jid,
    const std::string& done)
{
    return change_user(options, { { "command", command }, { "jid", jid } }, done);
}

Exit delete_user(const Options& options, const UserArguments& arguments)
{
    const auto confirmed = confirm(arguments.yes,
        "Delete " + cli::printable(arguments.jid) + " and all that is kept for it?");
    if (!confirmed) {
        return report(options, confirmed.error());
    }
    return without_password(options, "user delete", arguments.jid, "deleted");
}

// show --------------------------------------------------------------------------------------------

std::uint64_t count_at(const json::object& object, std::string_view key)
{
    return object.at(key).to_number<std::uint64_t>();
}

std::string messages_text(const json::object& kept)
{
    const bool more = kept.at("more").as_bool();
    return (more ? "more than " : "") + cli::counted(count_at(kept, "messages"), "message") + ", "
        + print_bytes(count_at(kept, "bytes"));
}

std::string archive_text(const json::object& archive)
{
    const json::value& quota = archive.at("quota");
    if (quota.is_null()) {
        return messages_text(archive) + " (no quota)";
    }
    const auto most = quota.to_number<std::uint64_t>();
    return messages_text(archive) + ", " + std::to_string(count_at(archive, "bytes") * 100 / most)
        + " % of its quota of " + print_bytes(most);
}

std::string last_seen_text(const json::object& user)
{
    if (!user.at("sessions").as_array().empty()) {
        return "logged in now";
    }
    const json::value& seen = user.at("last_seen");
    return seen.is_null() ? "never, as far as is known" : print_time(seen.to_number<std::int64_t>()) + " UTC";
}

void print_user(const json::object& user)
{
    std::cout << shown_text(user, "jid") << (user.at("enabled").as_bool() ? "" : "  (disabled)") << '\n';
    const auto line = [](std::string_view name, const std::string& value) {
        std::cout << "  " << name << std::string(12 - name.size(), ' ') << value << '\n';
    };
    line("created", print_time(user.at("created").to_number<std::int64_t>()) + " UTC");
    line("last seen", last_seen_text(user));
    line("contacts", std::to_string(count_at(user, "contacts")));
    line("archive", archive_text(user.at("archive").as_object()));
    line("mailbox", messages_text(user.at("mailbox").as_object()));
    for (const auto& [store, bytes] : user.at("stored").as_object()) {
        line("stored", std::string(store) + ", " + print_bytes(bytes.to_number<std::uint64_t>()));
    }
    const json::array& sessions = user.at("sessions").as_array();
    if (!sessions.empty()) {
        std::cout << sessions_table(sessions).text(2);
    }
}

// list --------------------------------------------------------------------------------------------

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

Result<json::array, CallError> users_of(Call& call, const std::string& host)
{
    std::vector<std::string> hosts { host };
    if (host.empty()) {
        auto all = names_of_hosts(call);
        if (!all) {
            return all.error();
        }
        hosts = std::move(*all);
    }
    json::array accounts;
    for (const std::string& each : hosts) {
        auto rows = all_pages(call, { { "command", "user list" }, { "host", each } }, "accounts");
        if (!rows) {
            return rows.error();
        }
        std::move(rows->begin(), rows->end(), std::back_inserter(accounts));
    }
    return accounts;
}

Exit list_users(const Options& options, const std::string& host)
{
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    auto accounts = users_of(*call, host);
    if (!accounts) {
        return report(options, accounts.error());
    }
    if (options.json) {
        print_json({ { "accounts", std::move(*accounts) } });
        return Exit::done;
    }
    cli::Table table({ "ACCOUNT", "STATE", "CREATED (UTC)" });
    for (const json::value& each : *accounts) {
        const json::object& row = each.as_object();
        table.add({ std::string(row.at("jid").as_string()),
            row.at("enabled").as_bool() ? "enabled" : "disabled",
            print_time(row.at("created").to_number<std::int64_t>()) });
    }
    print_table(table, "account");
    return Exit::done;
}

// What there is -----------------------------------------------------------------------------------

using Arguments = std::shared_ptr<UserArguments>;

void add_jid(CLI::App* command, const Arguments& arguments)
{
    command->add_option("jid", arguments->jid, "The account, user@host")->required();
}

void add_password(CLI::App* command, const Arguments& arguments)
{
    auto* password = command->add_option("--password", arguments->password,
        "Without it, the password is prompted for, or read from a pipe");
    command->add_flag("--generate", arguments->generate, "Generate a password and print it")
        ->excludes(password);
}

void add_changes_of_password(CLI::App& user, const Arguments& arguments, Options& options, Exit& exit)
{
    CLI::App* add = add_command(user, options, "add", "Creates an account");
    add_jid(add, arguments);
    add_password(add, arguments);
    add->add_flag("--force", arguments->force,
        "Create it even if the name is reserved for a removed account");
    add->callback([arguments, &options, &exit] {
        exit = with_password(options, "user add", *arguments, "added");
    });

    CLI::App* password = add_command(user, options, "password", "Sets a new password and ends the sessions");
    add_jid(password, arguments);
    add_password(password, arguments);
    password->callback([arguments, &options, &exit] {
        exit = with_password(options, "user password", *arguments, "changed the password of");
    });
}

void add_other_changes(CLI::App& user, const Arguments& arguments, Options& options, Exit& exit)
{
    CLI::App* remove = add_command(user, options, "delete", "Removes an account and all its data");
    add_jid(remove, arguments);
    remove->add_flag("--yes", arguments->yes, "Do not ask for confirmation");
    remove->callback([arguments, &options, &exit] { exit = delete_user(options, *arguments); });

    CLI::App* disable = add_command(user, options, "disable",
        "Ends the account's sessions and refuses logins; keeps all its data");
    add_jid(disable, arguments);
    disable->callback([arguments, &options, &exit] {
        exit = without_password(options, "user disable", arguments->jid, "disabled");
    });

    const auto quota = std::make_shared<std::string>();
    CLI::App* limit = add_command(user, options, "quota", "Sets the maximum size of an account's archive");
    add_jid(limit, arguments);
    limit->add_option("quota", *quota, "As 500 MiB; \"default\": as the host has it; \"none\": no limit")
        ->required();
    limit->callback([arguments, quota, &options, &exit] {
        exit = change_user(options,
            { { "command", "user quota" }, { "jid", arguments->jid }, { "quota", *quota } },
            "changed the quota of");
    });

    CLI::App* enable = add_command(user, options, "enable", "Allows logins again after `user disable`");
    add_jid(enable, arguments);
    enable->callback([arguments, &options, &exit] {
        exit = without_password(options, "user enable", arguments->jid, "enabled");
    });
}

} // namespace

void add_user_commands(CLI::App& program, Options& options, Exit& exit)
{
    CLI::App* user = program.add_subcommand("user", "Accounts: add, remove, change, show, list");
    user->require_subcommand(1);
    const auto arguments = std::make_shared<UserArguments>();
    add_changes_of_password(*user, arguments, options, exit);
    add_other_changes(*user, arguments, options, exit);

    CLI::App* show = add_command(*user, options, "show",
        "Shows when an account was last used, its sessions, and how much data it has");
    add_jid(show, arguments);
    show->callback([arguments, &options, &exit] {
        exit = ask_and_print(options, { { "command", "user show" }, { "jid", arguments->jid } }, print_user);
    });

    const auto host = std::make_shared<std::string>();
    CLI::App* list_command = add_command(*user, options, "list",
        "Lists the accounts of one host or of all hosts");
    list_command->add_option("host", *host, "The host");
    list_command->callback([host, &options, &exit] { exit = list_users(options, *host); });

    const auto file = std::make_shared<std::string>();
    CLI::App* import = add_command(*user, options, "import", "Creates the accounts listed in a file");
    import->add_option("file", *file, "Lines of \"user@host password\"; \"-\" reads from a pipe")->required();
    import->callback([file, &options, &exit] { exit = import_accounts(options, *file); });
}

} // namespace stonechat::ctl
