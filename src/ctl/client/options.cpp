// SPDX-License-Identifier: Apache-2.0
#include "ctl/client/options.hpp"

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

/// Turns the terminal's echo off as long as it lives.
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
        std::cerr << "stonechatctl: " << error.message << '\n';
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

Result<std::string, CallError> ask_password(std::string_view jid)
{
    std::string password;
    if (isatty(STDIN_FILENO) == 0) {
        std::getline(std::cin, password);
    } else {
        password = read_silently("Password for " + std::string(jid) + ": ");
        if (password != read_silently("Once more: ")) {
            return CallError { "bad-password", "the two passwords differ" };
        }
    }
    if (password.empty()) {
        return CallError { "bad-password", "a password may not be empty" };
    }
    return password;
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
