// SPDX-License-Identifier: Apache-2.0
//
// What every mode needs: the options they share, the event loop, the server under load, the clock of the
// whole run, and the report. Made once by a mode, lives until its end.
#pragma once

#include "client.hpp"
#include "report.hpp"
#include "server_process.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

namespace stonechat::bench {

/// A reason to give up that the user has to read; caught in main.
class BenchError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct CommonOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 5222;
    std::string domain = "localhost";
    std::string user_prefix = "user";
    std::string password = "pw";
    std::string tls = "none";
    std::string mechanism = "auto";
    std::uint32_t users = 0;
    std::uint32_t first_user = 0;
    int server_pid = 0;
    int server_core = -1;
    int client_core = -1;
    std::uint32_t timeout = 600;
    std::string json;
    bool allow_remote = false;
};

/// Options for a mode that talks to an XMPP server.
void add_server_options(CLI::App& app, CommonOptions& options);
/// Options for every mode: cores, time, output.
void add_run_options(CLI::App& app, CommonOptions& options);

/// Server CPU and the client's own, between two moments.
struct CpuSpan {
    std::optional<std::uint64_t> server;
    std::uint64_t client = 0;
    Clock::time_point at;

    static CpuSpan start(const ServerProcess& server);
    [[nodiscard]] CpuSpan since(const ServerProcess& server) const;
    /// Only of a span answered by since(): its length.
    [[nodiscard]] double seconds() const { return seconds_; }

private:
    double seconds_ = 0;
};

class Workbench {
public:
    /// Checks the options, pins, raises the descriptor limit.
    Workbench(std::string mode, const CommonOptions& options);

    [[nodiscard]] Account account(std::uint32_t index, std::string_view resource) const;
    /// How many accounts may be used when the mode wants `wanted`.
    [[nodiscard]] std::uint32_t users(std::uint32_t wanted) const;
    /// How many client connections this process can hold.
    [[nodiscard]] std::uint32_t connection_limit() const;

    /// As many sessions as the descriptors of this process and of the server allow; notes it when they are
    /// fewer than `wanted`.
    [[nodiscard]] std::uint32_t possible_sessions(std::uint32_t wanted);

    /// The end of the whole run; nothing waits beyond it.
    [[nodiscard]] Clock::time_point deadline() const { return deadline_; }
    [[nodiscard]] Clock::time_point in(double seconds) const;

    /// Prints, writes the JSON file; answers the exit code.
    int finish(bool good);

    EventLoop loop;
    Target target;
    ServerProcess server;
    Report report;

private:
    const CommonOptions& options_;
    std::uint64_t descriptors_;
    Clock::time_point deadline_;
};

} // namespace stonechat::bench
