// SPDX-License-Identifier: Apache-2.0
// `idle`: sessions that log in, send presence and then do nothing; what they cost the server.
#include "crew.hpp"
#include "modes.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace stonechat::bench {
namespace {

constexpr std::uint32_t steps = 4;

struct IdleMode {
    CommonOptions common;
    std::uint32_t sessions = 1000;
    std::uint32_t concurrency = 50;
    double settle = 3;
    double seconds = 10;
    double late_presence = 0;
    double after_leaving = 0;
    std::string stream = "none";
};

void report_step(Workbench& bench, std::uint64_t before, std::uint32_t online)
{
    const auto now = bench.server.resident_bytes();
    if (!now) {
        return;
    }
    const auto grown = static_cast<double>(*now) - static_cast<double>(before);
    bench.report.figure(fmt::format("bytes_per_session_at_{}", online), grown / online, "bytes");
}

void send_presence(Client& client)
{
    client.write("<presence/>");
    client.flush();
}

/// What the server still holds when everybody has left and some time has gone by.
void report_what_is_left(Workbench& bench, double seconds, double before, double after)
{
    bench.loop.run_until(bench.in(seconds), [] { return false; });
    const auto now = bench.server.resident_bytes();
    if (!now || after <= before) {
        return;
    }
    const auto left = static_cast<double>(*now);
    bench.report.figure("resident_bytes_after_leaving", left, "bytes");
    bench.report.figure("given_back", 100 * (after - left) / (after - before), "%", 1);
}

int run_idle(const IdleMode& mode)
{
    Workbench bench("idle", mode.common);
    const auto wanted = bench.possible_sessions(mode.sessions);
    const auto users = bench.users(wanted);
    if (users < wanted) {
        bench.report.note(fmt::format("{} sessions share {} accounts", wanted, users));
    }
    CrewListener listener;
    const bool is_late = mode.late_presence > 0;
    if (!is_late) {
        listener.online = send_presence;
    }
    Crew crew(bench, listener);
    for (std::uint32_t i = 0; i < wanted; ++i) {
        auto account = bench.account(i % users, fmt::format("idle{}", i / users));
        account.stream = parse_stream_policy(mode.stream);
        crew.enlist(std::move(account));
    }

    bench.report.setting("sessions", std::to_string(wanted));
    bench.report.setting("stream-management", mode.stream);
    bench.report.setting("late-presence", fmt::format("{}", mode.late_presence));
    const auto before = bench.server.resident_bytes().value_or(0);
    const auto wait = [&](double seconds) { bench.loop.run_until(bench.in(seconds), [] { return false; }); };
    bool good = true;
    for (std::uint32_t step = 1; step <= steps && good; ++step) {
        good = crew.log_in(static_cast<std::size_t>(wanted) * step / steps, mode.concurrency);
        wait(mode.settle);
        report_step(bench, before, static_cast<std::uint32_t>(std::max<std::size_t>(crew.online(), 1)));
    }
    if (!good) {
        bench.report.note(fmt::format("stopped at {} sessions; {}", crew.online(), crew.first_failure()));
    }

    if (is_late) {
        wait(mode.late_presence);
        for (std::size_t i = 0; i < crew.size(); ++i) {
            send_presence(crew[i]);
        }
        good = crew.barrier() && good;
        wait(mode.settle);
    }

    const auto start = CpuSpan::start(bench.server);
    wait(mode.seconds);
    const auto span = start.since(bench.server);
    double after = 0;
    if (span.server) {
        bench.report.figure("idle_server_core_used", static_cast<double>(*span.server) / 1e7 / span.seconds(),
            "%", 3);
        bench.report.figure("resident_bytes_before", static_cast<double>(before), "bytes");
        after = static_cast<double>(bench.server.resident_bytes().value_or(0));
        bench.report.figure("resident_bytes_after", after, "bytes");
        bench.report.figure("bytes_per_session",
            (after - static_cast<double>(before))
                / static_cast<double>(std::max<std::size_t>(crew.online(), 1)),
            "bytes");
    }
    bench.report.figure("sessions", static_cast<double>(crew.online()), "");
    bench.report.figure("lost_sessions", static_cast<double>(crew.failures()), "");
    crew.log_out();
    if (mode.after_leaving > 0) {
        report_what_is_left(bench, mode.after_leaving, static_cast<double>(before), after);
    }
    return bench.finish(good && crew.failures() == 0);
}

} // namespace

void add_idle_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("idle", "Idle sessions: resident bytes of each, idle CPU");
    const auto mode = std::make_shared<IdleMode>();
    add_server_options(*command, mode->common);
    add_run_options(*command, mode->common);
    command->add_option("sessions", mode->sessions, "How many sessions")
        ->check(CLI::PositiveNumber)
        ->required();
    command->add_option("--concurrency", mode->concurrency, "How many log in at the same time")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--settle", mode->settle, "Seconds before memory is looked at")
        ->capture_default_str();
    command->add_option("--seconds", mode->seconds, "How long to watch the idle CPU")->capture_default_str();
    command
        ->add_option("--late-presence", mode->late_presence,
            "Presence is sent by all so many seconds after the last login, not at once")
        ->capture_default_str();
    command
        ->add_option("--after-leaving", mode->after_leaving,
            "Look at memory again so many seconds after everybody has left (0: do not)")
        ->capture_default_str();
    command->add_option("--stream-management", mode->stream, "XEP-0198 on these streams")
        ->check(CLI::IsMember({ "none", "counting", "resumable" }))
        ->capture_default_str();
    command->callback([mode, &exit_code] { exit_code = run_idle(*mode); });
}

} // namespace stonechat::bench
