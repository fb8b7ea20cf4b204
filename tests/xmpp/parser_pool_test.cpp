// SPDX-License-Identifier: Apache-2.0
#include "recorder.hpp"

#include "xmpp/parser_pool.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace stonechat;
using stonechat::test::header;
using stonechat::test::Recorder;
using Events = std::vector<std::string>;

namespace {

constexpr std::size_t idle_bytes = 400; ///< of a stream that holds no parser

std::string on_stream(std::string_view bytes)
{
    return std::string(header).append(bytes);
}

/// An element whose names nobody has used before: they stay in expat's tables.
std::string unheard_of(int number)
{
    const std::string name = "n" + std::to_string(number) + "-" + std::string(30, 'x');
    return "<" + name + " xmlns='urn:" + name + "' " + name + "='a'/>";
}

} // namespace

TEST_CASE("parser pool: streams between two elements hold no parser, all use the same one")
{
    ParserPool pool;
    std::vector<std::unique_ptr<Recorder>> streams;
    for (int i = 0; i < 100; ++i) {
        streams.push_back(std::make_unique<Recorder>(ParserLimits(), &pool));
        REQUIRE(streams.back()->feed(on_stream("<presence/>\n")));
    }
    for (const auto& stream : streams) {
        REQUIRE(stream->feed("<message><body>hi</body></message> "));
        CHECK(stream->events.back() == "<message><body>hi</body></message>");
        CHECK(stream->parser.memory() < idle_bytes);
    }
    CHECK(pool.memory() > 3000);
    CHECK(pool.memory() < 100'000);
}

TEST_CASE("parser pool: pieces of several streams in turns give each its own events")
{
    const std::string stream = on_stream(
        "\r\n<presence xml:lang='de'><x xmlns='urn:example:a' p:b='c' xmlns:p='urn:p'/></presence>\r"
        "<message to='j@example.org'><body>Grüße &amp; <![CDATA[<]]&]]>\U0001F600</body></message> "
        "<p:a xmlns:p='urn:p'><b xmlns='urn:c'><c/></b></p:a><iq type='get' id=\">'/>\"/></stream:stream>");
    Recorder whole;
    REQUIRE(whole.feed(stream));
    REQUIRE(whole.events.size() == 6);
    for (std::size_t piece = 1; piece < 40; ++piece) {
        CAPTURE(piece);
        ParserPool pool;
        std::vector<std::unique_ptr<Recorder>> streams;
        for (std::size_t i = 0; i < 5; ++i) {
            streams.push_back(std::make_unique<Recorder>(ParserLimits(), &pool));
        }
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            for (std::size_t i = 0; i < streams.size(); ++i) {
                CHECK(streams[i]->feed(std::string_view(stream).substr(at, piece), i + 1));
            }
        }
        for (const auto& one : streams) {
            CHECK(one->events == whole.events);
        }
    }
}

TEST_CASE("parser pool: an unfinished element keeps its parser, and only then")
{
    ParserPool pool;
    Recorder slow({}, &pool);
    Recorder other({}, &pool);
    REQUIRE(slow.feed(on_stream("<mess")));
    CHECK(slow.parser.memory() < idle_bytes); // held back, and expat knows nothing of it
    REQUIRE(slow.feed("age xmlns:p='urn:p'><p:a>te"));
    CHECK(slow.parser.memory() > 3000);
    CHECK(pool.memory() == 0);
    REQUIRE(other.feed(on_stream("<presence/><iq>")));
    REQUIRE(slow.feed("xt</p:a></message><i"));
    REQUIRE(other.feed("</iq>"));
    REQUIRE(slow.feed("q/>"));
    CHECK(slow.events
        == Events { "open example.org", "<message><a xmlns='urn:p'>text</a></message>", "<iq/>" });
    CHECK(other.events == Events { "open example.org", "<presence/>", "<iq/>" });
    CHECK(slow.parser.memory() < idle_bytes);
    CHECK(other.parser.memory() < idle_bytes);
}

TEST_CASE("parser pool: what one stream declares or leaves open means nothing to the next")
{
    ParserPool pool;
    Recorder first({}, &pool);
    REQUIRE(first.feed(on_stream("<p:a xmlns:p='urn:p' xmlns='urn:d'/>")));
    Recorder second({}, &pool);
    REQUIRE(second.feed(on_stream("<message/>")));
    CHECK(second.last.is("message", ns::client));
    CHECK_FALSE(second.feed("<p:a/>"));
    CHECK(second.failure() == "bad-namespace-prefix");
    CHECK_FALSE(first.feed("<p:a/>"));
    CHECK(first.failure() == "bad-namespace-prefix");
    Recorder third({}, &pool); // a parser that failed is used by nobody else
    REQUIRE(third.feed(on_stream("<iq/></stream:stream>")));
    CHECK(third.events == Events { "open example.org", "<iq/>", "close" });
}

TEST_CASE("parser pool: a stream with other prefixes has a parser of its own")
{
    ParserPool pool;
    Recorder usual({}, &pool);
    REQUIRE(usual.feed(on_stream("<presence/>")));
    Recorder own({}, &pool);
    REQUIRE(own.feed("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client' "
                     "xmlns:t='urn:t' to='a'><t:x/>"));
    CHECK(own.last.is("x", "urn:t"));
    CHECK(own.parser.memory() > 3000);
    REQUIRE(usual.feed("<iq/>"));
    own.parser.release_memory();
    REQUIRE(own.feed("<t:y/></s:stream>"));
    CHECK(own.events == Events { "open a", "<x xmlns='urn:t'/>", "<y xmlns='urn:t'/>", "close" });
}

TEST_CASE("parser pool: each stream has its own limits, also with a parser that had others")
{
    ParserPool pool;
    ParserLimits narrow;
    narrow.depth = 2;
    narrow.attributes = 2;
    Recorder wide({}, &pool);
    Recorder tight(narrow, &pool);
    REQUIRE(tight.feed(header));
    REQUIRE(wide.feed(on_stream("<a><b><c x='' y='' z=''/></b></a>")));
    REQUIRE(tight.feed("<a><b x='' y=''/></a>"));
    CHECK_FALSE(tight.feed("<a><b><c/></b></a>"));
    CHECK(tight.failure() == "policy-violation");
    CHECK(wide.feed("<a><b><c x='' y='' z=''/></b></a>"));
}

TEST_CASE("parser pool: limits that change apply to an element that goes on, as without a pool")
{
    ParserPool pool;
    Recorder stream({}, &pool);
    REQUIRE(stream.feed(on_stream("<a><b>")));
    ParserLimits narrow;
    narrow.depth = 2;
    stream.parser.set_limits(narrow);
    CHECK_FALSE(stream.feed("<c/>"));
    CHECK(stream.failure() == "policy-violation");
}

TEST_CASE("parser pool: what others have left in a parser is not charged to a stream (A27)")
{
    ParserLimits limits;
    limits.heap_bytes = 48 * 1024;
    const std::string fits = "<a b='" + std::string(6'000, 'x') + "'/>";
    Recorder alone(limits);
    REQUIRE(alone.feed(on_stream(fits)));

    ParserPool pool;
    Recorder after(limits, &pool);
    REQUIRE(after.feed(header));
    Recorder before({}, &pool); // the parser that comes back last is borrowed first
    REQUIRE(before.feed(header));
    for (int i = 0; pool.memory() < 60'000; ++i) {
        REQUIRE(before.feed(unheard_of(i)));
        REQUIRE(i < 10'000);
    }
    CHECK(after.feed(fits));
    CHECK_FALSE(after.feed("<a b='" + std::string(150'000, 'x') + "'/>"));
    CHECK(after.failure() == "policy-violation");
}

TEST_CASE("parser pool: names that nobody repeats do not make it grow (A27)")
{
    ParserPool pool;
    std::vector<std::unique_ptr<Recorder>> streams;
    for (int i = 0; i < 50; ++i) {
        streams.push_back(std::make_unique<Recorder>(ParserLimits(), &pool));
        REQUIRE(streams.back()->feed(header));
    }
    for (int i = 0; i < 20'000; ++i) {
        Recorder& stream = *streams[static_cast<std::size_t>(i) % streams.size()];
        REQUIRE(stream.feed(unheard_of(i)));
        stream.events.clear();
        REQUIRE(pool.memory() < 100'000);
    }
}

TEST_CASE("parser pool: when a crowd has finished its elements, few parsers remain")
{
    ParserPool pool;
    std::vector<std::unique_ptr<Recorder>> streams;
    for (int i = 0; i < 200; ++i) {
        streams.push_back(std::make_unique<Recorder>(ParserLimits(), &pool));
        REQUIRE(streams.back()->feed(on_stream("<message>")));
    }
    for (const auto& stream : streams) {
        CHECK(stream->parser.memory() > 3000);
        REQUIRE(stream->feed("</message>"));
        CHECK(stream->parser.memory() < idle_bytes);
    }
    CHECK(pool.memory() < 100'000);
}

TEST_CASE("parser pool: pause, restart and another shard's pool")
{
    ParserPool pool;
    ParserPool elsewhere;
    Recorder stream({}, &pool);
    stream.after_element = [&stream] {
        stream.parser.pause();
        if (stream.last.name() == "auth") {
            stream.parser.restart();
        }
    };
    REQUIRE(stream.feed(on_stream("<auth/>").append(header).append("<iq/><ping/>")));
    CHECK(stream.events == Events { "open example.org", "<auth/>" });
    stream.parser.resume();
    stream.pool = &elsewhere;
    REQUIRE(stream.feed(""));
    CHECK(stream.events.back() == "<iq/>");
    CHECK(elsewhere.memory() > 3000);
    CHECK(pool.memory() == 0);
    stream.parser.resume();
    REQUIRE(stream.feed("</stream:stream>"));
    CHECK(stream.events.back() == "<ping/>");
    stream.parser.resume();
    REQUIRE(stream.feed(""));
    CHECK(stream.events.back() == "close");
}
