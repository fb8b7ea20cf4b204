// SPDX-License-Identifier: Apache-2.0
// stonechatctl announce, status, reload, backup
#include "ctl/client/subcommands.hpp"

#include <filesystem>
#include <iostream>
#include <memory>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

std::int64_t number(const json::object& object, std::string_view key)
{
    return object.at(key).to_number<std::int64_t>();
}

void print_host(const json::object& host)
{
    std::cout << "  " << host.at("name").as_string().c_str() << ": " << number(host, "sessions")
              << " sessions, " << number(host, "accounts") << " accounts";
    if (!host.at("certificate_ends").is_null()) {
        std::cout << ", certificate until " << print_time(number(host, "certificate_ends")).substr(0, 10);
    }
    if (!host.at("rooms").is_null()) {
        std::cout << ", rooms at " << host.at("rooms").as_string().c_str();
    }
    std::cout << '\n';
}

void print_warnings(const json::object& answer)
{
    for (const json::value& each : answer.at("warnings").as_array()) {
        std::cout << "warning: " << cli::printable(std::string(each.as_string())) << '\n';
    }
}

void print_status(const json::object& status)
{
    std::cout << "Stonechat " << status.at("version").as_string().c_str() << ", up "
              << print_seconds(number(status, "uptime_seconds")) << ", process " << number(status, "pid")
              << ", " << number(status, "shards") << " shards, "
              << number(status, "memory_bytes") / (1024 * 1024) << " MiB of memory\n";
    for (const json::value& each : status.at("hosts").as_array()) {
        print_host(each.as_object());
    }
    const json::object& counters = status.at("counters").as_object();
    std::cout << "  stanzas: " << number(counters, "stanzas_in") << " in, " << number(counters, "delivered")
              << " delivered, " << number(counters, "refused") << " refused, "
              << number(counters, "offline_stored")
              << " stored for later\n  logins: " << number(counters, "logins") << ", failed "
              << number(counters, "login_failures") << '\n';
    if (number(counters, "dead_letters") > 0) {
        std::cout << "  dead letters: " << number(counters, "dead_letters") << ", see the log\n";
    }
    const json::object& storage = status.at("storage").as_object();
    std::cout << "  storage: " << number(storage, "rows_written") << " rows in " << number(storage, "commits")
              << " commits; waiting: " << number(storage, "queued_writes") << " writes, "
              << number(storage, "queued_reads") << " reads\n";
    print_warnings(status);
}

void print_changes(const json::object& result)
{
    const json::array& changes = result.at("changes").as_array();
    if (changes.empty()) {
        std::cout << "reloaded; no setting has changed\n";
    }
    for (const json::value& each : changes) {
        const json::object& change = each.as_object();
        const auto shown = [&](std::string_view key) {
            const std::string value(change.at(key).as_string());
            return value.empty() ? std::string("(none)") : value;
        };
        std::cout << (shown("heat") == "hot" ? "changed        " : "needs restart  ") << shown("path") << ": "
                  << shown("from") << " -> " << shown("to") << '\n';
    }
    print_warnings(result);
}

Exit backup(const Options& options, const std::string& path)
{
    std::error_code failed;
    const auto absolute = std::filesystem::absolute(path, failed);
    if (failed) {
        return report(options, { "bad-request", path + ": " + failed.message() });
    }
    const std::string where = absolute.lexically_normal().string();
    return ask_and_print(options, { { "command", "backup" }, { "path", where } },
        [](const json::object& result) {
            std::cout << "wrote " << result.at("path").as_string().c_str() << '\n';
        });
}

Exit announce(const Options& options, const std::string& host, const std::string& text)
{
    json::object request { { "command", "announce" }, { "text", text } };
    if (!host.empty()) {
        request["host"] = host;
    }
    return ask_and_print(options, request, [](const json::object& result) {
        std::cout << "told " << cli::counted(result.at("told").to_number<std::size_t>(), "user") << '\n';
    });
}

void add_announce(CLI::App& program, Options& options, Exit& exit)
{
    const auto text = std::make_shared<std::string>();
    const auto host = std::make_shared<std::string>();
    CLI::App* command = add_command(program, options, "announce",
        "Sends a message to all users who are online, of one host or of all hosts");
    command->add_option("text", *text, "The text of the message")->required();
    command->add_option("--host", *host, "Only users of this host");
    command->callback([text, host, &options, &exit] { exit = announce(options, *host, *text); });
}

} // namespace

void add_server_commands(CLI::App& program, Options& options, Exit& exit)
{
    add_announce(program, options, exit);
    add_command(program, options, "status", "Shows the state of the server and problems that need attention")
        ->callback([&options, &exit] {
            exit = ask_and_print(options, { { "command", "status" } }, print_status);
        });
    add_command(program, options, "reload", "Reloads the configuration and the certificates")
        ->callback([&options, &exit] {
            exit = ask_and_print(options, { { "command", "reload" } }, print_changes);
        });
    auto path = std::make_shared<std::string>();
    CLI::App* backup_command = add_command(program, options, "backup",
        "Copies the database while the server runs");
    backup_command->add_option("path", *path, "A file that is not there yet; the server's user writes it")
        ->required();
    backup_command->callback([path, &options, &exit] { exit = backup(options, *path); });
}

} // namespace stonechat::ctl
