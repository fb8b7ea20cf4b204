// SPDX-License-Identifier: Apache-2.0
#include "faulty_disk.hpp"

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace stonechat::test {

struct FaultyDisk::Faults {
    sqlite3_vfs vfs {};
    sqlite3_vfs* real = nullptr;
    sqlite3_io_methods methods {};
    std::atomic<bool> syncs_fail { false };
    std::atomic<bool> database_syncs_fail { false };
    std::atomic<bool> is_full { false };
    std::mutex mutex;
    std::condition_variable changed;
    bool syncs_wait = false;
    int waiting = 0;
};

namespace {

using Faults = FaultyDisk::Faults;

/// Our file, with SQLite's own behind it in memory.
struct File {
    sqlite3_file base;
    Faults* faults;
    bool is_database;
};

File* ours(sqlite3_file* file)
{
    return reinterpret_cast<File*>(file);
}

sqlite3_file* real(sqlite3_file* file)
{
    return reinterpret_cast<sqlite3_file*>(ours(file) + 1);
}

int close_file(sqlite3_file* file)
{
    return real(file)->pMethods->xClose(real(file));
}
int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at)
{
    return real(file)->pMethods->xRead(real(file), to, size, at);
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at)
{
    return ours(file)->faults->is_full ? SQLITE_FULL
                                       : real(file)->pMethods->xWrite(real(file), from, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size)
{
    return real(file)->pMethods->xTruncate(real(file), size);
}
int sync_file(sqlite3_file* file, int flags)
{
    auto& faults = *ours(file)->faults;
    {
        std::unique_lock lock(faults.mutex);
        ++faults.waiting;
        faults.changed.notify_all();
        faults.changed.wait(lock, [&faults]() { return !faults.syncs_wait; });
        --faults.waiting;
    }
    if (faults.syncs_fail || (faults.database_syncs_fail && ours(file)->is_database)) {
        return SQLITE_IOERR_FSYNC;
    }
    return real(file)->pMethods->xSync(real(file), flags);
}
int size_of_file(sqlite3_file* file, sqlite3_int64* size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* reserved)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), reserved);
}
int control_file(sqlite3_file* file, int operation, void* argument)
{
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
int sector_size(sqlite3_file* file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}
int characteristics(sqlite3_file* file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int map_shared(sqlite3_file* file, int page, int size, int extend, volatile void** memory)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void shared_barrier(sqlite3_file* file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}
int unmap_shared(sqlite3_file* file, int remove)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags)
{
    auto* faults = static_cast<Faults*>(vfs->pAppData);
    file->pMethods = nullptr;
    ours(file)->faults = faults;
    ours(file)->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    const int code = faults->real->xOpen(faults->real, name, real(file), flags, out_flags);
    if (code == SQLITE_OK) {
        file->pMethods = &faults->methods;
    }
    return code;
}

sqlite3_io_methods all_methods()
{
    sqlite3_io_methods methods {};
    methods.iVersion = 2;
    methods.xClose = close_file;
    methods.xRead = read_file;
    methods.xWrite = write_file;
    methods.xTruncate = truncate_file;
    methods.xSync = sync_file;
    methods.xFileSize = size_of_file;
    methods.xLock = lock_file;
    methods.xUnlock = unlock_file;
    methods.xCheckReservedLock = check_lock;
    methods.xFileControl = control_file;
    methods.xSectorSize = sector_size;
    methods.xDeviceCharacteristics = characteristics;
    methods.xShmMap = map_shared;
    methods.xShmLock = lock_shared;
    methods.xShmBarrier = shared_barrier;
    methods.xShmUnmap = unmap_shared;
    return methods;
}

} // namespace

FaultyDisk::FaultyDisk() : faults_(std::make_unique<Faults>())
{
    faults_->real = sqlite3_vfs_find(nullptr);
    faults_->methods = all_methods();
    faults_->vfs = *faults_->real;
    faults_->vfs.zName = "faulty";
    faults_->vfs.pNext = nullptr;
    faults_->vfs.szOsFile = static_cast<int>(sizeof(File)) + faults_->real->szOsFile;
    faults_->vfs.pAppData = faults_.get();
    faults_->vfs.xOpen = open_file;
    sqlite3_vfs_register(&faults_->vfs, 1);
}

FaultyDisk::~FaultyDisk()
{
    sqlite3_vfs_unregister(&faults_->vfs);
}

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
