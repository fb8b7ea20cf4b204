// SPDX-License-Identifier: Apache-2.0
// `archive`: messages that are kept, acknowledged and delivered, between pairs of accounts.
#include "archive_run.hpp"
#include "crew.hpp"
#include "disk_probe.hpp"
#include "modes.hpp"

#include <fmt/format.h>

namespace stonechat::bench {
namespace {

constexpr int quiet_samples = 50;

struct ArchiveMode {
    CommonOptions common;
    ArchiveOptions archive;
    std::string senders = "resumable";
    std::string recipients = "resumable";
    std::uint32_t ack_every = 16;
    std::string disk;
};

void report_disk(Workbench& bench, DiskProbe& probe, const std::string& name)
{
    bench.report.latencies(name, probe.take());
}

// The clients 2k and 2k+1 are a pair; the first one writes.
void enlist(Workbench& bench, Crew& crew, const ArchiveMode& mode)
{
    auto sending = parse_stream_policy(mode.senders);
    sending.ask_every = 0; // the run asks
    auto receiving = parse_stream_policy(mode.recipients);
    receiving.ack_every = mode.ack_every;
    const auto users = bench.users(mode.archive.pairs * 2);
    for (std::uint32_t i = 0; i < mode.archive.pairs * 2; ++i) {
        auto account = bench.account(i % users, fmt::format("bench{}", i));
        account.stream = i % 2 == 0 ? sending : receiving;
        crew.enlist(std::move(account));
    }
}

void come_online(Crew& crew)
{
    if (!crew.log_in(crew.size(), login_concurrency)) {
        throw BenchError(fmt::format("only {} of {} logged in; {}", crew.online(), crew.size(),
            crew.first_failure()));
    }
    for (std::size_t i = 0; i < crew.size(); ++i) {
        crew[i].write("<presence/>");
        crew[i].flush();
    }
    if (!crew.barrier()) {
        throw BenchError("no answer to a ping after presence");
    }
}

int run_archive(const ArchiveMode& mode)
{
    Workbench bench("archive", mode.common);
    bench.report.setting("pairs", std::to_string(mode.archive.pairs));
    bench.report.setting("window", std::to_string(mode.archive.window));
    bench.report.setting("rate", fmt::format("{:.0f}", mode.archive.rate));
    bench.report.setting("senders", mode.senders);
    bench.report.setting("recipients", mode.recipients);
    ArchiveRun run(bench, mode.archive);
    bool is_running = false;
    CrewListener listener;
    listener.element = [&](Client& client, const Item& item) {
        if (!is_running || item.name != "message") {
            return;
        }
        if (client.tag() % 2 == 0) {
            run.on_error();
        } else {
            run.on_message(client.tag() / 2, item);
        }
    };
    listener.acknowledged = [&](Client& client) {
        if (is_running && client.tag() % 2 == 0) {
            run.on_acknowledged(client.tag() / 2);
        }
    };
    listener.batch_end = [&](Client& client) {
        if (is_running) {
            run.on_batch_end(client.tag() / 2);
        }
    };
    Crew crew(bench, listener);
    enlist(bench, crew, mode);
    come_online(crew);
    for (std::size_t i = 0; i < crew.size(); i += 2) {
        run.add_pair(crew[i], crew[i + 1]);
    }

    std::optional<DiskProbe> probe;
    if (!mode.disk.empty()) {
        probe.emplace(mode.disk);
        probe->sample(quiet_samples);
        report_disk(bench, *probe, "fdatasync_quiet");
        probe->start();
    }
    is_running = true;
    const bool good = run.run();
    if (probe) {
        probe->stop();
        report_disk(bench, *probe, "fdatasync_loaded");
    }
    crew.log_out();
    return bench.finish(good);
}

} // namespace

void add_archive_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("archive",
        "Messages kept, acknowledged and delivered: throughput, then latency at a fixed rate");
    const auto mode = std::make_shared<ArchiveMode>();
    auto& archive = mode->archive;
    add_server_options(*command, mode->common);
    add_run_options(*command, mode->common);
    command->add_option("--pairs", archive.pairs, "How many pairs")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--window", archive.window, "Messages of a pair that are not yet safe and delivered")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--ask-every", archive.ask_every, "A sender asks <r/> after so many messages")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--rate", archive.rate, "Messages a second of the second part (0: no such part)")
        ->capture_default_str();
    command->add_option("--seconds", archive.seconds, "How long to measure each part")->capture_default_str();
    command->add_option("--warm-up", archive.warm_up, "Seconds of load before each")->capture_default_str();
    command->add_option("--body", archive.body, "Bytes in a message's body")->capture_default_str();
    command->add_option("--senders", mode->senders, "Stream management of those who write")
        ->check(CLI::IsMember({ "counting", "resumable" }))
        ->capture_default_str();
    command->add_option("--recipients", mode->recipients, "Stream management of those who read")
        ->check(CLI::IsMember({ "none", "counting", "resumable" }))
        ->capture_default_str();
    command->add_option("--ack-every", mode->ack_every, "Recipients acknowledge after so many messages")
        ->capture_default_str();
    command->add_option("--disk", mode->disk, "Measure fdatasync in this folder meanwhile");
    command->callback([mode, &exit_code] { exit_code = run_archive(*mode); });
}

} // namespace stonechat::bench
