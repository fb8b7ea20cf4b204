// SPDX-License-Identifier: Apache-2.0
// PowerRecorder: while one lives, what is done to one database and its logs is written down, in
// order, with the moment at which each sync began and ended. From that, PowerCut tells what a disk
// may hold if the power goes in between.
#pragma once

#include "disk_layer.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace stonechat::test {

/// The files of a database by number: itself, its write-ahead log, its rollback journal. The memory
/// that connections share (-shm) is none of them: after a power cut it is not there.
inline constexpr std::array<const char*, 3> disk_files { "", "-wal", "-journal" };
inline constexpr unsigned database_file = 0;
inline constexpr unsigned log_file = 1;

/// What each of the files holds; nothing if it is not there.
using DiskState = std::array<std::optional<std::string>, disk_files.size()>;

DiskState read_disk(const std::string& path);
void write_disk(const std::string& path, const DiskState& state);

/// One thing that was done to a file or its name. Its place in the list is its time.
struct DiskEvent {
    enum class Kind : std::uint8_t {
        create,
        write,
        truncate,
        sync_begins,
        sync_ends,
        remove,
        remove_synced, ///< with its folder: cannot come back
    };
    Kind kind;
    unsigned file = 0;
    std::thread::id thread;
    std::uint64_t number = 0; ///< write: where; truncate: the new size; sync_ends: the place of its beginning
    std::string bytes;
};

struct Recording {
    DiskState before; ///< safe when the recording began
    std::vector<DiskEvent> events;
};

class PowerRecorder final : public DiskLayer {
public:
    explicit PowerRecorder(std::string path);

    /// How many things were done until now; any thread.
    std::size_t position() const;
    /// What was recorded; after everything was closed.
    Recording take();

    void opened(File& file, bool is_new) override;
    int write(File& file, const void* from, int size, sqlite3_int64 at) override;
    int truncate(File& file, sqlite3_int64 size) override;
    int sync(File& file, int flags) override;
    int remove(const char* name, int sync_folder) override;

private:
    std::optional<unsigned> number_of(const char* name) const;
    void note(DiskEvent::Kind kind, unsigned file, std::uint64_t number = 0, std::string bytes = "");

    const std::string path_;
    mutable std::mutex mutex_;
    Recording recording_;
};

} // namespace stonechat::test
