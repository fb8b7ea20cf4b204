// SPDX-License-Identifier: Apache-2.0
#include "server_control.hpp"

#include "workbench.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace stonechat::bench {
namespace {

constexpr int patience_milliseconds = 20'000;

bool is_readable(int descriptor, int milliseconds)
{
    pollfd entry { descriptor, POLLIN, 0 };
    return poll(&entry, 1, milliseconds) == 1;
}

// With the signals as a shell has them: a server must not inherit that we ignore SIGPIPE.
pid_t spawn(const std::string& command)
{
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    std::string shell = "sh";
    std::string option = "-c";
    std::string text = command;
    const std::array<char*, 4> arguments { shell.data(), option.data(), text.data(), nullptr };
    pid_t pid = 0;
    const int error = posix_spawn(&pid, "/bin/sh", nullptr, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        throw BenchError(fmt::format("cannot start the server: {}", std::strerror(error)));
    }
    return pid;
}

} // namespace

ServerControl::ServerControl(pid_t running, std::string command) : command_(std::move(command))
{
    watch(running);
}

ServerControl::~ServerControl()
{
    if (is_ours_ && !has_ended()) {
        send_signal(SIGTERM);
        if (!is_readable(watch_, patience_milliseconds)) {
            send_signal(SIGKILL);
        }
    }
    if (is_ours_) {
        waitpid(pid_, nullptr, 0);
    }
    close(watch_);
}

void ServerControl::send_signal(int signal) const
{
    syscall(SYS_pidfd_send_signal, watch_, signal, nullptr, 0);
}

bool ServerControl::has_ended() const
{
    return is_readable(watch_, 0);
}

ServerProcess ServerControl::start()
{
    if (is_ours_) {
        waitpid(pid_, nullptr, 0);
    }
    const auto pid = spawn(command_);
    is_ours_ = true;
    watch(pid);
    return ServerProcess(pid);
}

void ServerControl::watch(pid_t pid)
{
    if (watch_ >= 0) {
        close(watch_);
    }
    pid_ = pid;
    watch_ = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (watch_ < 0) {
        throw BenchError(fmt::format("no process {}: {}", pid, std::strerror(errno)));
    }
}

bool is_listening(const Address& address)
{
    const int descriptor = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return false;
    }
    const linger reset { 1, 0 };
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    const auto* const to = reinterpret_cast<const sockaddr*>(&address.storage);
    const bool answers = connect(descriptor, to, address.length) == 0;
    close(descriptor);
    return answers;
}

} // namespace stonechat::bench
