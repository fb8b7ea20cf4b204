// SPDX-License-Identifier: Apache-2.0
// `pubsub`: nodes of accounts (XEP-0163) and of a pubsub service (XEP-0060), under one of four loads.
#include "modes.hpp"
#include "pubsub_loads.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>

namespace stonechat::bench {
namespace {

using Load = std::function<bool(const PubsubMode&, Workbench&)>;

const std::map<std::string, Load>& loads()
{
    static const std::map<std::string, Load> all { { "publish", measure_publishing },
        { "login", measure_last_items }, { "fetch", measure_fetching }, { "crowd", measure_crowd } };
    return all;
}

int run_pubsub(const PubsubMode& mode)
{
    Workbench bench("pubsub", mode.common);
    bench.report.setting("load", mode.load);
    const bool good = loads().at(mode.load)(mode, bench);
    return bench.finish(good);
}

} // namespace

void report_cpu(Report& report, const CpuSpan& span, std::uint64_t count)
{
    const auto millions = static_cast<double>(std::max<std::uint64_t>(count, 1)) / 1e6;
    if (span.server) {
        report.figure("server_cpu_seconds_per_million", static_cast<double>(*span.server) / 1e9 / millions,
            "s", 2);
        report.figure("server_core_used", static_cast<double>(*span.server) / 1e7 / span.seconds(), "%", 1);
    }
    report.figure("client_core_used", static_cast<double>(span.client) / 1e7 / span.seconds(), "%", 1);
}

void add_pubsub_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("pubsub",
        "Nodes: events to contacts, newest items at login, reading, a node with many subscribers");
    const auto mode = std::make_shared<PubsubMode>();
    add_server_options(*command, mode->common);
    add_run_options(*command, mode->common);
    const auto count = [command](const char* name, std::uint32_t& value, const char* words) {
        command->add_option(name, value, words)->capture_default_str();
    };
    command
        ->add_option("load", mode->load,
            "publish: to the contacts of each publisher; login: the newest items of all contacts; fetch: "
            "items of an open node of somebody offline; crowd: a node of a service with many subscribers")
        ->required()
        ->check(CLI::IsMember({ "publish", "login", "fetch", "crowd" }));
    command->add_option("--seconds", mode->seconds, "publish, fetch: how long to measure")
        ->capture_default_str();
    command->add_option("--warm-up", mode->warm_up, "publish, fetch: seconds of load before the measurement")
        ->capture_default_str();
    count("--contacts", mode->contacts, "publish, login: how many contacts (0: 50 and 200)");
    count("--publishers", mode->publishers, "publish: how many publish, all to the same contacts");
    count("--outstanding", mode->outstanding, "publish, fetch: requests on the way for each client (0: 16)");
    count("--nodes", mode->nodes, "login: nodes of each contact");
    count("--logins", mode->logins, "login: how often the user logs in");
    count("--readers", mode->readers, "fetch: how many clients read");
    count("--payload", mode->payload, "Bytes of an item (0: 64; fetch: 3072)");
    count("--subscribers", mode->subscribers, "crowd: how many subscribers the node has");
    count("--connected", mode->connected, "crowd: how many of them are connected");
    count("--publications", mode->publications, "crowd: how many items are published, one after the other");
    command->add_option("--pubsub-service", mode->service,
        "crowd: the domain of the service (pubsub.DOMAIN)");
    command->callback([mode, &exit_code] { exit_code = run_pubsub(*mode); });
}

} // namespace stonechat::bench
