// SPDX-License-Identifier: Apache-2.0
#include "server_process.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace stonechat::bench {
namespace {

std::optional<std::uint64_t> read_clock(clockid_t clock)
{
    timespec time {};
    if (clock_gettime(clock, &time) != 0) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u
        + static_cast<std::uint64_t>(time.tv_nsec);
}

std::optional<std::string> pin_thread(pid_t thread, int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core), &set);
    if (sched_setaffinity(thread, sizeof set, &set) == 0 || errno == ESRCH) {
        return std::nullopt;
    }
    return fmt::format("cannot pin {} to core {}: {}", thread, core, std::strerror(errno));
}

} // namespace

// The process' CPU clock counts nanoseconds; /proc/PID/stat only ticks of 10 ms.
std::optional<std::uint64_t> ServerProcess::cpu_nanoseconds() const
{
    clockid_t clock {};
    if (!is_known() || clock_getcpuclockid(pid_, &clock) != 0) {
        return std::nullopt;
    }
    return read_clock(clock);
}

std::optional<std::uint64_t> ServerProcess::resident_bytes() const
{
    std::ifstream statm(fmt::format("/proc/{}/statm", pid_));
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    if (!is_known() || !(statm >> size >> resident)) {
        return std::nullopt;
    }
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> ServerProcess::descriptor_limit() const
{
    rlimit limit {};
    if (!is_known() || prlimit(pid_, RLIMIT_NOFILE, nullptr, &limit) != 0) {
        return std::nullopt;
    }
    return limit.rlim_cur;
}

std::optional<std::string> ServerProcess::pin(int core) const
{
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_), error)) {
        if (auto failed = pin_thread(std::stoi(task.path().filename()), core)) {
            return failed;
        }
    }
    if (error) {
        return fmt::format("no process {}: {}", pid_, error.message());
    }
    return std::nullopt;
}

std::uint64_t own_cpu_nanoseconds()
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID).value_or(0);
}

std::optional<std::string> pin_self(int core)
{
    return pin_thread(0, core);
}

std::uint64_t raise_descriptor_limit()
{
    rlimit limit {};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

} // namespace stonechat::bench
