// SPDX-License-Identifier: Apache-2.0
// `resume`: a server, or network, that goes away, and all sessions coming back at once.
#include "modes.hpp"
#include "resume_run.hpp"

#include <csignal>
#include <fmt/format.h>

namespace stonechat::bench {
namespace {

struct ResumeMode {
    CommonOptions common;
    ResumeOptions resume;
    std::string end = "kill";
};

int signal_of(const std::string& end)
{
    if (end == "network") {
        return 0;
    }
    return end == "kill" ? SIGKILL : SIGTERM;
}

int run_resume(ResumeMode mode)
{
    Workbench bench("resume", mode.common);
    auto& resume = mode.resume;
    const auto possible = bench.possible_sessions(resume.sessions + resume.senders);
    if (possible <= resume.senders) {
        throw BenchError("resume: too few descriptors");
    }
    resume.sessions = possible - resume.senders;
    resume.signal = signal_of(mode.end);
    if (resume.signal != 0 && (resume.command.empty() || mode.common.server_pid == 0)) {
        throw BenchError("resume: --server-pid and --server-command are needed");
    }
    bench.report.setting("sessions", std::to_string(resume.sessions));
    bench.report.setting("messages", std::to_string(resume.messages));
    bench.report.setting("end", mode.end);
    ResumeRun run(bench, resume);
    return bench.finish(run.run());
}

} // namespace

void add_resume_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("resume",
        "The server goes away under load: how soon are all sessions back, and what was lost");
    const auto mode = std::make_shared<ResumeMode>();
    auto& resume = mode->resume;
    add_server_options(*command, mode->common);
    add_run_options(*command, mode->common);
    command->add_option("--server-command", resume.command, "Starts the server anew; a shell's \"exec ...\"");
    command
        ->add_option("--end", mode->end, "How the server goes away; network: it stays, all connections break")
        ->check(CLI::IsMember({ "kill", "stop", "network" }))
        ->capture_default_str();
    command->add_option("--sessions", resume.sessions, "How many wait for messages")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--senders", resume.senders, "How many write to them")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--messages", resume.messages, "Messages to each session")->capture_default_str();
    command->add_option("--window", resume.window, "Unacknowledged messages of a sender")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--concurrency", resume.concurrency, "How many come back at the same time")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--body", resume.body, "Bytes in a message's body")->capture_default_str();
    command->callback([mode, &exit_code] { exit_code = run_resume(*mode); });
}

} // namespace stonechat::bench
