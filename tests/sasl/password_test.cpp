// SPDX-License-Identifier: Apache-2.0
#include "sasl/password.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

// RFC 5802 §2.2-1
TEST_CASE("password: SASLprep maps, normalizes and forbids (the examples of RFC 4013 section 3)")
{
    CHECK(prepare_password("I\u00adX") == "IX");
    CHECK(prepare_password("user") == "user");
    CHECK(prepare_password("USER") == "USER");
    CHECK(prepare_password("\u00aa") == "a");
    CHECK(prepare_password("\u2168") == "IX");
    CHECK_FALSE(prepare_password("\x07"));
    CHECK_FALSE(prepare_password("\u0627\x31"));
    CHECK_FALSE(prepare_password(""));
    CHECK_FALSE(prepare_password("\u00ad")); // nothing is left
    CHECK_FALSE(prepare_password(std::string(1024, 'x')));
    CHECK_FALSE(prepare_password("\xff"));
}

TEST_CASE("password: SASLprep maps spaces, and one that maps to more than itself")
{
    CHECK(prepare_password("a\u00a0b\u3000c") == "a b c");
    CHECK(prepare_password("\ufdfa").value_or("").size() == 33); // the longest mapping of all
}

TEST_CASE("password: what every client makes the same of may be chosen")
{
    for (const char* good : { "pencil", "correct horse battery staple", "p\u00e4ssw\u00f6rt", "cafe\u0301",
             "\u043f\u0430\u0440\u043e\u043b\u044c", "\u5bc6\u7801", "\U0001f511\U0001f40e", "a\u2003b",
             "\u05e9\u05dc\u05d5\u05dd", "20 \u20ac", "~!\"#$%&'()*+,-./" }) {
        CAPTURE(good);
        CHECK(password_problem(good).value_or("") == "");
    }
}

TEST_CASE(
    "password: where SASLprep and OpaqueString differ, the character is named (RFC 4013, RFC 8265 §4.2)")
{
    const auto names = [](const char* password, const char* character) {
        const std::string problem = password_problem(password).value_or("nothing");
        CAPTURE(problem);
        return problem.find(std::string("the character ") + character + ",") != std::string::npos;
    };
    CHECK(names("10 m\u00b2", "'\u00b2' (U+00B2)"));
    CHECK(names("wait\u2026", "'\u2026' (U+2026)"));
    CHECK(names("\u00bd pint", "'\u00bd' (U+00BD)"));
    CHECK(names("\ufb01sh", "'\ufb01' (U+FB01)"));
    CHECK(names("\uff21bc", "'\uff21' (U+FF21)"));
    CHECK(names("soft\u00adhyphen", "U+00AD"));
    CHECK(names("zero\u200bwidth", "U+200B"));
    CHECK(names("bell\x07", "U+0007"));
    CHECK(names("\U0001f100", "'\U0001f100' (U+1F100)")); // a newer Unicode maps it, 3.2 does not know it
}

TEST_CASE("password: without one, or one that is no text or too long, it is said what is wrong")
{
    CHECK(password_problem("").value_or("").find("empty") != std::string::npos);
    CHECK(password_problem(std::string(1024, 'x')).value_or("").find("1023") != std::string::npos);
    CHECK_FALSE(password_problem(std::string(1023, 'x')));
    CHECK(password_problem("\xff").value_or("").find("UTF-8") != std::string::npos);
    // Each character may be; together they break SASLprep's rule for directions (RFC 3454 section 6).
    CHECK(password_problem("\u05e9\u05dc\u05d5\u05dd1").value_or("").find("right-to-left")
        != std::string::npos);
}
