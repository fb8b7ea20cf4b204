// SPDX-License-Identifier: Apache-2.0
#include "serve.hpp"

#include "base/random.hpp"
#include "config/loader.hpp"
#include "full_schema.hpp"
#include "machine.hpp"

#include <csignal>
#include <iostream>

namespace stonechat {
namespace {

/// How long to wait for signals at a time: half of what systemd's watchdog allows, if it watches.
std::chrono::milliseconds turn_length()
{
    constexpr std::chrono::milliseconds unwatched(60'000);
    const auto watchdog = service::watchdog();
    return watchdog ? std::max(*watchdog / 2, std::chrono::milliseconds(1)) : unwatched;
}

void run(Machine& machine, const Signals& signals)
{
    const std::chrono::milliseconds turn = turn_length();
    while (true) {
        machine.look_daily();
        switch (signals.wait(turn)) {
        case 0:
            if (machine.is_alive()) {
                service::alive();
            }
            break;
        case SIGHUP:
            service::reloading();
            machine.reload();
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
    auto machine = Machine::make(schema, std::move(*settings), *privileges);
    if (!machine) {
        std::cerr << "stonechat: " << machine.error() << '\n';
        return exit_failed;
    }
    (*machine)->start();
    (*machine)->log_start();
    service::ready();
    run(**machine, signals);
    service::stopping();
    (*machine)->stop();
    return (*machine)->has_failed() ? exit_failed : exit_done;
}

} // namespace stonechat
