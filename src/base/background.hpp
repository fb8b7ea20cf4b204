// SPDX-License-Identifier: Apache-2.0
// Starts a Task whose answer nobody waits for. If it throws, which is a bug, the exception is logged.
#pragma once

#include "base/log.hpp"
#include "base/task.hpp"

#include <exception>
#include <string>
#include <utility>

namespace stonechat {

/// Returns the message of an exception.
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

/// Starts `task` now. `event` is the name logged if an exception leaves the task, like "push not forgotten".
/// `log` must outlive the task.
template <class T> void start_in_background(Task<T> task, Log& log, const char* event)
{
    start(
        std::move(task), [](const T&) {},
        [&log, event](const std::exception_ptr& failure) {
            log.error(event, { { "why", what_of(failure) } });
        });
}

} // namespace stonechat
