// SPDX-License-Identifier: Apache-2.0
#include "xmpp/serialize.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace std::string_literals;

namespace {

Element text_in(std::string_view text)
{
    Element element("a", "urn:x");
    element.add_text(text);
    return element;
}

void check_round_trip(const Element& element)
{
    const std::string xml = to_xml(element);
    CAPTURE(xml);
    CHECK(xml_length(element) == xml.size());
    const auto read = parse_element(xml);
    REQUIRE(read.has_value());
    CHECK(*read == element);
    CHECK(to_xml(*read) == xml);
}

} // namespace

// RFC 6120 §4.8.5-1 §4.8.5-2
TEST_CASE("serialize: a namespace is declared where it differs from the one outside")
{
    Element message("message", ns::client);
    message.add_text_child("body", "hi");
    message.add("request", ns::receipts).add("inner");
    CHECK(to_xml(message, ns::client)
        == "<message><body>hi</body><request xmlns='urn:xmpp:receipts'><inner/></request></message>");
    CHECK(to_xml(message).starts_with("<message xmlns='jabber:client'><body>"));
    CHECK(to_xml(Element("a", ""), ns::client) == "<a xmlns=''/>");
    CHECK(to_xml(Element("a", "")) == "<a/>");
    CHECK(to_xml(Element("a", "x'y")) == "<a xmlns='x&apos;y'/>");
}

TEST_CASE("serialize: what is special in XML survives in text and attributes (A30)")
{
    const std::string nasty = "< > & ' \" \r \n \t \r\n ]]> <![CDATA[ &amp; Ünï \U0001F600 \x7f \xc2\x80";
    Element element = text_in(nasty);
    element.set_attribute("b", nasty).set_attribute("c", nasty, "urn:c").set_attribute("d", "", "urn:'<");
    element.set_lang(nasty);
    check_round_trip(element);
    CHECK(to_xml(text_in("a>\r\n\t'\"")) == "<a xmlns='urn:x'>a&gt;&#13;\n\t'\"</a>");
    std::string attribute;
    append_attribute_escaped(attribute, "\r\n\t<>&'\"");
    CHECK(attribute == "&#13;&#10;&#9;&lt;&gt;&amp;&apos;&quot;");
}

// RFC 6120 §11.3-2
TEST_CASE("serialize: characters that XML cannot carry are left out, and so is broken UTF-8 (A24)")
{
    const std::string bad = "a\0b\x01\x08\x0b\x0c\x1f"s + "c\xef\xbf\xbe\xef\xbf\xbf"
        + "d\x80\xc0\xaf\xed\xa0\x80" + "e\xf4\x90\x80\x80\xe2\x82";
    Element element = text_in(bad);
    element.set_attribute("b", bad);
    const auto read = parse_element(to_xml(element));
    REQUIRE(read.has_value());
    CHECK(read->text() == "abcde");
    CHECK(read->attribute("b") == "abcde");
}

TEST_CASE("serialize: attributes in namespaces get prefixes of their own")
{
    Element element("a", "urn:x");
    element.set_attribute("b", "1", "urn:x").set_attribute("b", "2").set_attribute("b", "3", "urn:y");
    element.add("c").set_attribute("b", "4", "urn:x");
    check_round_trip(element);
    CHECK(to_xml(Element("a", "").set_attribute("b", "1", "urn:x")) == "<a xmlns:ns0='urn:x' ns0:b='1'/>");
}

TEST_CASE("serialize: elements of the stream keep their prefix (RFC 6120 §4.8.5)")
{
    Element features("features", ns::streams);
    features.add("bind", ns::bind);
    CHECK(to_xml(features, ns::client)
        == "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>"
           "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>");
    check_round_trip(features);
    features.add("message", ns::client);
    CHECK(to_xml(features, ns::client).find("<message/>") != std::string::npos);
}

TEST_CASE("serialize: an element in the namespace of xml itself")
{
    Element element("a", "urn:x");
    element.add("foo", ns::xml).add("b", "urn:x");
    check_round_trip(element);
}

TEST_CASE("serialize: namespaces that come and go")
{
    Element element("a", "");
    element.add("b", "urn:x").add("c", "").add("d", "urn:x");
    check_round_trip(element);
    check_round_trip(Element("a", ""));
    check_round_trip(text_in(""));
}

TEST_CASE("wire form: one stanza for many receivers")
{
    Element message("message", ns::client);
    message.set_attribute("to", "nobody@example.org").set_attribute("from", "room@example.org/a");
    message.set_attribute("to", "kept", "urn:x");
    message.add_text_child("body", "hi");
    const WireForm wire(message, ns::client);
    std::string out = "#";
    wire.append_to(out, "o'reilly@example.org");
    CHECK(out
        == "#<message to='o&apos;reilly@example.org' from='room@example.org/a' xmlns:ns0='urn:x' "
           "ns0:to='kept'>"
           "<body>hi</body></message>");
    out.clear();
    wire.append_to(out, "");
    CHECK(out.size() == wire.size());
    CHECK(out.starts_with("<message from='room@example.org/a'"));
    const WireForm longer = wire.with_last_child(Element("delay", ns::delay), ns::client);
    out.clear();
    longer.append_to(out, "");
    CHECK(out.size() == longer.size());
    CHECK(out.ends_with("<body>hi</body><delay xmlns='urn:xmpp:delay'/></message>"));

    Element expected = message;
    expected.set_attribute("to", "a@b");
    out.clear();
    WireForm(message, "").append_to(out, "a@b");
    CHECK(*parse_element(out) == expected);
}

TEST_CASE("serialize: a child that is text already goes out as it is, and is no child to look for")
{
    Element item("item", ns::pubsub);
    item.add_serialised(std::make_shared<const std::string>("<a xmlns='b'><c/></a>"));
    CHECK(to_xml(item) == "<item xmlns='http://jabber.org/protocol/pubsub'><a xmlns='b'><c/></a></item>");
    CHECK(xml_length(item) == to_xml(item).size());
    CHECK(item.first_child() == nullptr);
    CHECK(item.text().empty());
    Element same("item", ns::pubsub);
    CHECK_FALSE(item == same);
    same.add_serialised(std::make_shared<const std::string>("<a xmlns='b'><c/></a>"));
    CHECK(item == same);
}
