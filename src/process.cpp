// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include "private_files.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace stonechat {
namespace {

sigset_t waited_for()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

std::string cannot_become(const std::string& user)
{
    return "cannot become the user '" + user + "': " + std::strerror(errno);
}

} // namespace

void harden_process()
{
    umask(077);
    // One byte instead of 0: the kernel obeys this limit even if cores are piped to a collector.
    const rlimit no_core { 1, 1 };
    setrlimit(RLIMIT_CORE, &no_core);
    rlimit descriptors {};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        descriptors.rlim_cur = descriptors.rlim_max;
        setrlimit(RLIMIT_NOFILE, &descriptors);
    }
    std::signal(SIGPIPE, SIG_IGN);
}

Result<Privileges, std::string> Privileges::of(const Section& server)
{
    Privileges privileges;
    privileges.user_ = server.text("user");
    if (privileges.user_.empty() || geteuid() != 0) {
        return privileges;
    }
    const passwd* user = getpwnam(privileges.user_.c_str());
    if (user == nullptr) {
        return "there is no user '" + privileges.user_ + "' ([server] user); `adduser --system` makes one";
    }
    gid_t gid = user->pw_gid;
    if (const std::string& name = server.text("group"); !name.empty()) {
        const group* found = getgrnam(name.c_str());
        if (found == nullptr) {
            return "there is no group '" + name + "' ([server] group)";
        }
        gid = found->gr_gid;
    }
    privileges.target_.emplace(user->pw_uid, gid);
    return privileges;
}

Privileges::Outcome Privileges::assume(const std::string& data_dir) const
{
    struct stat facts {};
    const bool is_new = stat(data_dir.c_str(), &facts) != 0;
    auto made = make_private_folder(data_dir);
    if (!made || !target_) {
        return made;
    }
    const auto [uid, gid] = *target_;
    if (is_new && chown(data_dir.c_str(), uid, gid) != 0) {
        return "cannot give " + data_dir + " to the user '" + user_ + "': " + std::strerror(errno);
    }
    return become();
}

Privileges::Outcome Privileges::become() const
{
    if (!target_) {
        return Done();
    }
    const auto [uid, gid] = *target_;
    if (initgroups(user_.c_str(), gid) != 0 || setegid(gid) != 0 || seteuid(uid) != 0) {
        return cannot_become(user_);
    }
    return Done();
}

bool Privileges::is_user() const
{
    const passwd* user = getpwnam(user_.c_str());
    return user != nullptr && user->pw_uid == geteuid();
}

bool Privileges::are_all() const
{
    return !target_ && geteuid() == 0;
}

Privileges::Outcome Privileges::as_root() const
{
    if (target_ && seteuid(0) != 0) {
        return cannot_become("root");
    }
    return Done();
}

Privileges::Outcome Privileges::keep() const
{
    if (!target_) {
        return Done();
    }
    const auto [uid, gid] = *target_;
    if (seteuid(0) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
        return cannot_become(user_);
    }
    return Done();
}

Signals::Signals()
{
    const sigset_t set = waited_for();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int Signals::wait(std::chrono::milliseconds patience) const
{
    const sigset_t set = waited_for();
    const timespec time { patience.count() / 1000, patience.count() % 1000 * 1'000'000 };
    const int signal = sigtimedwait(&set, nullptr, &time);
    return signal > 0 ? signal : 0;
}

void Signals::send(int signal)
{
    kill(getpid(), signal);
}

namespace service {

void ready()
{
    sd_notify(0, "READY=1");
}

void reloading()
{
    timespec now {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const long long microseconds = now.tv_sec * 1'000'000LL + now.tv_nsec / 1000;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", microseconds);
}

void stopping()
{
    sd_notify(0, "STOPPING=1");
}

void alive()
{
    sd_notify(0, "WATCHDOG=1");
}

std::optional<std::chrono::milliseconds> watchdog()
{
    std::uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) <= 0) {
        return std::nullopt;
    }
    return std::chrono::milliseconds(microseconds / 1000);
}

} // namespace service
} // namespace stonechat
