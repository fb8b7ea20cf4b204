// SPDX-License-Identifier: Apache-2.0
// XmlStream over a transport whose peer is the test.
#include "stream/xml_stream.hpp"

#include "message_framing.hpp"
#include "stream/stream_header.hpp"
#include "stream/tcp_framing.hpp"
#include "support/fake_transport.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

StreamLimits limits()
{
    StreamLimits limits;
    limits.rate_bytes = limits.rate_burst_bytes = 1e9;
    limits.rate_stanzas = limits.rate_burst_stanzas = 1e9;
    limits.unsent_bytes = 256 * 1024;
    limits.keepalive_interval = 60s;
    return limits;
}

/// Answers the peer as every owner has to, and notes what happens.
struct Peerless : XmlStream::Owner, std::enable_shared_from_this<Peerless> {
    Peerless(Shard& shard, const Framing& framing)
        : wire(std::make_shared<Wire>()), transport(new FakeTransport(shard, wire)),
          xml(shard, std::unique_ptr<Transport>(transport), framing, stream_limits, parser_limits, *this)
    {}

    std::shared_ptr<void> keep_alive() override { return shared_from_this(); }
    void on_open(const StreamParser::Opened& opened) override
    {
        const auto header = read_header(opened, ns::client);
        seen.push_back("open " + (header ? header->to : std::string("refused")));
        xml.send_header({ "localhost", {}, "s1" });
        std::vector<Element> features;
        features.emplace_back("bind", ns::bind);
        xml.send_features(features);
    }
    void on_element(Element element) override
    {
        seen.push_back(std::string(element.name()) + " " + std::string(element.ns().text()));
        if (element.name() == "pause") {
            xml.pause();
        }
    }
    void on_end() override
    {
        seen.emplace_back("end");
        xml.finish();
    }
    void on_violation(const StreamError& error) override
    {
        seen.emplace_back("violation");
        xml.end(error, { "localhost", {}, "s1" });
    }
    void on_exception(const std::exception&) override { seen.emplace_back("exception"); }
    void on_overfull() override { seen.emplace_back("overfull"); }
    void on_writable() override { seen.emplace_back("writable"); }
    void on_deadline() override { seen.emplace_back("deadline"); }
    void on_closed(Transport::Closing) override { seen.emplace_back("closed"); }

    StreamLimits stream_limits = limits();
    ParserLimits parser_limits;
    std::shared_ptr<Wire> wire;
    FakeTransport* transport;
    std::vector<std::string> seen;
    XmlStream xml;
};

struct House {
    explicit House(const Framing& framing)
        : shard(0, clock), owner(std::make_shared<Peerless>(shard, framing))
    {
        owner->xml.start();
        run();
    }
    ~House() { run(); }
    House(const House&) = delete;

    void run()
    {
        while (shard.io().poll() > 0) {}
    }
    void types(std::string_view bytes)
    {
        owner->wire->typed += bytes;
        owner->transport->read_later();
        run();
    }
    std::string hears() { return std::exchange(owner->wire->sent, {}); }
    std::vector<std::string> sees() { return std::exchange(owner->seen, {}); }

    ManualClock clock;
    Shard shard;
    std::shared_ptr<Peerless> owner;
};

using Seen = std::vector<std::string>;

constexpr std::string_view header = "<stream:stream xmlns='jabber:client' to='localhost' "
                                    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

Element message(const std::string& body)
{
    Element message("message", ns::client);
    message.add_text_child("body", body);
    return message;
}

} // namespace

TEST_CASE("xml stream: RFC 6120 §4, it opens, carries elements and ends")
{
    const TcpFraming framing(ns::client);
    House house(framing);
    house.types(header);
    CHECK(house.sees() == Seen { "open localhost" });
    CHECK(house.hears()
        == "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
           "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en' id='s1' "
           "from='localhost'><stream:features><bind "
           "xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>");
    house.types("<message/><a xmlns='urn:xmpp:sm:3'/>");
    CHECK(house.sees() == Seen { "message jabber:client", "a urn:xmpp:sm:3" });
    house.owner->xml.send(message("Hark"));
    house.types("</stream:stream>");
    CHECK(house.sees() == Seen { "end", "closed" });
    CHECK(house.hears() == "<message><body>Hark</body></message></stream:stream>");
}

TEST_CASE("xml stream: under a framing by messages, each element is a document of its own")
{
    const MessageFraming framing;
    House house(framing);
    house.types("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>");
    CHECK(house.sees() == Seen { "open localhost" });
    const std::string opening = house.hears();
    CHECK(opening.find("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'") == 0);
    CHECK_MESSAGE(opening.find("features xmlns") != std::string::npos, opening);

    house.types("<message xmlns='jabber:client'/>");
    CHECK(house.sees() == Seen { "message jabber:client" });

    SUBCASE("an element, a stanza for many and a queued text get the namespace that they inherit elsewhere")
    {
        const WireForm wire(message("All"), ns::client);
        house.owner->xml.send(message("Hark"));
        house.owner->xml.send(wire, "romeo@localhost");
        house.owner->xml.send_text("<r xmlns='urn:xmpp:sm:3'/>");
        house.owner->xml.send_text(to_xml(message("Kept"), ns::client));
        CHECK(house.hears()
            == "<message xmlns='jabber:client'><body>Hark</body></message>"
               "<message xmlns='jabber:client' to='romeo@localhost'><body>All</body></message>"
               "<r xmlns='urn:xmpp:sm:3'/>"
               "<message xmlns='jabber:client'><body>Kept</body></message>");
    }
    SUBCASE("the end is an element too")
    {
        house.types("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
        CHECK(house.sees() == Seen { "end", "closed" });
        CHECK(house.hears() == "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    }
    SUBCASE("the tag of a root ends the stream with an error")
    {
        house.types("</root>");
        CHECK(house.sees() == Seen { "violation", "closed" });
    }
    SUBCASE("no keepalive is written between messages")
    {
        house.owner->xml.watch_for_quiet();
        for (int i = 0; i < 3; ++i) {
            house.clock.advance(61s);
            house.shard.timers().advance(house.clock.steady());
            house.run();
        }
        CHECK(house.hears().empty());
    }
}

TEST_CASE("xml stream: what a peer does not read waits in order, also what comes at the end")
{
    const TcpFraming framing(ns::client);
    House house(framing);
    house.types(header);
    house.hears();
    house.owner->wire->deaf = true;
    const std::string body(40 * 1024, 'x');
    for (const char* id : { "1", "2", "3", "4", "5" }) {
        house.owner->xml.send(message(id + body));
    }
    CHECK(!house.owner->xml.takes_more());
    house.owner->xml.finish();
    const std::string& kept = house.owner->wire->kept;
    std::size_t at = 0;
    for (const char* id : { "1", "2", "3", "4", "5" }) {
        at = kept.find(std::string("<body>") + id, at);
        REQUIRE(at != std::string::npos);
    }
    CHECK(kept.substr(kept.size() - 16) == "</stream:stream>");
}

TEST_CASE("xml stream: it moves to another shard with what waits to be read and sent, without a restart")
{
    const TcpFraming framing(ns::client);
    House house(framing);
    Shard other(1, house.clock);
    house.types(header);
    house.types("<pause/><message/>");
    CHECK(house.sees() == Seen { "open localhost", "pause jabber:client" });
    house.owner->wire->deaf = true;
    house.owner->xml.send(message(std::string(200 * 1024, 'x')));
    house.owner->xml.send(message("waits"));
    house.owner->xml.set_deadline(30s);
    house.clock.advance(20s);
    house.owner->xml.detach();

    house.owner->xml.attach(other);
    house.owner->xml.resume();
    while (other.io().poll() > 0) {}
    CHECK(&house.owner->xml.shard() == &other);
    house.clock.advance(11s);
    other.timers().advance(house.clock.steady());
    CHECK(house.owner->seen.back() == "deadline");
    house.owner->xml.finish();
    CHECK(house.owner->wire->kept.find("<body>waits</body>") != std::string::npos);
    while (other.io().poll() > 0) {}
    house.owner.reset();
}
