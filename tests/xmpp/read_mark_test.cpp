// SPDX-License-Identifier: Apache-2.0
#include "xmpp/read_mark.hpp"

#include "xmpp/serialize.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

TEST_CASE("read mark: what was published is read (XEP-0490 example 1)")
{
    const std::string payload =
        "<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' "
        "by='juliet@capulet.lit' id='0f710f2b-52ed-4d52-b928-784dad74a52b'/></displayed>";
    const auto mark = read_mark("romeo@montague.lit", payload);
    REQUIRE(mark.has_value());
    CHECK_EQ(mark->conversation.text(), "romeo@montague.lit");
    CHECK_EQ(mark->by.text(), "juliet@capulet.lit");
    CHECK_EQ(mark->id, "0f710f2b-52ed-4d52-b928-784dad74a52b");
    CHECK_EQ(read_mark("romeo@montague.lit", to_xml(to_read_mark(mark->by, mark->id)))->id, mark->id);
}

TEST_CASE("read mark: what is none")
{
    const std::string good = "<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' "
                             "by='a@b' id='1'/></displayed>";
    CHECK(read_mark("a@b", good).has_value());
    CHECK_FALSE(read_mark("", good).has_value());
    CHECK_FALSE(read_mark("@", good).has_value());
    for (const std::string bad : { "", "<displayed", "<displayed xmlns='urn:xmpp:mds:displayed:0'/>",
             "<shown xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='a@b' "
             "id='1'/></shown>",
             "<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='@' "
             "id='1'/></displayed>",
             "<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id by='a@b' id='1'/></displayed>" }) {
        CHECK_FALSE(read_mark("a@b", bad).has_value());
    }
}
