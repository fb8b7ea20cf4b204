// SPDX-License-Identifier: Apache-2.0
#include "base/task.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace stonechat;

namespace {

Task<int> constant(int value)
{
    co_return value;
}

Task<int> sum_of(Pending<int> first, Pending<int> second)
{
    const int a = co_await first;
    const int b = co_await second;
    co_return a + b;
}

Task<std::string> outer(Pending<int> pending, std::vector<std::string>& trace)
{
    trace.push_back("outer begins");
    Task<int> inner = sum_of(std::move(pending), Pending<int>::ready(1));
    const int value = co_await inner;
    trace.push_back("outer ends");
    co_return std::to_string(value);
}

Task<int> failing(Pending<int> pending)
{
    co_await pending;
    throw std::runtime_error("broken");
}

Task<int> passes_on(Task<int> task)
{
    const int value = co_await task;
    co_return value + 1;
}

Task<int> holds(std::shared_ptr<int> watched, Pending<int> pending)
{
    const int value = co_await pending;
    co_return value + *watched;
}

/// Starts `task` and keeps what comes of it.
template <class T> struct Outcome {
    std::shared_ptr<std::optional<T>> value = std::make_shared<std::optional<T>>();
    std::shared_ptr<std::string> error = std::make_shared<std::string>();

    explicit Outcome(Task<T> task)
    {
        const auto value_slot = value;
        const auto error_slot = error;
        start(
            std::move(task), [value_slot](T result) { *value_slot = std::move(result); },
            [error_slot](std::exception_ptr exception) {
                try {
                    std::rethrow_exception(exception);
                } catch (const std::exception& e) {
                    *error_slot = e.what();
                }
            });
    }
};

} // namespace

TEST_CASE("task: one that waits for nothing ends inside start()")
{
    const Outcome<int> outcome(constant(3));
    CHECK(*outcome.value == 3);
}

TEST_CASE("task: does nothing before it is started, and frees what it holds if it never is")
{
    const auto watched = std::make_shared<int>(1);
    {
        const Task<int> never = holds(watched, Pending<int>());
        CHECK(watched.use_count() == 2);
    }
    CHECK(watched.use_count() == 1);
}

TEST_CASE("task: waits for answers in the order in which it asks")
{
    Pending<int> first;
    Pending<int> second;
    auto first_promise = first.promise();
    auto second_promise = second.promise();
    const Outcome<int> outcome(sum_of(std::move(first), std::move(second)));
    second_promise.fulfil(2);
    CHECK_FALSE(outcome.value->has_value());
    first_promise.fulfil(1);
    CHECK(*outcome.value == 3);
}

TEST_CASE("task: tasks await tasks, and resume inside fulfil()")
{
    Pending<int> pending;
    auto promise = pending.promise();
    std::vector<std::string> trace;
    const Outcome<std::string> outcome(outer(std::move(pending), trace));
    CHECK(trace == std::vector<std::string> { "outer begins" });
    promise.fulfil(41);
    CHECK(trace.size() == 2);
    CHECK(*outcome.value == "42");
}

TEST_CASE("task: an exception reaches whoever awaits, then whoever started")
{
    Pending<int> pending;
    auto promise = pending.promise();
    const Outcome<int> outcome(passes_on(failing(std::move(pending))));
    CHECK(outcome.error->empty());
    promise.fulfil(1);
    CHECK(*outcome.error == "broken");
    CHECK_FALSE(outcome.value->has_value());
}

TEST_CASE("task: what it held is freed when it ends")
{
    const auto watched = std::make_shared<int>(5);
    Pending<int> pending;
    auto promise = pending.promise();
    const Outcome<int> outcome(holds(watched, std::move(pending)));
    CHECK(watched.use_count() == 2);
    promise.fulfil(1);
    CHECK(watched.use_count() == 1);
    CHECK(*outcome.value == 6);
}

TEST_CASE("task: a long chain of ready answers does not grow the stack")
{
    const auto loop = []() -> Task<int> {
        int sum = 0;
        for (int i = 0; i < 100'000; ++i) {
            Pending<int> ready = Pending<int>::ready(1);
            sum += co_await ready;
        }
        co_return sum;
    };
    CHECK(*Outcome<int>(loop()).value == 100'000);
}

TEST_CASE("pending: then() is called at once if the answer is there, else by fulfil()")
{
    int seen = 0;
    Pending<int>::ready(1).then([&seen](int value) { seen = value; });
    CHECK(seen == 1);
    Pending<int> later;
    auto promise = later.promise();
    std::move(later).then([&seen](int value) { seen = value; });
    CHECK(seen == 1);
    promise.fulfil(2);
    CHECK(seen == 2);
}

TEST_CASE("pending: an answer before the question is kept")
{
    Pending<std::unique_ptr<int>> pending;
    pending.promise().fulfil(std::make_unique<int>(4));
    int seen = 0;
    std::move(pending).then([&seen](std::unique_ptr<int> value) { seen = *value; });
    CHECK(seen == 4);
}

TEST_CASE("pending: a promise dropped without an answer calls nobody and leaks nothing")
{
    const auto watched = std::make_shared<int>(1);
    {
        Pending<int> pending;
        auto promise = pending.promise();
        std::move(pending).then([watched](int) { FAIL("nobody answered"); });
        CHECK(watched.use_count() == 2);
    }
    CHECK(watched.use_count() == 1);
}

TEST_CASE("pending: the continuation may ask again")
{
    std::vector<int> seen;
    Pending<int> first;
    auto promise = first.promise();
    std::move(first).then([&seen](int value) {
        seen.push_back(value);
        Pending<int>::ready(value + 1).then([&seen](int next) { seen.push_back(next); });
    });
    promise.fulfil(1);
    CHECK(seen == std::vector<int> { 1, 2 });
}
