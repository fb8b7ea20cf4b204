// SPDX-License-Identifier: Apache-2.0
// Health: whether the database may still be used. A commit or fsync that failed with an I/O error is final:
// the kernel may have dropped the data, so the result of a retry is unknown. A full disk is temporary: it is
// logged once when it begins and once when it ends. Any thread.
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

    /// Marks the database as failed. The first call logs and calls `on_fatal`.
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

    /// Records that a write found no space. Logs only the first of a series.
    void found_full(const std::string& problem)
    {
        if (!full_.exchange(true, std::memory_order_relaxed)) {
            log_.error("disk full",
                { { "problem", problem },
                    { "consequence",
                        "what would have to be stored is refused until there is space again" } });
        }
    }

    /// Records that a write found space.
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
