// SPDX-License-Identifier: Apache-2.0
#include "serve.hpp"

#include "base/random.hpp"
#include "config/loader.hpp"
#include "full_schema.hpp"
#include "server_process.hpp"

#include <csignal>
#include <iostream>

namespace stonechat {
namespace {

/// Returns how long to wait for a signal at a time: half of the systemd watchdog's interval, if it is on.
std::chrono::milliseconds turn_length()
{
    constexpr std::chrono::milliseconds unwatched(60'000);
    const auto watchdog = service::watchdog();
    return watchdog ? std::max(*watchdog / 2, std::chrono::milliseconds(1)) : unwatched;
}

void run(ServerProcess& process, const Signals& signals)
{
    const std::chrono::milliseconds turn = turn_length();
    while (true) {
        process.look_daily();
        switch (signals.wait(turn)) {
        case 0:
            if (process.is_alive()) {
                service::alive();
            }
            break;
        case SIGHUP:
            service::reloading();
            process.reload();
            service::ready();
            break;
        default: // SIGTERM, SIGINT
            return;
        }
    }
}

} // namespace

int serve(const std::string& config_file)
{
    const Signals signals;
    initialise_randomness();
    const Schema schema = full_schema();
    auto settings = load_settings(schema, config_file);
    if (!settings) {
        for (const ConfigProblem& each : settings.error()) {
            std::cerr << to_text(each) << '\n';
        }
        return exit_config;
    }
    const auto privileges = Privileges::of(settings->section("server"));
    if (!privileges) {
        std::cerr << "stonechat: " << privileges.error() << '\n';
        return exit_config;
    }
    auto process = ServerProcess::make(schema, std::move(*settings), *privileges);
    if (!process) {
        std::cerr << "stonechat: " << process.error() << '\n';
        return exit_failed;
    }
    (*process)->start();
    (*process)->log_start();
    service::ready();
    run(**process, signals);
    service::stopping();
    (*process)->stop();
    return (*process)->has_failed() ? exit_failed : exit_done;
}

} // namespace stonechat
