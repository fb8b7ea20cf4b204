// SPDX-License-Identifier: Apache-2.0
// DiskLayer: while one lives, every database that is opened goes through it on its way to the file
// system; whoever derives from it looks at what is done, changes it or lets it fail. It must outlive
// what was opened through it. One at a time. Its functions are called on any thread.
#pragma once

#include <sqlite3.h>

#include <string>

namespace stonechat::test {

class DiskLayer {
public:
    /// An open file: ours, with SQLite's own behind it in memory.
    struct File {
        sqlite3_file base;
        DiskLayer* layer;
        const char* name; ///< null for a temporary file; SQLite keeps it until the file is closed
        unsigned number;  ///< whatever `opened` put there
        bool is_database;

        sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    };

    explicit DiskLayer(const char* name);
    virtual ~DiskLayer();
    DiskLayer(const DiskLayer&) = delete;
    DiskLayer& operator=(const DiskLayer&) = delete;

    // What each of them does here is what the file system does. The answers are SQLite's codes.
    /// `is_new`: it was not there before.
    virtual void opened(File&, bool /*is_new*/) {}
    virtual int write(File& file, const void* from, int size, sqlite3_int64 at);
    virtual int truncate(File& file, sqlite3_int64 size);
    virtual int sync(File& file, int flags);
    virtual int remove(const char* name, int sync_folder);

    int open(const char* name, File& file, int flags, int* out_flags);

private:
    std::string name_;
    sqlite3_vfs* real_;
    sqlite3_vfs vfs_;
};

} // namespace stonechat::test
