// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

TEST_CASE("base64: the test vectors of RFC 4648 §10")
{
    const std::string_view plain = "foobar";
    const std::string_view coded[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
    for (std::size_t i = 0; i <= plain.size(); ++i) {
        CHECK(base64_encode(plain.substr(0, i)) == coded[i]);
        CHECK(base64_decode(coded[i]) == plain.substr(0, i));
    }
}

TEST_CASE("base64: any byte comes back")
{
    std::string bytes;
    for (int i = 0; i < 1000; ++i) {
        bytes += static_cast<char>(i * 7);
        CHECK(base64_decode(base64_encode(bytes)) == bytes);
    }
    CHECK(base64_encode("\xff\xfb\xf0") == "//vw");
}

// RFC 6120 §13.9.1-1
TEST_CASE("base64: what RFC 6120 §13.9.1 forbids is refused")
{
    for (const std::string_view text : { "Z", "Zg", "Zg=", "Zg===", "Zg== ", " Zg==", "Zm9v\n", "Zm\n9v",
             "Zm9-", "Zm9_", "====", "=", "Zg==Zg==", "Z===", "Zm9v=", "Zm9v\xc3\xa4", "Zh==", "Zm9=" }) {
        CAPTURE(text);
        CHECK_FALSE(base64_decode(text));
    }
    CHECK_FALSE(base64_decode(std::string_view("Zm9\0", 4)));
}
