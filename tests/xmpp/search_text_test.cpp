// SPDX-License-Identifier: Apache-2.0
#include "xmpp/search_text.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace stonechat;

namespace {

std::string joined(const std::vector<std::string>& tokens)
{
    return std::accumulate(tokens.begin(), tokens.end(), std::string(),
        [](const std::string& text, const std::string& token) {
            return text.empty() ? token : text + ' ' + token;
        });
}

std::string of_text(std::string_view text)
{
    return joined(search_tokens(text, SearchSide::text));
}

std::string of_query(std::string_view text)
{
    return joined(search_tokens(text, SearchSide::query));
}

} // namespace

TEST_CASE("search: words are letters and digits, whatever their case and form")
{
    CHECK_EQ(of_text("What's in a name? 42!"), "what s in a name 42");
    CHECK_EQ(of_text("Straße STRASSE Zürich Ａｂ ﬁne"), "strasse strasse zurich ab fine");
    CHECK_EQ(of_text("Άλφα"), "αλφα");
    CHECK_EQ(of_text("Йод"), "йод"); // there it is another letter
    CHECK_EQ(of_text(""), "");
    CHECK_EQ(of_text("— …"), "");
}

TEST_CASE("search: what has no spaces is found by pairs")
{
    CHECK_EQ(of_text("東京都"), "東京 京都 都");
    CHECK_EQ(of_query("東京都"), "東京 京都");
    CHECK_EQ(of_query("東"), "東");
    CHECK_EQ(of_text("abc東京"), "abc 東京 京");
    CHECK_EQ(of_query("東京abc"), "東京 京 abc");
    CHECK_EQ(of_text("ラーメン"), "ラー ーメ メン ン");
    CHECK(is_single_unspaced("東"));
    CHECK_FALSE(is_single_unspaced("東京"));
    CHECK_FALSE(is_single_unspaced("a"));
    CHECK_FALSE(is_single_unspaced(""));
}

TEST_CASE("search: each emoji is a token, without what only colours or joins it")
{
    CHECK_EQ(of_text("Hurra🎉🎉 👍🏽 ❤️"), "hurra 🎉 🎉 👍 ❤");
    CHECK_EQ(of_text("👩‍🚀"), "👩 🚀");
}

TEST_CASE("search: what is no UTF-8 separates")
{
    CHECK_EQ(of_text("ab\xff"
                     "cd"),
        "ab cd");
}
