// SPDX-License-Identifier: Apache-2.0
#include "router/freed_memory.hpp"

#include "base/result.hpp"
#include "net/blocking_pool.hpp"

#include <algorithm>
#include <optional>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace stonechat {
namespace {

/// A trim needs at least least_changes, and as many changes as 1/least_part of the loaded users: it walks
/// through the whole heap, and new sessions fill small holes anyway.
constexpr std::size_t least_changes = 64;
constexpr std::size_t least_part = 8;

Done trim_heap()
{
#ifdef __GLIBC__
    ::malloc_trim(0); // all arenas, and whole pages in the middle of them too
#endif
    return Done();
}

} // namespace

void FreedMemory::note(Executor& home, std::size_t changes, std::size_t left)
{
    if (changes == 0) {
        return;
    }
    const std::size_t since = changes_.fetch_add(changes) + changes;
    if (since >= std::max(least_changes, left / least_part) && !at_work_.exchange(true)) {
        changes_ = 0;
        give_back(home);
    }
}

void FreedMemory::give_back(Executor& home)
{
    pool_.run<Done>(home, Function<Done()>(trim_heap)).then([this](std::optional<Done> done) {
        at_work_ = false;
        if (!done) {
            changes_ = least_changes; // the pool was full: the next sweep tries again
        }
    });
}

} // namespace stonechat
