// SPDX-License-Identifier: Apache-2.0
// For a Task whose answer nobody waits for: if it throws, which is a bug, the log says so.
#pragma once

#include "base/log.hpp"
#include "base/task.hpp"

#include <exception>
#include <string>
#include <utility>

namespace stonechat {

/// The exception's own words.
inline std::string what_of(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& known) {
        return known.what();
    } catch (...) {
        return "unknown exception";
    }
}

/// Starts `task` now. `event` is what the log says if an exception leaves it, as "push not forgotten";
/// `log` outlives the task.
template <class T> void start_in_background(Task<T> task, Log& log, const char* event)
{
    start(
        std::move(task), [](const T&) {},
        [&log, event](const std::exception_ptr& failure) {
            log.error(event, { { "why", what_of(failure) } });
        });
}

} // namespace stonechat
