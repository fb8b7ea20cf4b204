// SPDX-License-Identifier: Apache-2.0
// `pair`: messages between pairs of accounts through a server.
#include "crew.hpp"
#include "modes.hpp"
#include "pair_run.hpp"

#include <fmt/format.h>

namespace stonechat::bench {
namespace {

struct PairMode {
    CommonOptions common;
    PairOptions pair;
    double late_presence = 0;
};

// Accounts 2k and 2k+1 are a pair; they write to each other's full address.
int run_pair(const PairMode& mode)
{
    Workbench bench("pair", mode.common);
    PairRun run(bench, mode.pair);
    bool is_running = false;
    CrewListener listener;
    listener.element = [&](Client& client, const Item& item) {
        if (is_running && item.name == "message") {
            run.on_message(client.tag(), item);
        }
    };
    listener.batch_end = [&](Client& client) {
        if (is_running) {
            run.on_batch_end(client.tag());
        }
    };

    Crew crew(bench, listener);
    const auto users = bench.users(mode.pair.pairs * 2);
    for (std::uint32_t i = 0; i < mode.pair.pairs * 2; ++i) {
        crew.enlist(bench.account(i % users, fmt::format("bench{}", i)));
    }
    if (!crew.log_in(crew.size(), login_concurrency)) {
        throw BenchError(fmt::format("only {} of {} logged in; {}", crew.online(), crew.size(),
            crew.first_failure()));
    }
    bench.report.setting("late-presence", fmt::format("{}", mode.late_presence));
    bench.loop.run_until(bench.in(mode.late_presence), [] { return false; });
    for (std::size_t i = 0; i < crew.size(); ++i) {
        crew[i].write("<presence/>");
        crew[i].flush();
    }
    if (!crew.barrier()) {
        throw BenchError("no answer to a ping after presence");
    }
    for (std::size_t i = 0; i < crew.size(); ++i) {
        run.add_client(crew[i], crew[i].jid());
    }
    is_running = true;
    const bool good = run.run();
    crew.log_out();
    return bench.finish(good);
}

} // namespace

void add_pair_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("pair", "Messages between pairs: throughput, latency, loss");
    const auto mode = std::make_shared<PairMode>();
    add_server_options(*command, mode->common);
    add_run_options(*command, mode->common);
    add_pair_options(*command, mode->pair);
    command
        ->add_option("--late-presence", mode->late_presence,
            "Seconds between the last login and everybody's presence")
        ->capture_default_str();
    command->callback([mode, &exit_code] { exit_code = run_pair(*mode); });
}

} // namespace stonechat::bench
