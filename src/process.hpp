// SPDX-License-Identifier: Apache-2.0
// The process as the kernel and systemd see it: what it may do, its signals, how it reports.
#pragma once

#include "base/result.hpp"
#include "config/settings.hpp"

#include <chrono>
#include <optional>
#include <string>

#include <sys/types.h>

namespace stonechat {

/// umask 077, no core dumps, as many descriptors as the hard limit allows. First thing of all.
void harden_process();

/// Gives up root for the `user` and `group` of [server], in two steps: after `assume` files are made
/// and opened as that user; `as_root` takes a port below 1024; after `keep` there is no way back.
class Privileges {
public:
    using Outcome = Result<Done, std::string>;

    /// Finds the user; an error if there is none. Does nothing for anybody but root.
    static Result<Privileges, std::string> of(const Section& server);

    /// Makes `data_dir` if need be, the user's own, and becomes the user for the time being.
    Outcome assume(const std::string& data_dir) const;
    /// Becomes the user for the time being, and makes nothing.
    Outcome become() const;
    Outcome as_root() const;
    /// The process is root's and stays so.
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

/// SIGTERM, SIGINT and SIGHUP are blocked in all threads made later, and waited for in one place.
class Signals {
public:
    Signals();
    /// The next signal, or 0 when `patience` is over.
    int wait(std::chrono::milliseconds patience) const;
    /// From any thread: SIGTERM or SIGHUP to ourselves.
    static void send(int signal);
};

/// systemd's notifications (sd_notify); do nothing where nobody listens.
namespace service {
void ready();
void reloading();
void stopping();
void alive();
/// How often `alive` is expected; nothing if never.
std::optional<std::chrono::milliseconds> watchdog();
} // namespace service

} // namespace stonechat
