// SPDX-License-Identifier: Apache-2.0
// Health: whether the database may still be used. A commit or fsync that failed with an I/O error
// ends it for good: the kernel may have dropped what it was to write, so nobody knows what a retry
// would make of it. A disk that is full is not the end: that is said once, and again when it is over. Any
// thread.
#pragma once

#include "base/function.hpp"
#include "base/log.hpp"

#include <atomic>
#include <string>

namespace stonechat::sqlite {

class Health {
public:
    Health(Function<void(std::string)> on_fatal, Log& log) : on_fatal_(std::move(on_fatal)), log_(log) {}

    bool has_failed() const { return failed_.load(std::memory_order_acquire); }

    /// Tells the server, the first time.
    void fail(const std::string& problem)
    {
        if (failed_.exchange(true)) {
            return;
        }
        log_.error("storage.fatal", { { "problem", problem } });
        if (on_fatal_) {
            on_fatal_(problem);
        }
    }

    bool is_full() const { return full_.load(std::memory_order_relaxed); }

    /// A write found no space. Said once, however many come behind it.
    void found_full(const std::string& problem)
    {
        if (!full_.exchange(true, std::memory_order_relaxed)) {
            log_.error("disk full",
                { { "problem", problem },
                    { "consequence",
                        "what would have to be stored is refused until there is space again" } });
        }
    }

    /// A write found space.
    void found_space()
    {
        if (full_.load(std::memory_order_relaxed) && full_.exchange(false, std::memory_order_relaxed)) {
            log_.info("disk has space again");
        }
    }

    Log& log() { return log_; }

private:
    std::atomic<bool> failed_ { false };
    std::atomic<bool> full_ { false };
    Function<void(std::string)> on_fatal_;
    Log& log_;
};

} // namespace stonechat::sqlite
