// SPDX-License-Identifier: Apache-2.0
#include "base/keyed_hash.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

TEST_CASE("keyed hash: the same for the same text, secret and purpose, and for nothing else")
{
    const KeyedHash hash("secret", "tests");
    CHECK(hash("a rose") == KeyedHash("secret", "tests")("a rose"));
    CHECK(hash("a rose") != hash("a rosa"));
    CHECK(hash("a rose") != KeyedHash("secrets", "tests")("a rose"));
    CHECK(hash("a rose") != KeyedHash("secret", "other tests")("a rose"));
    CHECK(KeyedHash("b", "a")("x") != KeyedHash("", "ab")("x"));
    CHECK(hash("") == KeyedHash("secret", "tests")(""));
}
