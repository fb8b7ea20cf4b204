// SPDX-License-Identifier: Apache-2.0
#include "disk_layer.hpp"

#include <unistd.h>

namespace stonechat::test {

namespace {

using File = DiskLayer::File;

File& ours(sqlite3_file* file)
{
    return *reinterpret_cast<File*>(file);
}

sqlite3_file* real(sqlite3_file* file)
{
    return ours(file).real();
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
    return ours(file).layer->write(ours(file), from, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size)
{
    return ours(file).layer->truncate(ours(file), size);
}
int sync_file(sqlite3_file* file, int flags)
{
    return ours(file).layer->sync(ours(file), flags);
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

// Version 2: without memory-mapped pages, which nobody could look at.
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

const sqlite3_io_methods methods = all_methods();

DiskLayer& layer_of(sqlite3_vfs* vfs)
{
    return *static_cast<DiskLayer*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags)
{
    file->pMethods = nullptr;
    const int code = layer_of(vfs).open(name, ours(file), flags, out_flags);
    if (code == SQLITE_OK) {
        file->pMethods = &methods;
    }
    return code;
}

int remove_file(sqlite3_vfs* vfs, const char* name, int sync_folder)
{
    return layer_of(vfs).remove(name, sync_folder);
}

} // namespace

DiskLayer::DiskLayer(const char* name) : name_(name), real_(sqlite3_vfs_find(nullptr)), vfs_(*real_)
{
    vfs_.zName = name_.c_str();
    vfs_.pNext = nullptr;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = open_file;
    vfs_.xDelete = remove_file;
    sqlite3_vfs_register(&vfs_, 1);
}

DiskLayer::~DiskLayer()
{
    sqlite3_vfs_unregister(&vfs_);
}

int DiskLayer::open(const char* name, File& file, int flags, int* out_flags)
{
    file.layer = this;
    file.name = name;
    file.number = 0;
    file.is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    const bool was_there = name == nullptr || ::access(name, F_OK) == 0;
    const int code = real_->xOpen(real_, name, file.real(), flags, out_flags);
    if (code == SQLITE_OK) {
        opened(file, !was_there);
    }
    return code;
}

int DiskLayer::write(File& file, const void* from, int size, sqlite3_int64 at)
{
    return file.real()->pMethods->xWrite(file.real(), from, size, at);
}

int DiskLayer::truncate(File& file, sqlite3_int64 size)
{
    return file.real()->pMethods->xTruncate(file.real(), size);
}

int DiskLayer::sync(File& file, int flags)
{
    return file.real()->pMethods->xSync(file.real(), flags);
}

int DiskLayer::remove(const char* name, int sync_folder)
{
    return real_->xDelete(real_, name, sync_folder);
}

} // namespace stonechat::test
