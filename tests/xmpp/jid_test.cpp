// SPDX-License-Identifier: Apache-2.0
#include "xmpp/jid.hpp"

#include <doctest/doctest.h>

#include <string>
#include <unordered_set>

using namespace stonechat;

namespace {

std::string prepared(std::string_view text)
{
    const auto jid = Jid::parse(text);
    return jid ? jid->text() : "malformed";
}

} // namespace

TEST_CASE("jid: the parts of an address (RFC 7622 §3.1)")
{
    const auto full = Jid::parse("Juliet@Example.COM/Balcony @/x");
    REQUIRE(full);
    CHECK(full->text() == "juliet@example.com/Balcony @/x");
    CHECK(full->local() == "juliet");
    CHECK(full->domain() == "example.com");
    CHECK(full->resource() == "Balcony @/x");
    CHECK(full->is_full());
    CHECK_FALSE(full->is_bare());
    CHECK(full->bare().text() == "juliet@example.com");
    CHECK(full->bare().is_bare());
    CHECK(full->bare().domain() == "example.com");
    CHECK(full->domain_jid().text() == "example.com");
    CHECK(full->domain_jid().is_domain());
    CHECK(full->same_bare(*Jid::parse("juliet@example.com/other")));
    CHECK_FALSE(full->same_bare(*Jid::parse("romeo@example.com")));

    const auto server = Jid::parse("example.com/a");
    CHECK(server->local().empty());
    CHECK(server->resource() == "a");
    CHECK_FALSE(server->is_domain());
    CHECK(Jid().empty());
    CHECK_FALSE(Jid().is_bare());
    CHECK_FALSE(Jid().is_domain());
}

TEST_CASE("jid: the examples of RFC 7622 §3.5 that are addresses")
{
    CHECK(prepared("juliet@example.com") == "juliet@example.com");
    CHECK(prepared("juliet@example.com/foo") == "juliet@example.com/foo");
    CHECK(prepared("juliet@example.com/foo bar") == "juliet@example.com/foo bar");
    CHECK(prepared("juliet@example.com/foo@bar") == "juliet@example.com/foo@bar");
    CHECK(prepared("foo\\20bar@example.com") == "foo\\20bar@example.com");
    CHECK(prepared("fussball@example.com") == "fussball@example.com");
    CHECK(prepared("fu\u00DFball@example.com") == "fu\u00DFball@example.com");
    CHECK(prepared("\u03C0@example.com") == "\u03C0@example.com");
    CHECK(prepared("\u03A3@example.com/foo") == "\u03C3@example.com/foo");
    CHECK(prepared("\u03C2@example.com/foo") == "\u03C2@example.com/foo");
    CHECK(prepared("king@example.com/\u265A") == "king@example.com/\u265A");
    CHECK(prepared("example.com") == "example.com");
    CHECK(prepared("example.com/foobar") == "example.com/foobar");
    CHECK(prepared("a.example.com/b@example.net") == "a.example.com/b@example.net");
}

TEST_CASE("jid: the examples of RFC 7622 §3.5 that are none")
{
    for (const std::string_view text :
        { "\"juliet\"@example.com", "foo bar@example.com", "juliet@example.com/", "@example.com/",
            "henry\u2163@example.com", "\u265A@example.com", "juliet@", "/foobar" }) {
        CAPTURE(text);
        CHECK(prepared(text) == "malformed");
    }
}

// RFC 7622 §3.3-1
TEST_CASE("jid: characters that no localpart may have, in any width (RFC 7622 §3.3.1, A31)")
{
    for (const std::string_view c : { "\"", "&", "'", ":", "<", ">", " ", "\x7f", "\x01", "\t" }) {
        CAPTURE(c);
        CHECK(prepared("a" + std::string(c) + "b@example.org") == "malformed");
        CHECK_FALSE(Jid::from_parts("a" + std::string(c), "example.org"));
    }
    CHECK_FALSE(Jid::from_parts("a@b", "example.org"));
    CHECK_FALSE(Jid::from_parts("a/b", "example.org"));
    for (const std::string_view c : { "\uFF20", "\uFF0F", "\uFF1A", "\uFF1C", "\uFF02" }) {
        CAPTURE(c);
        CHECK(prepared("a" + std::string(c) + "b@example.org") == "malformed");
        CHECK(prepared("a@exa" + std::string(c) + "mple.org") == "malformed");
    }
    CHECK(prepared("\uFF21\uFF42@example.org") == "ab@example.org");
    CHECK(prepared("a@example.org/\uFF20") == "a@example.org/\uFF20"); // no width mapping in OpaqueString
}

// RFC 7622 §3.2-1 §3.3-1 §3.4-1
TEST_CASE("jid: each part is 1 to 1023 bytes, counted after preparation (A31)")
{
    const std::string longest(1023, 'a');
    CHECK(prepared(longest + "@b/" + longest) == longest + "@b/" + longest);
    CHECK(prepared(longest + "a@b") == "malformed");
    CHECK(prepared("a@b/" + longest + "a") == "malformed");
    CHECK(prepared("a@b/" + std::string(1021, 'a') + "\u00e4") != "malformed");
    CHECK(prepared("a@b/" + std::string(1022, 'a') + "\u00e4") == "malformed");
    // Three bytes of fullwidth shrink to one, and combining marks join their letters.
    std::string wide;
    std::string decomposed;
    for (int i = 0; i < 1023; ++i) {
        wide += "\uFF41";
    }
    for (int i = 0; i < 511; ++i) {
        decomposed += "a\u0308";
    }
    CHECK(prepared(wide + "@b") == longest + "@b");
    CHECK(prepared(wide + "a@b") == "malformed");
    CHECK(Jid::parse(decomposed + "@b")->local().size() == 1022);
    std::string domain;
    for (int i = 0; i < 16; ++i) {
        domain += std::string(63, 'a') + ".";
    }
    domain.pop_back();
    CHECK(domain.size() == 1023);
    CHECK(prepared(domain) == domain);
    CHECK(prepared(domain + ".a") == "malformed");
    CHECK(prepared("") == "malformed");
    CHECK(prepared("@b") == "malformed");
    CHECK(prepared("a@b/") == "malformed");
    CHECK(prepared("a@/c") == "malformed");
}

// RFC 7622 §3.2-1
TEST_CASE("jid: domain names (RFC 7622 §3.2)")
{
    CHECK(prepared("Example.ORG.") == "example.org");
    CHECK(prepared("a@localhost") == "a@localhost");
    CHECK(prepared("127.0.0.1") == "127.0.0.1");
    CHECK(prepared("[::1]") == "[::1]");
    CHECK(prepared("a@[2001:DB8:0::1]/b") == "a@[2001:db8::1]/b");
    CHECK(prepared("M\u00dcNCHEN.example") == "m\u00fcnchen.example");
    CHECK(prepared("xn--mnchen-3ya.example") == "m\u00fcnchen.example");
    CHECK(prepared("XN--Mnchen-3YA.example") == "m\u00fcnchen.example");
    CHECK(prepared("fa\u00df.example") == "fa\u00df.example");
    CHECK(prepared("\u30d2\u30ad.example\u3002") == "\u30d2\u30ad.example");
    for (const std::string_view text : { ".", "..", "a..b", ".a", "a..", "-a.b", "a-.b", "a_b", "a b", "a!b",
             "[::1", "[]", "[1.2.3.4]", "[::1%eth0]", "[::g]", "a@b@c", "\u265A.example", "\u00fc..",
             "xn--\u00fc", "xn--a", "xn--", "xn---", "\u0627b.example", "\u00ad", "a\u200db.example",
             "\u2024.example", "a\u2044b.example" }) {
        CAPTURE(text);
        CHECK(prepared(text) == "malformed");
    }
    CHECK(prepared(std::string(63, 'a') + ".b") != "malformed");
    CHECK(prepared(std::string(64, 'a') + ".b") == "malformed");
}

TEST_CASE("jid: right-to-left localparts obey the bidi rule (RFC 5893 §2, A31)")
{
    CHECK(prepared("\u05d0\u05d1@example.org") != "malformed");
    CHECK(prepared("\u05d01@example.org") != "malformed");
    CHECK(prepared("\u0627\u0660@example.org") != "malformed");
    CHECK(prepared("1\u05d0@example.org") == "malformed");
    CHECK(prepared("a\u05d0@example.org") == "malformed");
    CHECK(prepared("\u05d0a@example.org") == "malformed");
    CHECK(prepared("\u0627\u06601@example.org") == "malformed"); // both kinds of digits
    CHECK(prepared("\u05d0-@example.org") == "malformed");
    CHECK(prepared("a\u202eb@example.org") == "malformed");
    CHECK(prepared("a@example.org/\u202ea") == "malformed");
    CHECK(prepared("a@example.org/a\u05d0") != "malformed"); // a resource may mix
}

TEST_CASE("jid: characters whose place decides (RFC 5892 appendix A)")
{
    CHECK(prepared("l\u00b7l@a") != "malformed");
    CHECK(prepared("a\u00b7l@a") == "malformed");
    CHECK(prepared("\u00b7@a") == "malformed");
    CHECK(prepared("\u0375\u03b1@a") != "malformed");
    CHECK(prepared("\u0375a@a") == "malformed");
    CHECK(prepared("\u05d0\u05f3@a") != "malformed");
    CHECK(prepared("\u05f3\u05d0@a") == "malformed");
    CHECK(prepared("\u30a2\u30fb@a") != "malformed");
    CHECK(prepared("a\u30fb@a") == "malformed");
    CHECK(prepared("\u0915\u094d\u200d\u0937@a") != "malformed");
    CHECK(prepared("\u0915\u200d\u0937@a") == "malformed");
    CHECK(prepared("\u0628\u200c\u0628@a") != "malformed");
    CHECK(prepared("a\u200cb@a") == "malformed");
    CHECK(prepared("a@a/a\u200cb") == "malformed");
    CHECK(prepared("\u0628\u0660\u06f0@a") == "malformed");
    CHECK(prepared("\u0640\u0628@a") == "malformed");
    CHECK(prepared("\u1100@a") == "malformed"); // old Hangul
    CHECK(prepared("\uac00@a") != "malformed");
    CHECK(prepared("\u0378@a") == "malformed"); // unassigned
    CHECK(prepared("\ufdd0@a") == "malformed"); // a noncharacter
    CHECK(prepared("a@a/\u0378") == "malformed");
}

// RFC 7622 §3.4-1
TEST_CASE("jid: a resource keeps its case and gets plain spaces (RFC 8265 §4.2)")
{
    CHECK(prepared("a@b/\u00c4\u00a0\u3000x") == "a@b/\u00c4  x");
    CHECK(prepared("a@b/A\u030a") == "a@b/\u00c5");
    CHECK(prepared("a@b/\u2163\U0001F600") == "a@b/\u2163\U0001F600");
    CHECK(prepared("a@b/\x01") == "malformed");
    CHECK(prepared("a@b/\x7f") == "malformed");
    CHECK(prepared("a@b/\n") == "malformed");
    CHECK(prepared("a@b/\u0085") == "malformed");
}

TEST_CASE("jid: broken UTF-8 is no address (A31)")
{
    for (const std::string_view bytes : { "\xc3", "\xe2\x82", "\xff", "\xc0\xaf", "\xed\xa0\x80" }) {
        CAPTURE(bytes);
        CHECK(prepared(std::string(bytes) + "@b") == "malformed");
        CHECK(prepared("a@" + std::string(bytes)) == "malformed");
        CHECK(prepared("a@b/" + std::string(bytes)) == "malformed");
    }
    CHECK(prepared(std::string_view("a\0b@c", 5)) == "malformed");
    CHECK(prepared(std::string_view("a@b/\0", 5)) == "malformed");
}

TEST_CASE("jid: preparation is done once and for all")
{
    for (const std::string_view text : { "\u0130@a", "\u1e9e@a", "\u03a3\u03a3@a", "\ufb01@a", "\u212b@a",
             "\u0345\u03b1@a", "a@b/\u212b", "\u1f88@a", "a@\u1e9e.example", "\U0001E900@a" }) {
        CAPTURE(text);
        const auto once = Jid::parse(text);
        if (once) {
            CHECK(prepared(once->text()) == once->text());
        }
    }
}

TEST_CASE("jid: parts make an address, and a bare one takes a resource")
{
    CHECK(Jid::from_parts("Romeo", "Example.Net", "orchard")->text() == "romeo@example.net/orchard");
    CHECK(Jid::from_parts("", "example.net")->is_domain());
    CHECK_FALSE(Jid::from_parts("a", ""));
    CHECK_FALSE(Jid::from_parts("a", "b/c"));
    CHECK_FALSE(Jid::from_parts("a", "b@c"));
    const auto bare = Jid::parse("a@b");
    CHECK(bare->with_resource("c/d")->text() == "a@b/c/d");
    CHECK(bare->with_resource("c")->with_resource("d")->text() == "a@b/d");
    CHECK_FALSE(bare->with_resource(""));
    CHECK_FALSE(bare->with_resource("\x01"));
    CHECK_FALSE(Jid().with_resource("a"));
}

TEST_CASE("jid: equal addresses are the same, in sets and in order")
{
    CHECK(*Jid::parse("A@B/c") == *Jid::parse("a@b/c"));
    CHECK_FALSE(*Jid::parse("a@b/C") == *Jid::parse("a@b/c"));
    CHECK(*Jid::parse("a@b") < *Jid::parse("b@b"));
    const std::unordered_set<Jid> set { *Jid::parse("a@b"), *Jid::parse("A@b"), *Jid::parse("a@b/c") };
    CHECK(set.size() == 2);
}
