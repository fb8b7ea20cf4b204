// SPDX-License-Identifier: Apache-2.0
#include "ctl/client/import.hpp"

#include "ctl/protocol.hpp"

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <vector>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

struct Line {
    std::size_t number;
    std::string jid;
    std::string password;
};

struct Refused {
    Line line;
    CallError why;
};

Result<std::vector<Line>, CallError> read_lines(std::istream& in, const std::string& name)
{
    std::vector<Line> lines;
    std::size_t number = 0;
    for (std::string text; std::getline(in, text);) {
        ++number;
        if (text.ends_with('\r')) {
            text.pop_back();
        }
        if (text.empty() || text.starts_with('#')) {
            continue;
        }
        const auto space = text.find_first_of(" \t");
        if (space == std::string::npos || space + 1 == text.size()) {
            return CallError { "bad-request",
                name + ":" + std::to_string(number) + ": the line is not \"user@host password\"" };
        }
        lines.push_back({ number, text.substr(0, space), text.substr(space + 1) });
    }
    return lines;
}

json::object request_for(const std::vector<Line>& lines, std::size_t& next)
{
    // Both limits of the protocol: accounts, and bytes with a margin for escapes.
    constexpr std::size_t bytes = request_limit / 4;
    json::array accounts;
    std::size_t size = 0;
    while (next < lines.size() && accounts.size() < import_limit && size < bytes) {
        const Line& line = lines[next++];
        size += line.jid.size() + line.password.size() + 32;
        accounts.push_back({ { "jid", line.jid }, { "password", line.password } });
    }
    return { { "command", "user import" }, { "accounts", std::move(accounts) } };
}

Exit summary(const Options& options, const std::string& file, std::uint64_t created,
    const std::vector<Refused>& refused)
{
    if (options.json) {
        json::array rows;
        for (const Refused& each : refused) {
            rows.push_back({ { "line", each.line.number }, { "jid", each.line.jid },
                { "code", each.why.code }, { "message", each.why.message } });
        }
        print_json({ { "created", created }, { "refused", std::move(rows) } });
    } else {
        for (const Refused& each : refused) {
            std::cerr << file << ':' << each.line.number << ": " << each.why.message << '\n';
        }
        std::cout << "added " << cli::counted(created, "account") << ", " << refused.size() << " refused\n";
    }
    return refused.empty() ? Exit::done : Exit::refused;
}

Exit import_lines(const Options& options, const std::string& file, const std::vector<Line>& lines)
{
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    const bool show_progress = !options.json && isatty(STDERR_FILENO) != 0;
    std::uint64_t created = 0;
    std::vector<Refused> refused;
    for (std::size_t next = 0; next < lines.size();) {
        const std::size_t first = next;
        const auto result = call->ask(request_for(lines, next));
        if (!result) {
            return report(options, result.error());
        }
        created += result->at("created").to_number<std::uint64_t>();
        for (const json::value& each : result->at("refused").as_array()) {
            const json::object& row = each.as_object();
            refused.push_back({ lines[first + row.at("index").to_number<std::size_t>()],
                { std::string(row.at("code").as_string()), std::string(row.at("message").as_string()) } });
        }
        if (show_progress) {
            std::cerr << '\r' << next << " of " << lines.size() << (next == lines.size() ? "\n" : "")
                      << std::flush;
        }
    }
    return summary(options, file, created, refused);
}

} // namespace

Exit import_accounts(const Options& options, const std::string& file)
{
    std::ifstream opened;
    if (file != "-") {
        opened.open(file);
        if (!opened) {
            return report(options, { "bad-request", "cannot read " + file });
        }
    }
    const auto lines = read_lines(file == "-" ? std::cin : opened, file);
    if (!lines) {
        return report(options, lines.error());
    }
    return import_lines(options, file, *lines);
}

} // namespace stonechat::ctl
