// SPDX-License-Identifier: Apache-2.0
// `floor`: the load of `pair` through a relay that does not parse: what no server can go below.
#include "crew.hpp"
#include "modes.hpp"
#include "pair_run.hpp"
#include "relay.hpp"

#include <fmt/format.h>

namespace stonechat::bench {
namespace {

struct FloorMode {
    CommonOptions common;
    PairOptions pair;
};

int run_floor(FloorMode mode)
{
    const Relay relay(mode.common.tls != "none", mode.common.server_core);
    mode.common.host = "127.0.0.1";
    mode.common.port = relay.port();
    mode.common.server_pid = relay.pid();
    mode.common.tls = mode.common.tls == "none" ? "none" : "direct";
    Workbench bench("floor", mode.common);
    bench.target.negotiation = Negotiation::none;

    PairRun run(bench, mode.pair);
    CrewListener listener;
    listener.element = [&](Client& client, const Item& item) { run.on_message(client.tag(), item); };
    listener.batch_end = [&](Client& client) { run.on_batch_end(client.tag()); };
    Crew crew(bench, listener);
    for (std::uint32_t i = 0; i < mode.pair.pairs * 2; ++i) {
        crew.enlist(bench.account(i, ""));
    }
    // One by one: the relay takes who comes next for the partner.
    if (!crew.log_in(crew.size(), 1)) {
        throw BenchError("floor: the relay does not answer: " + crew.first_failure());
    }
    for (std::uint32_t i = 0; i < crew.size(); ++i) {
        run.add_client(crew[i], fmt::format("user{}@localhost/bench{}", i, i));
    }
    return bench.finish(run.run());
}

} // namespace

void add_floor_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("floor", "The load of `pair` through a byte relay of our own");
    const auto mode = std::make_shared<FloorMode>();
    add_run_options(*command, mode->common);
    add_pair_options(*command, mode->pair);
    command->callback([mode, &exit_code] { exit_code = run_floor(*mode); });
}

} // namespace stonechat::bench
