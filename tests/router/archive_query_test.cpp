// SPDX-License-Identifier: Apache-2.0
// What an account's archive answers is in tests/modules/archive_*; here is what differs for a room.
#include "router/archive_query.hpp"

#include "xmpp/date_time.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

/// As the room of XEP-0313 example "Server returns MUC messages" has kept it.
const std::string said = "<message xmlns='jabber:client' from='coven@chat.shakespeare.lit/firstwitch' "
                         "id='162BEBB1-F6DB-4D9A-9BD8-CFDCC801A0B2' type='groupchat'>"
                         "<body>Thrice the brinded cat hath mew'd.</body>";
const std::string address = "<x xmlns='http://jabber.org/protocol/muc#user'>"
                            "<item affiliation='owner' jid='crone1@shakespeare.lit' role='participant'/></x>";

ArchiveAnswer answer(void (*retouch)(Element& stanza), std::string_view more = {})
{
    ArchivePage page;
    page.messages.push_back({ 7, *parse_datetime("2002-10-13T23:58:37Z"), said + address + "</message>" });
    page.complete = true;
    const auto query = parse_element("<query xmlns='urn:xmpp:mam:2' queryid='g27'>" + std::string(more)
        + "</query>");
    const auto request = read_archive_request(*query, ArchivePageLimits());
    REQUIRE(request.has_value());
    return archive_answer(*request, std::move(page), ArchivePageLimits(),
        *Jid::parse("coven@chat.shakespeare.lit"), *Jid::parse("hag66@shakespeare.lit/pda"), retouch);
}

const Element& forwarded(const Stanza& message)
{
    const Element* result = message.element().child("result", ns::archive);
    REQUIRE(result != nullptr);
    const Element* stanza = result->child("forwarded", ns::forward)->child("message", ns::client);
    REQUIRE(stanza != nullptr);
    return *stanza;
}

void strip_address(Element& stanza)
{
    stanza.remove_children("x", ns::muc_user);
}

} // namespace

// XEP-0313 §3.3.2-1 §6.1.2-5
TEST_CASE("archive query: a room answers from its bare address, with what it has kept (XEP-0313 §6.1.2)")
{
    const ArchiveAnswer page = answer(nullptr);
    REQUIRE(page.messages.size() == 1);
    const Stanza& message = page.messages.front();
    CHECK(message.from().text() == "coven@chat.shakespeare.lit");
    CHECK(message.to().text() == "hag66@shakespeare.lit/pda");
    CHECK(message.element().child("result", ns::archive)->attribute_or("queryid") == "g27");
    CHECK(forwarded(message) == *parse_element(said + address + "</message>"));
    CHECK_FALSE(forwarded(message).has_attribute("to"));
}

TEST_CASE("archive query: who may not see real addresses gets the message without them (XEP-0313 §6.1.2)")
{
    for (const char* flipped : { "", "<flip-page/>" }) {
        const ArchiveAnswer page = answer(strip_address, flipped);
        REQUIRE(page.messages.size() == 1);
        CHECK(forwarded(page.messages.front()) == *parse_element(said + "</message>"));
        CHECK(to_xml(page.messages.front().element()).find("crone1") == std::string::npos);
    }
}

TEST_CASE("archive query: what cannot be read any more is not retouched, and comes without a stanza")
{
    ArchivePage page;
    page.messages.push_back({ 7, *parse_datetime("2002-10-13T23:58:37Z"), "<message" });
    const ArchiveAnswer answer = archive_answer(ArchiveRequest(), std::move(page), ArchivePageLimits(),
        *Jid::parse("coven@chat.shakespeare.lit"), *Jid::parse("hag66@shakespeare.lit/pda"),
        [](Element&) { FAIL("there is no stanza"); });
    REQUIRE(answer.messages.size() == 1);
    const Element* result = answer.messages.front().element().child("result", ns::archive);
    CHECK(result->child("forwarded", ns::forward)->child_count() == 1);
}

TEST_CASE("archive query: neither an account nor a room has nodes (XEP-0442)")
{
    const auto request = read_archive_request(*parse_element("<query xmlns='urn:xmpp:mam:2' node='n'/>"),
        ArchivePageLimits());
    REQUIRE_FALSE(request.has_value());
    CHECK(request.error().condition() == StanzaError::item_not_found);
}

TEST_CASE("archive query: the archive of a node has no conversations to search in (XEP-0442)")
{
    const auto request = read_archive_request(*parse_element("<query xmlns='urn:xmpp:mam:2' node='n'/>"),
        ArchivePageLimits(), ArchiveKind::items);
    REQUIRE(request.has_value());
    const auto search =
        parse_element("<query xmlns='urn:xmpp:mam:2' node='n'><x xmlns='jabber:x:data' type='submit'>"
                      "<field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>"
                      "<field var='{urn:xmpp:fulltext:0}fulltext'><value>romeo</value></field></x></query>");
    const auto refused = read_archive_request(*search, ArchivePageLimits(), ArchiveKind::items);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().condition() == StanzaError::feature_not_implemented);
    CHECK(archive_form(ArchiveKind::messages).child_count()
        == archive_form(ArchiveKind::items).child_count() + 2);
}
