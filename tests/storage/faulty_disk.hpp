// SPDX-License-Identifier: Apache-2.0
// FaultyDisk: while one lives, every database that is opened goes through it, and syncs and writes
// can be made to wait or fail. It must outlive what was opened. One at a time.
#pragma once

#include <memory>

namespace stonechat::test {

class FaultyDisk {
public:
    FaultyDisk();
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;
    ~FaultyDisk();

    /// Syncs wait from now on until they are released.
    void hold_syncs();
    void wait_for_a_held_sync();
    void release_syncs();

    /// Every sync fails; or only those of the database file, not of its log.
    void fail_syncs();
    void fail_database_syncs();
    /// Writes find no space.
    void fill_up();
    /// All works again.
    void heal();

    struct Faults;

private:
    std::unique_ptr<Faults> faults_;
};

} // namespace stonechat::test
