// SPDX-License-Identifier: Apache-2.0
// PowerCut: what a disk may hold when the power goes at some moment of a Recording: everything that
// was synced by then, and of what was written since, any part: some writes and others not, in no
// order, and of a write only some of its sectors.
#pragma once

#include "power_recorder.hpp"

#include <random>

namespace stonechat::test {

/// Which syncs count. `of_checkpoints`: what SQLite does with synchronous = NORMAL, where a commit
/// does not sync the log; only moving the log into the database does, and starting the log anew.
enum class Syncs : std::uint8_t { all, of_checkpoints };

class PowerCut {
public:
    /// `recording` must outlive this.
    explicit PowerCut(const Recording& recording, Syncs syncs = Syncs::all);

    /// Goes on to the moment right before event `place`.
    void go_to(std::size_t place);
    /// One of the things that may be on the disk now.
    DiskState image(std::mt19937_64& random) const;

private:
    struct File {
        std::optional<std::string> safe;
        std::vector<std::size_t> open; ///< places of what was done and not synced yet
    };
    void pass(std::size_t place);
    void make_safe(File& file, std::size_t before);
    bool counts(std::size_t sync_end) const;

    const Recording& recording_;
    const Syncs syncs_;
    std::array<File, disk_files.size()> files_;
    std::size_t place_ = 0;
};

} // namespace stonechat::test
