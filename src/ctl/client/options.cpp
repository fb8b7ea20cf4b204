// SPDX-License-Identifier: Apache-2.0
#include "ctl/client/options.hpp"

#include "base/random.hpp"
#include "config/data_dir.hpp"
#include "ctl/protocol.hpp"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <iostream>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

/// Turns the terminal's echo off during its lifetime.
class Silence {
public:
    Silence()
    {
        tcgetattr(STDIN_FILENO, &before_);
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence() { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }

private:
    termios before_ {};
};

std::string read_silently(const std::string& prompt)
{
    std::cerr << prompt << std::flush;
    std::string line;
    {
        const Silence silence;
        std::getline(std::cin, line);
    }
    std::cerr << '\n';
    return line;
}

/// Makes each line of a message printable; a message may have several lines.
std::string lines_of(std::string_view message)
{
    std::string lines;
    while (true) {
        const std::size_t end = message.find('\n');
        lines += cli::printable(message.substr(0, end));
        if (end == std::string_view::npos) {
            return lines;
        }
        lines += '\n';
        message.remove_prefix(end + 1);
    }
}

} // namespace

Result<std::string, CallError> socket_path(const Options& options)
{
    if (!options.socket.empty()) {
        return options.socket;
    }
    const auto data_dir = data_dir_of(options.config);
    if (!data_dir) {
        return CallError { "no-server",
            "cannot read the configuration " + options.config
                + " to find the server; name it with --config FILE, or its socket with --socket PATH" };
    }
    return *data_dir + "/" + std::string(socket_name);
}

Result<Call, CallError> call_server(const Options& options)
{
    const auto path = socket_path(options);
    if (!path) {
        return path.error();
    }
    return Call::connect(*path);
}

Exit report(const Options& options, const CallError& error)
{
    if (options.json) {
        json::object line;
        line["error"] = json::object { { "code", error.code }, { "message", error.message } };
        std::cout << json::serialize(line) << '\n';
    } else {
        std::cerr << "stonechatctl: " << lines_of(error.message) << '\n';
    }
    return error.code == "no-server" || error.code == "lost" ? Exit::no_server : Exit::refused;
}

void print_json(const json::object& result)
{
    std::cout << json::serialize(result) << std::endl;
}

Result<json::array, CallError> all_pages(Call& call, json::object request, std::string_view key)
{
    json::array all;
    json::value after = "";
    while (after.is_string()) {
        request["after"] = after;
        auto page = call.ask(request);
        if (!page) {
            return page.error();
        }
        for (json::value& each : page->at(key).as_array()) {
            all.push_back(std::move(each));
        }
        after = page->at("next");
    }
    return all;
}

Result<json::array, CallError> hosts_of(Call& call)
{
    auto status = call.ask({ { "command", "status" } });
    if (!status) {
        return status.error();
    }
    return std::move(status->at("hosts").as_array());
}

NewPassword generate_password()
{
    constexpr std::string_view symbols = "abcdefghijkmnpqrstuvwxyz23456789"; // 32: five bits each
    constexpr std::size_t length = 20;
    constexpr std::size_t group = 5;
    initialise_randomness();
    NewPassword password { {}, true };
    const std::string bytes = random_bytes(length);
    for (std::size_t i = 0; i < length; ++i) {
        password.text += i > 0 && i % group == 0 ? "-" : "";
        password.text += symbols[static_cast<unsigned char>(bytes[i]) % symbols.size()];
    }
    return password;
}

Result<NewPassword, CallError> ask_password(std::string_view jid)
{
    NewPassword password;
    if (isatty(STDIN_FILENO) == 0) {
        std::getline(std::cin, password.text);
        if (password.text.empty()) {
            return CallError { "bad-password", "no password came; --generate makes one" };
        }
        return password;
    }
    password.text = read_silently("Password for " + std::string(jid) + " (nothing: one is made): ");
    if (password.text.empty()) {
        return generate_password();
    }
    if (password.text != read_silently("Once more: ")) {
        return CallError { "bad-password", "the two passwords differ" };
    }
    return password;
}

Result<Done, CallError> confirm(bool yes, const std::string& question)
{
    if (yes) {
        return Done();
    }
    if (isatty(STDIN_FILENO) == 0) {
        return CallError { "not-confirmed", "this cannot be undone; --yes does it without asking" };
    }
    std::cerr << question << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "Y" && answer != "yes") {
        return CallError { "not-confirmed", "nothing was done" };
    }
    return Done();
}

std::string print_seconds(std::int64_t seconds)
{
    if (seconds < 120) {
        return std::to_string(seconds) + " s";
    }
    if (seconds < 2 * 3600) {
        return std::to_string(seconds / 60) + " min";
    }
    const std::string hours = std::to_string(seconds / 3600 % 24) + " h";
    return seconds < 86'400 ? hours : std::to_string(seconds / 86'400) + " d " + hours;
}

std::string print_bytes(std::uint64_t bytes)
{
    constexpr std::array<std::string_view, 4> units { " bytes", " KiB", " MiB", " GiB" };
    std::size_t unit = 0;
    std::uint64_t tenths = bytes * 10;
    while (tenths >= 10'240 && unit + 1 < units.size()) {
        tenths /= 1024;
        ++unit;
    }
    const std::string fraction = unit == 0 ? "" : "." + std::to_string(tenths % 10);
    return std::to_string(tenths / 10) + fraction + std::string(units[unit]);
}

void print_table(const cli::Table& table, std::string_view noun)
{
    std::cout << (table.rows() > 0 ? table.text() : "") << cli::counted(table.rows(), noun) << '\n';
}

std::string shown_text(const json::object& row, std::string_view key)
{
    return cli::printable(std::string(row.at(key).as_string()));
}

std::string print_time(std::int64_t unix_seconds)
{
    const auto seconds = static_cast<std::time_t>(unix_seconds);
    std::tm parts {};
    std::array<char, 32> text {};
    gmtime_r(&seconds, &parts);
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
    return text.data();
}

} // namespace stonechat::ctl
