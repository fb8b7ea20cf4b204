// SPDX-License-Identifier: Apache-2.0
// The small payloads that several features share: XEP-0059, XEP-0082 and XEP-0203.
#include "xmpp/date_time.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/result_set.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace std::chrono;

namespace {

WallTime at(std::int64_t us)
{
    return WallTime(microseconds(us));
}

ResultSetQuery query(std::string_view set)
{
    const auto read = ResultSetQuery::from_parent(*parse_element("<query>" + std::string(set) + "</query>"));
    REQUIRE(read.has_value());
    return *read;
}

} // namespace

TEST_CASE("date and time: written in UTC (XEP-0082 §3.2)")
{
    CHECK(to_datetime(at(0)) == "1970-01-01T00:00:00Z");
    CHECK(to_datetime(at(1'771'025'490'123'999)) == "2026-02-13T23:31:30Z");
    CHECK(to_datetime(at(1'771'025'490'123'999), true) == "2026-02-13T23:31:30.123Z");
    CHECK(to_datetime(at(1'771'025'490'000'001), true) == "2026-02-13T23:31:30.000Z");
    CHECK(to_datetime(at(-1), true) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("date and time: read in any offset and precision (XEP-0082 §3.2)")
{
    CHECK(parse_datetime("1969-07-21T02:56:15Z") == at(-14'159'025'000'000));
    CHECK(parse_datetime("1969-07-20T21:56:15-05:00") == at(-14'159'025'000'000)); // the XEP's example 2
    CHECK(parse_datetime("2026-02-13T23:31:30.123456789Z") == at(1'771'025'490'123'456));
    CHECK(parse_datetime("2026-02-13T23:31:30.5+00:30") == at(1'771'025'490'500'000 - 1'800'000'000));
    CHECK(parse_datetime("2024-02-29T00:00:00Z"));
    CHECK(parse_datetime("2016-12-31T23:59:60Z") == parse_datetime("2017-01-01T00:00:00Z"));
}

TEST_CASE("date and time: what is none")
{
    for (const std::string_view text :
        { "", "2026", "2026-02-13", "2026-02-13T23:31:30", "2026-02-13 23:31:30Z", "2026-02-13T23:31:30z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z",
            "2026-02-13T24:00:00Z", "2026-02-13T23:60:00Z", "2026-02-13T23:00:61Z", "2026-02-13T23:31:30.Z",
            "2026-02-13T23:31:30+24:00", "2026-02-13T23:31:30+1:00", "2026-02-13T23:31:30+0100",
            "2026-02-13T23:31:30Zx", "-026-02-13T23:31:30Z", "2026-2-13T23:31:30Z" }) {
        CAPTURE(text);
        CHECK_FALSE(parse_datetime(text));
    }
}

// XEP-0203 §2-1
TEST_CASE("delay: goes out and comes back (XEP-0203 §4)")
{
    const Delay delay { at(1'771'025'490'123'000), *Jid::parse("capulet.com"), "Offline Storage" };
    const Element element = delay.to_element();
    CHECK(to_xml(element)
        == "<delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='2026-02-13T23:31:30.123Z'>Offline "
           "Storage</delay>");
    const auto read = Delay::from_element(element);
    REQUIRE(read);
    CHECK(read->stamp == delay.stamp);
    CHECK(read->from == delay.from);
    CHECK(read->reason == delay.reason);
    CHECK(
        Delay::from_element(*parse_element("<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>")));
}

TEST_CASE("delay: without a time or with a broken address it is none")
{
    for (const std::string_view xml : { "<delay xmlns='urn:xmpp:delay'/>",
             "<delay xmlns='urn:xmpp:delay' stamp='now'/>", "<delay stamp='2002-09-10T23:08:25Z'/>",
             "<delay xmlns='urn:xmpp:delay' from='@' stamp='2002-09-10T23:08:25Z'/>" }) {
        CAPTURE(xml);
        CHECK_FALSE(Delay::from_element(*parse_element(xml)));
    }
}

// XEP-0203 §5-1
TEST_CASE("delay: only the server says that the server held a stanza back (XEP-0203 §5)")
{
    Element message = *parse_element("<message><delay xmlns='urn:xmpp:delay' from='EXAMPLE.org'/>"
                                     "<delay xmlns='urn:xmpp:delay' from='user@example.org/x'/>"
                                     "<delay xmlns='urn:xmpp:delay' from='example.net'/>"
                                     "<delay xmlns='urn:xmpp:delay' from='sub.example.org'/>"
                                     "<delay xmlns='urn:xmpp:delay'/>"
                                     "<delay from='example.org'/></message>");
    strip_forged_delays(message, "example.org");
    CHECK(message.child_count() == 4);
    CHECK(message.children("delay", ns::delay).front()->attribute("from") == "example.net");
}

TEST_CASE("result set: what a request asks for (XEP-0059 §2)")
{
    CHECK_FALSE(query("").max);
    CHECK_FALSE(query("<set/>").max); // another namespace
    CHECK(query("<set xmlns='http://jabber.org/protocol/rsm'><max>10</max></set>").max == 10);
    CHECK(query("<set xmlns='http://jabber.org/protocol/rsm'><max>0</max></set>").max == 0);
    CHECK(query("<set xmlns='http://jabber.org/protocol/rsm'><max>99999999999999999999</max></set>").max
        == SIZE_MAX);
    CHECK(query("<set xmlns='http://jabber.org/protocol/rsm'><after>a</after></set>").after == "a");
    const auto last = query("<set xmlns='http://jabber.org/protocol/rsm'><before/><index>7</index></set>");
    CHECK(last.before == "");
    CHECK(last.index == 7);
    CHECK_FALSE(last.after);
}

TEST_CASE("result set: a number that is none is a bad request")
{
    for (const std::string_view content : { "<max/>", "<max>-1</max>", "<max>ten</max>", "<max> 1</max>",
             "<max>1.5</max>", "<index>x</index>" }) {
        CAPTURE(content);
        const auto read = ResultSetQuery::from_parent(*parse_element(
            "<q><set xmlns='http://jabber.org/protocol/rsm'>" + std::string(content) + "</set></q>"));
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().condition() == StanzaError::bad_request);
    }
}

// XEP-0059 §2.2-1
TEST_CASE("result set: what an answer says (XEP-0059 §2.1)")
{
    CHECK(to_xml(ResultSetPage { "stpeter", "peterpan", 0, 800 }.to_element())
        == "<set xmlns='http://jabber.org/protocol/rsm'><first index='0'>stpeter</first>"
           "<last>peterpan</last><count>800</count></set>");
    CHECK(to_xml(ResultSetPage { "", "", std::nullopt, 0 }.to_element())
        == "<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set>");
}
