// SPDX-License-Identifier: Apache-2.0
#include "faulty_disk.hpp"

#include "disk_layer.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace stonechat::test {

struct FaultyDisk::Faults final : DiskLayer {
    Faults() : DiskLayer("faulty") {}

    int write(File& file, const void* from, int size, sqlite3_int64 at) override
    {
        return is_full ? SQLITE_FULL : DiskLayer::write(file, from, size, at);
    }

    int sync(File& file, int flags) override
    {
        {
            std::unique_lock lock(mutex);
            ++waiting;
            changed.notify_all();
            changed.wait(lock, [this]() { return !syncs_wait; });
            --waiting;
        }
        if (syncs_fail || (database_syncs_fail && file.is_database)) {
            return SQLITE_IOERR_FSYNC;
        }
        return DiskLayer::sync(file, flags);
    }

    std::atomic<bool> syncs_fail { false };
    std::atomic<bool> database_syncs_fail { false };
    std::atomic<bool> is_full { false };
    std::mutex mutex;
    std::condition_variable changed;
    bool syncs_wait = false;
    int waiting = 0;
};

FaultyDisk::FaultyDisk() : faults_(std::make_unique<Faults>()) {}

FaultyDisk::~FaultyDisk() = default;

void FaultyDisk::hold_syncs()
{
    const std::lock_guard lock(faults_->mutex);
    faults_->syncs_wait = true;
}

void FaultyDisk::wait_for_a_held_sync()
{
    std::unique_lock lock(faults_->mutex);
    faults_->changed.wait(lock, [this]() { return faults_->waiting > 0; });
}

void FaultyDisk::release_syncs()
{
    const std::lock_guard lock(faults_->mutex);
    faults_->syncs_wait = false;
    faults_->changed.notify_all();
}

void FaultyDisk::fail_syncs()
{
    faults_->syncs_fail = true;
}

void FaultyDisk::fail_database_syncs()
{
    faults_->database_syncs_fail = true;
}

void FaultyDisk::fill_up()
{
    faults_->is_full = true;
}

void FaultyDisk::heal()
{
    faults_->syncs_fail = false;
    faults_->database_syncs_fail = false;
    faults_->is_full = false;
    release_syncs();
}

} // namespace stonechat::test
