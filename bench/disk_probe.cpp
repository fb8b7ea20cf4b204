// SPDX-License-Identifier: Apache-2.0
#include "disk_probe.hpp"

#include "event_loop.hpp"
#include "workbench.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace stonechat::bench {
namespace {

constexpr long file_size = 1024 * 1024;
constexpr std::array<char, 4096> block {};

} // namespace

// The blocks exist before the first measurement: only their content changes, as in a database's log that is
// used again and again. The file has no name, so that nothing has to be removed.
DiskProbe::DiskProbe(const std::string& folder)
    : descriptor_(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600))
{
    for (long at = 0; descriptor_ >= 0 && at < file_size; at += static_cast<long>(block.size())) {
        if (pwrite(descriptor_, block.data(), block.size(), at) < 0) {
            close(std::exchange(descriptor_, -1));
        }
    }
    if (descriptor_ < 0 || fsync(descriptor_) != 0) {
        throw BenchError(fmt::format("cannot write in {}: {}", folder, std::strerror(errno)));
    }
}

DiskProbe::~DiskProbe()
{
    stop();
    close(descriptor_);
}

void DiskProbe::sample(int times)
{
    for (int i = 0; i < times; ++i) {
        sample_once();
    }
}

void DiskProbe::start()
{
    is_running_ = true;
    thread_ = std::thread([this] {
        while (is_running_) {
            sample_once();
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    });
}

void DiskProbe::stop()
{
    is_running_ = false;
    if (thread_.joinable()) {
        thread_.join();
    }
}

Histogram DiskProbe::take()
{
    return std::exchange(times_, Histogram());
}

void DiskProbe::sample_once()
{
    const auto start = now_nanoseconds();
    if (pwrite(descriptor_, block.data(), block.size(), position_) > 0 && fdatasync(descriptor_) == 0) {
        times_.record(now_nanoseconds() - start);
    }
    position_ = (position_ + static_cast<long>(block.size())) % file_size;
}

} // namespace stonechat::bench
