// SPDX-License-Identifier: Apache-2.0
// Health: whether the database may still be used. A commit or fsync that failed with an I/O error
// ends it for good: the kernel may have dropped what it was to write, so nobody knows what a retry
// would make of it. Any thread.
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

    Log& log() { return log_; }

private:
    std::atomic<bool> failed_ { false };
    Function<void(std::string)> on_fatal_;
    Log& log_;
};

} // namespace stonechat::sqlite
