// SPDX-License-Identifier: Apache-2.0
//
// The measured server, seen from outside through its process id: CPU time, resident memory, descriptor
// limit, and on which core its threads run. Every question answers "unknown" without a process id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace stonechat::bench {

class ServerProcess {
public:
    ServerProcess() = default;
    explicit ServerProcess(pid_t pid) : pid_(pid) {}

    [[nodiscard]] bool is_known() const { return pid_ > 0; }
    [[nodiscard]] pid_t pid() const { return pid_; }

    /// CPU time of all threads, ended ones included, user and system, in nanoseconds.
    [[nodiscard]] std::optional<std::uint64_t> cpu_nanoseconds() const;

    [[nodiscard]] std::optional<std::uint64_t> resident_bytes() const;

    /// The soft limit of open descriptors.
    [[nodiscard]] std::optional<std::uint64_t> descriptor_limit() const;

    /// Puts every thread of the server on one core; answers an error text.
    [[nodiscard]] std::optional<std::string> pin(int core) const;

private:
    pid_t pid_ = 0;
};

/// CPU time of this process, in nanoseconds.
std::uint64_t own_cpu_nanoseconds();

/// Puts the calling process on one core; answers an error text.
std::optional<std::string> pin_self(int core);

/// Raises the soft descriptor limit to the hard one and answers it.
std::uint64_t raise_descriptor_limit();

} // namespace stonechat::bench
