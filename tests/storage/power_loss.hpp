// SPDX-License-Identifier: Apache-2.0
// The power loss test: records what a workload does to the disk, makes images of what the disk may
// hold if the power goes at random moments, opens each with the real storage, and compares what is
// there with what had been answered. What a shard wrote has to be there up to some write, not before
// the last one that was answered, and nothing behind it: so nothing is lost, doubled or out of order.
#pragma once

#include "power_workload.hpp"

#include <cstdint>
#include <iosfwd>
#include <string>

namespace stonechat::test {

/// Faults put in on purpose, which have to be found.
enum class PowerControl : std::uint8_t {
    none,
    normal_syncs,       ///< as if synchronous were NORMAL: commits do not sync the log
    answers_before_sync ///< as if each write were answered before the sync of its commit
};

struct PowerOptions {
    std::string folder; ///< exists; the files are made in it
    std::size_t images = 300;
    std::size_t images_per_recording = 1000;
    unsigned shards = 3;
    std::size_t steps = 1000; ///< of each shard in a recording
    unsigned threads = 1;
    std::uint64_t seed = 1;
    PowerControl control = PowerControl::none;
};

struct PowerVerdict {
    std::size_t images = 0;
    std::size_t acknowledged = 0; ///< writes that were answered
    std::size_t lost = 0;
    std::size_t doubled = 0;
    std::size_t out_of_order = 0;
    std::size_t not_opened = 0;
    std::size_t syncs = 0;       ///< in the recordings
    std::size_t checkpoints = 0; ///< syncs of the database file itself
    std::string first_problem;

    bool is_clean() const { return acknowledged > 0 && lost + doubled + out_of_order + not_opened == 0; }
    void add(const PowerVerdict& other);
};

/// `240 cycles, 1800 acknowledged, 0 lost, 0 doubled, 0 out of order`
std::ostream& operator<<(std::ostream& out, const PowerVerdict& verdict);

/// Compares what was found of one shard after the power went at `cut`.
void judge(const ShardHistory& history, std::size_t cut, const Kept& found, PowerVerdict& verdict);

PowerVerdict try_power_loss(const PowerOptions& options);

} // namespace stonechat::test
