// SPDX-License-Identifier: Apache-2.0
#include "power_recorder.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

namespace stonechat::test {

namespace {

using Kind = DiskEvent::Kind;

constexpr unsigned not_ours = 99;

} // namespace

DiskState read_disk(const std::string& path)
{
    DiskState state;
    for (std::size_t i = 0; i < disk_files.size(); ++i) {
        std::ifstream file(path + disk_files[i], std::ios::binary);
        if (file) {
            std::ostringstream bytes;
            bytes << file.rdbuf();
            state[i] = std::move(bytes).str();
        }
    }
    return state;
}

void write_disk(const std::string& path, const DiskState& state)
{
    std::remove((path + "-shm").c_str());
    for (std::size_t i = 0; i < disk_files.size(); ++i) {
        const auto name = path + disk_files[i];
        std::remove(name.c_str());
        if (state[i]) {
            std::ofstream file(name, std::ios::binary);
            file.write(state[i]->data(), static_cast<std::streamsize>(state[i]->size()));
        }
    }
}

PowerRecorder::PowerRecorder(std::string path) : DiskLayer("recorder"), path_(std::move(path))
{
    recording_.before = read_disk(path_);
}

std::size_t PowerRecorder::position() const
{
    const std::lock_guard lock(mutex_);
    return recording_.events.size();
}

Recording PowerRecorder::take()
{
    const std::lock_guard lock(mutex_);
    return std::move(recording_);
}

std::optional<unsigned> PowerRecorder::number_of(const char* name) const
{
    for (unsigned i = 0; name != nullptr && i < disk_files.size(); ++i) {
        if (path_ + disk_files[i] == name) {
            return i;
        }
    }
    return std::nullopt;
}

void PowerRecorder::note(Kind kind, unsigned file, std::uint64_t number, std::string bytes)
{
    recording_.events.push_back({ kind, file, std::this_thread::get_id(), number, std::move(bytes) });
}

void PowerRecorder::opened(File& file, bool is_new)
{
    const auto number = number_of(file.name);
    file.number = number.value_or(not_ours);
    if (number && is_new) {
        const std::lock_guard lock(mutex_);
        note(Kind::create, *number);
    }
}

int PowerRecorder::write(File& file, const void* from, int size, sqlite3_int64 at)
{
    if (file.number == not_ours) {
        return DiskLayer::write(file, from, size, at);
    }
    const std::lock_guard lock(mutex_); // so that the list has the order of the file
    note(Kind::write, file.number, static_cast<std::uint64_t>(at),
        std::string(static_cast<const char*>(from), static_cast<std::size_t>(size)));
    return DiskLayer::write(file, from, size, at);
}

int PowerRecorder::truncate(File& file, sqlite3_int64 size)
{
    if (file.number == not_ours) {
        return DiskLayer::truncate(file, size);
    }
    const std::lock_guard lock(mutex_);
    note(Kind::truncate, file.number, static_cast<std::uint64_t>(size));
    return DiskLayer::truncate(file, size);
}

int PowerRecorder::sync(File& file, int flags)
{
    if (file.number == not_ours) {
        return DiskLayer::sync(file, flags);
    }
    std::size_t beginning = 0;
    {
        const std::lock_guard lock(mutex_);
        beginning = recording_.events.size();
        note(Kind::sync_begins, file.number);
    }
    const int code = DiskLayer::sync(file, flags);
    if (code == SQLITE_OK) {
        const std::lock_guard lock(mutex_);
        note(Kind::sync_ends, file.number, beginning);
    }
    return code;
}

int PowerRecorder::remove(const char* name, int sync_folder)
{
    const auto number = number_of(name);
    if (!number) {
        return DiskLayer::remove(name, sync_folder);
    }
    const std::lock_guard lock(mutex_);
    const int code = DiskLayer::remove(name, sync_folder);
    if (code == SQLITE_OK) {
        note(sync_folder != 0 ? Kind::remove_synced : Kind::remove, *number);
    }
    return code;
}

} // namespace stonechat::test
