// SPDX-License-Identifier: Apache-2.0
// Simulated power cuts, as many as one likes (tests/storage/power_loss.hpp). Prints the verdict as its
// last line; the exit status tells whether it is clean.
//
//     power_loss [--images N] [--seed N] [--threads N] [--folder PATH] [--control normal|early]
#include "power_loss.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

using namespace stonechat::test;

namespace {

PowerControl control_named(const std::string& name)
{
    if (name == "normal") {
        return PowerControl::normal_syncs;
    }
    if (name == "early") {
        return PowerControl::answers_before_sync;
    }
    throw std::invalid_argument("no control " + name);
}

PowerOptions read_options(int count, char** words)
{
    PowerOptions options;
    options.folder = std::filesystem::exists("/dev/shm") ? "/dev/shm"
                                                         : std::filesystem::temp_directory_path();
    options.threads = std::thread::hardware_concurrency();
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view name = words[i];
        const std::string value = words[i + 1];
        if (name == "--images") {
            options.images = std::stoull(value);
        } else if (name == "--seed") {
            options.seed = std::stoull(value);
        } else if (name == "--threads") {
            options.threads = static_cast<unsigned>(std::stoul(value));
        } else if (name == "--folder") {
            options.folder = value;
        } else if (name == "--control") {
            options.control = control_named(value);
        } else {
            throw std::invalid_argument("no option " + std::string(name));
        }
    }
    auto folder = options.folder + "/stonechat-power-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) {
        throw std::runtime_error("no folder can be made in " + options.folder);
    }
    options.folder = folder;
    return options;
}

} // namespace

int main(int count, char** words)
{
    try {
        const auto begin = std::chrono::steady_clock::now();
        const auto verdict = try_power_loss(read_options(count, words));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        if (!verdict.first_problem.empty()) {
            std::cout << "first: " << verdict.first_problem << '\n';
        }
        std::cout << verdict.syncs << " syncs recorded, " << verdict.checkpoints
                  << " of the database itself; " << verdict.not_opened << " images not opened; "
                  << took.count() << " s\n"
                  << verdict << std::endl;
        return verdict.is_clean() ? 0 : 1;
    } catch (const std::exception& problem) {
        std::cerr << "power_loss: " << problem.what() << '\n';
        return 2;
    }
}
