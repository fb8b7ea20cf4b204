// SPDX-License-Identifier: Apache-2.0
// The process as the kernel and systemd see it: its rights, signals and status reports.
#pragma once

#include "base/result.hpp"
#include "config/settings.hpp"

#include <chrono>
#include <optional>
#include <string>

#include <sys/types.h>

namespace stonechat {

/// Sets umask 077, no core dumps, and the file descriptor limit to its hard limit. Call first in main().
void harden_process();

/// Gives up root for the `user` and `group` of [server], in two steps: after assume() files are made and
/// opened as that user; as_root() is for binding ports below 1024; after keep() there is no way back.
class Privileges {
public:
    using Outcome = Result<Done, std::string>;

    /// Looks up the user; an error if there is none. If the process is not root or `user` is empty, the
    /// functions below never change the process's user.
    static Result<Privileges, std::string> of(const Section& server);

    /// Makes `data_dir`, owned by the user, if it does not exist, and switches to the user until as_root().
    Outcome assume(const std::string& data_dir) const;
    /// Switches to the user until as_root(); makes nothing.
    Outcome become() const;
    Outcome as_root() const;
    /// Whether the process is root and stays so: no user is configured.
    bool are_all() const;
    Outcome keep() const;
    /// The name in the settings, or empty.
    const std::string& user() const { return user_; }
    /// Whether this process has that user's rights now.
    bool is_user() const;

private:
    std::optional<std::pair<uid_t, gid_t>> target_;
    std::string user_;
};

/// Blocks SIGTERM, SIGINT and SIGHUP in all threads made later; wait() is the one place that receives them.
class Signals {
public:
    Signals();
    /// Returns the next signal, or 0 after `patience`.
    int wait(std::chrono::milliseconds patience) const;
    /// Sends SIGTERM or SIGHUP to this process. From any thread.
    static void send(int signal);
};

/// Notifications to systemd (sd_notify). No effect without systemd.
namespace service {
void ready();
void reloading();
void stopping();
void alive();
/// Returns the interval in which systemd expects alive(); nullopt if it does not.
std::optional<std::chrono::milliseconds> watchdog();
} // namespace service

} // namespace stonechat
