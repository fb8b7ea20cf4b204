// SPDX-License-Identifier: Apache-2.0
// Task<T>: a coroutine that returns a T. Pending<T>: one answer that is still to come (from the disk, a hash
// thread, another shard). A Task awaits Tasks and Pendings; a plain function uses Pending::then. Everything
// here runs on one thread, the caller's home thread: an answer is posted home first (base/executor.hpp) and
// given to its Promise there.
//
// GCC 12 destroys some temporaries of a co_await statement twice: name lambdas with captures, aggregates and
// `?:` on a line before it (tests/check finds offenders).
#pragma once

#include "base/function.hpp"

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace stonechat {

/// One answer that is still to come. Move-only; awaited once or given one continuation.
template <class T> class Pending {
    struct State {
        std::optional<T> value;
        Function<void(T)> continuation;
        std::coroutine_handle<> waiter;
    };

public:
    /// The answering side. If it is destroyed without an answer, the caller never resumes (which happens only
    /// when the whole server is torn down).
    class Promise {
    public:
        explicit Promise(std::shared_ptr<State> state) : state_(std::move(state)) {}

        /// Gives the answer. Call once, on the home thread. Resumes the waiting coroutine inside the call.
        void fulfil(T value)
        {
            auto state = std::move(state_);
            if (state->continuation) {
                auto continuation = std::move(state->continuation);
                continuation(std::move(value));
                return;
            }
            state->value.emplace(std::move(value));
            if (state->waiter) {
                std::exchange(state->waiter, nullptr).resume();
            }
        }

    private:
        std::shared_ptr<State> state_;
    };

    /// Makes a Pending whose answer is already there.
    static Pending ready(T value)
    {
        Pending pending;
        pending.state_->value.emplace(std::move(value));
        return pending;
    }

    Pending() : state_(std::make_shared<State>()) {}

    Promise promise() const { return Promise(state_); }

    /// Calls `f` with the answer, at once if it is there already.
    void then(Function<void(T)> f) &&
    {
        auto state = std::move(state_);
        if (state->value) {
            f(std::move(*state->value));
            return;
        }
        state->continuation = std::move(f);
    }

    bool await_ready() const { return state_->value.has_value(); }
    void await_suspend(std::coroutine_handle<> waiter) { state_->waiter = waiter; }
    T await_resume() { return std::move(*state_->value); }

private:
    std::shared_ptr<State> state_;
};

/// A lazily started coroutine: it runs when awaited, or when `start`ed with a continuation.
template <class T> class [[nodiscard]] Task {
public:
    struct promise_type {
        std::optional<T> value;
        std::exception_ptr exception;
        std::coroutine_handle<> waiter;

        Task get_return_object() { return Task(Handle::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        struct Final {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept
            {
                auto waiter = self.promise().waiter;
                return waiter ? waiter : std::noop_coroutine();
            }
            void await_resume() noexcept {}
        };
        Final final_suspend() noexcept { return {}; }
        template <class U> void return_value(U&& result) { value.emplace(std::forward<U>(result)); }
        void unhandled_exception() { exception = std::current_exception(); }
    };
    using Handle = std::coroutine_handle<promise_type>;

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task()
    {
        if (handle_) {
            handle_.destroy();
        }
    }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept
    {
        handle_.promise().waiter = waiter;
        return handle_;
    }
    T await_resume()
    {
        if (handle_.promise().exception) {
            std::rethrow_exception(handle_.promise().exception);
        }
        return std::move(*handle_.promise().value);
    }

private:
    explicit Task(Handle handle) : handle_(handle) {}
    Handle handle_;
};

namespace detail {

/// A coroutine nobody waits for; its frame frees itself at the end.
struct Detached {
    struct promise_type {
        Detached get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

template <class T, class F, class E> Detached run(Task<T> task, F then, E failed)
{
    std::exception_ptr exception;
    std::optional<T> value;
    try {
        value.emplace(co_await task);
    } catch (...) {
        exception = std::current_exception();
    }
    if (exception) {
        failed(exception);
    } else {
        then(std::move(*value));
    }
}

} // namespace detail

/// Starts `task` now. Calls `then` with its value, or `failed` with the exception that left it. Both may run
/// inside the call, if the task does not have to wait.
template <class T, class F, class E> void start(Task<T> task, F then, E failed)
{
    detail::run(std::move(task), std::move(then), std::move(failed));
}

} // namespace stonechat
