// SPDX-License-Identifier: Apache-2.0
#include "base/function.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace stonechat;

TEST_CASE("function: owns what it captured, also what cannot be copied")
{
    auto number = std::make_unique<int>(42);
    Function<int(int)> add = [number = std::move(number)](int other) { return *number + other; };
    CHECK(add(1) == 43);
    Function<int(int)> moved = std::move(add);
    CHECK(moved(2) == 44);
    CHECK_FALSE(static_cast<bool>(add));
}

TEST_CASE("function: an empty one is false")
{
    CHECK_FALSE(static_cast<bool>(Function<void()>()));
    CHECK_FALSE(static_cast<bool>(Function<void()>(nullptr)));
    CHECK(static_cast<bool>(Function<void()>([] {})));
}

TEST_CASE("function: what it captured dies with it, once")
{
    auto watched = std::make_shared<int>(1);
    {
        Function<void()> holder = [watched] {};
        CHECK(watched.use_count() == 2);
        Function<void()> other = std::move(holder);
        CHECK(watched.use_count() == 2);
        other = nullptr;
        CHECK(watched.use_count() == 1);
    }
    CHECK(watched.use_count() == 1);
}

TEST_CASE("function: passes values on without copying, references as references")
{
    Function<std::unique_ptr<int>(std::unique_ptr<int>)> same = [](std::unique_ptr<int> p) { return p; };
    CHECK(*same(std::make_unique<int>(7)) == 7);
    std::string text = "a";
    Function<void(std::string&)> append = [](std::string& to) { to += "b"; };
    append(text);
    CHECK(text == "ab");
}

TEST_CASE("function: keeps state between calls and drops a result that nobody wants")
{
    int calls = 0;
    Function<void()> count = [&calls]() mutable { return ++calls; };
    count();
    count();
    CHECK(calls == 2);
}
