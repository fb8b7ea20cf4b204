// SPDX-License-Identifier: Apache-2.0
#include "modules/inbox_page.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace stonechat;

namespace {

Result<InboxQuery, StanzaError> query_of(const std::string& attributes, const std::string& set = "")
{
    return read_inbox_query(*parse_element("<inbox xmlns='urn:xmpp:inbox:1' " + attributes + ">" + set
        + "</inbox>"));
}

std::string rsm(const std::string& inside)
{
    return "<set xmlns='http://jabber.org/protocol/rsm'>" + inside + "</set>";
}

/// Conversations 1 to 5; those with odd numbers have as many unread messages as their number.
std::vector<InboxEntry> five()
{
    std::vector<InboxEntry> entries;
    for (const MessageId id : { 3, 1, 5, 2, 4 }) {
        entries.push_back({ *Jid::parse("contact" + std::to_string(id) + "@example.org"), id,
            id % 2 == 1 ? static_cast<std::size_t>(id) : 0, std::nullopt });
    }
    return entries;
}

std::vector<MessageId> ids(const InboxPage& page)
{
    std::vector<MessageId> found;
    for (const InboxEntry& entry : page.entries) {
        found.push_back(entry.newest);
    }
    return found;
}

using Numbers = std::vector<MessageId>;

} // namespace

TEST_CASE("inbox: attributes of a query and their defaults (XEP-0430 3.1)")
{
    const auto usual = query_of("");
    REQUIRE(usual.has_value());
    CHECK_FALSE(usual->unread_only);
    CHECK(usual->messages);
    CHECK_EQ(usual->limit, 50);
    const auto other = query_of("unread-only='1' messages='false'", rsm("<max>3</max><after>17</after>"));
    REQUIRE(other.has_value());
    CHECK(other->unread_only);
    CHECK_FALSE(other->messages);
    CHECK_EQ(other->limit, 3);
    CHECK_EQ(other->after, MessageId(17));
    CHECK_EQ(query_of("", rsm("<max>100000</max>"))->limit, 200);
}

TEST_CASE("inbox: what is no query is refused")
{
    CHECK_EQ(query_of("messages='maybe'").error().condition(), StanzaError::bad_request);
    CHECK_EQ(query_of("unread-only=''").error().condition(), StanzaError::bad_request);
    CHECK_EQ(query_of("", rsm("<max>x</max>")).error().condition(), StanzaError::bad_request);
    CHECK_EQ(query_of("", rsm("<after>x</after>")).error().condition(), StanzaError::item_not_found);
    CHECK_EQ(query_of("", rsm("<before>1 OR 1=1</before>")).error().condition(), StanzaError::item_not_found);
    CHECK_EQ(query_of("", rsm("<index>3</index>")).error().condition(), StanzaError::feature_not_implemented);
}

TEST_CASE("inbox: the newest conversation first, with counts of the whole inbox (XEP-0430 examples 2 and 3)")
{
    const InboxPage page = inbox_page(five(), InboxQuery());
    CHECK_EQ(ids(page), Numbers { 5, 4, 3, 2, 1 });
    CHECK_EQ(page.fin.attribute_or("total"), "5");
    CHECK_EQ(page.fin.attribute_or("unread"), "3");
    CHECK_EQ(page.fin.attribute_or("all-unread"), "9");
    CHECK_EQ(to_inbox_entry(page.entries.front()).attribute_or("unread"), "5");
}

TEST_CASE("inbox: page by page, from both ends (XEP-0059)")
{
    InboxQuery query;
    query.limit = 2;
    CHECK_EQ(ids(inbox_page(five(), query)), Numbers { 5, 4 });
    query.after = 4;
    CHECK_EQ(ids(inbox_page(five(), query)), Numbers { 3, 2 });
    query.after = 2;
    const InboxPage last = inbox_page(five(), query);
    CHECK_EQ(ids(last), Numbers { 1 });
    const Element& set = *last.fin.child("set", ns::result_set);
    CHECK_EQ(set.child("first")->attribute_or("index"), "4");
    CHECK_EQ(set.child("count")->text(), "5");
    query.after = 1;
    CHECK(inbox_page(five(), query).entries.empty());
    query.after.reset();
    query.from_the_end = true;
    CHECK_EQ(ids(inbox_page(five(), query)), Numbers { 2, 1 });
    query.before = 2;
    CHECK_EQ(ids(inbox_page(five(), query)), Numbers { 4, 3 });
    query.limit = 0;
    CHECK(inbox_page(five(), query).entries.empty());
}

TEST_CASE("inbox: only unread conversations; the counts stay (XEP-0430 3.1)")
{
    InboxQuery query;
    query.unread_only = true;
    const InboxPage page = inbox_page(five(), query);
    CHECK_EQ(ids(page), Numbers { 5, 3, 1 });
    CHECK_EQ(page.fin.attribute_or("total"), "5");
    CHECK_EQ(page.fin.child("set", ns::result_set)->child("count")->text(), "3");
}
