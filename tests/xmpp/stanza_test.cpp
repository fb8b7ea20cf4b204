// SPDX-License-Identifier: Apache-2.0
#include "xmpp/stanza.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

Element element(std::string_view xml, std::string_view ns = ns::client)
{
    Element read = *parse_element(xml);
    replace_content_ns(read, "", ns);
    return read;
}

Stanza stanza(std::string_view xml)
{
    auto read = Stanza::from_element(element(xml));
    REQUIRE(read.has_value());
    return std::move(*read);
}

/// The condition with which a stanza is refused, or "none".
std::string refusal(std::string_view xml)
{
    const auto read = Stanza::from_element(element(xml));
    return read ? "none" : std::string(to_text(read.error().condition()));
}

std::string wire(const Stanza& stanza)
{
    return to_xml(stanza.element(), ns::client);
}

} // namespace

// RFC 6120 §8.2.3-1
TEST_CASE("stanza: an iq has an id, a type and the right children (RFC 6120 §8.2.3, A18)")
{
    CHECK(refusal("<iq type='get' id='1'><a xmlns='b'/></iq>") == "none");
    CHECK(refusal("<iq type='set' id='1'>text<a xmlns='b'/></iq>") == "none");
    CHECK(refusal("<iq type='result' id='1'/>") == "none");
    CHECK(refusal("<iq type='result' id='1'><a xmlns='b'/></iq>") == "none");
    CHECK(refusal("<iq type='error' id='1'><a xmlns='b'/><error/></iq>") == "none");
    for (const std::string_view xml : { "<iq type='get'><a/></iq>", "<iq type='get' id=''><a/></iq>",
             "<iq id='1'><a/></iq>", "<iq type='' id='1'><a/></iq>", "<iq type='GET' id='1'><a/></iq>",
             "<iq type='chat' id='1'><a/></iq>", "<iq type='get' id='1'/>", "<iq type='set' id='1'>text</iq>",
             "<iq type='get' id='1'><a/><b/></iq>", "<iq type='set' id='1'><a/><a/></iq>",
             "<iq type='result' id='1'><a/><b/></iq>", "<iq type='error' id='1'/>",
             "<iq type='error' id='1'><error xmlns='x'/></iq>" }) {
        CAPTURE(xml);
        CHECK(refusal(xml) == "bad-request");
    }
}

// RFC 6121 §5.2.2-1
TEST_CASE("stanza: message and presence types (RFC 6121 §4.7.1, §5.2.2)")
{
    CHECK(stanza("<message/>").message_type() == MessageType::normal);
    CHECK(stanza("<message type='groupchat'/>").message_type() == MessageType::groupchat);
    CHECK(stanza("<message type='headline'/>").message_type() == MessageType::headline);
    CHECK(stanza("<message type='nonsense'/>").message_type() == MessageType::normal);
    CHECK(stanza("<presence/>").presence_type() == PresenceType::available);
    CHECK(stanza("<presence type='probe'/>").presence_type() == PresenceType::probe);
    CHECK(refusal("<presence type='available'/>") == "bad-request");
    CHECK(refusal("<presence type=''/>") == "bad-request");
    CHECK(refusal("<presence type='invisible'/>") == "bad-request");
    CHECK(stanza("<message type='error'/>").is_error());
    CHECK(stanza("<presence type='error'/>").is_error());
    CHECK_FALSE(stanza("<presence/>").is_error());
    CHECK(stanza("<iq type='set' id='1'><a/></iq>").is_request());
    CHECK_FALSE(stanza("<iq type='result' id='1'/>").is_request());
    CHECK_FALSE(stanza("<message/>").is_request());
}

// RFC 6120 §8.3.3.8-1
TEST_CASE("stanza: addresses are parsed, broken ones refused (RFC 6120 §8.3.3.8, A31)")
{
    const Stanza read = stanza("<message to='Romeo@Example.net' from='a@b/c'/>");
    CHECK(read.to().text() == "romeo@example.net");
    CHECK(read.from().resource() == "c");
    CHECK(stanza("<message/>").to().empty());
    CHECK(refusal("<message to=''/>") == "jid-malformed");
    CHECK(refusal("<message to='a@b/'/>") == "jid-malformed");
    CHECK(refusal("<presence from='@b'/>") == "jid-malformed");
    CHECK(refusal("<iq type='get' id='1' to='a b@c'><a/></iq>") == "jid-malformed");
}

TEST_CASE("stanza: what is no stanza does not become one")
{
    CHECK(refusal("<body/>") == "bad-request");
    Element foreign = element("<message/>", "urn:x");
    CHECK_FALSE(Stanza::from_element(std::move(foreign)).has_value());
}

TEST_CASE("stanza: a refused element is left as it was, for the answer")
{
    Element iq = element("<iq type='get' id='1' to='b@c'/>", ns::server);
    const Element before = iq;
    CHECK_FALSE(Stanza::from_element(std::move(iq)).has_value());
    CHECK(iq == before);
    CHECK(to_xml(error_reply_to(iq, StanzaError(StanzaError::bad_request)), ns::server)
        == "<iq from='b@c' type='error' id='1'><error type='modify'>"
           "<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
}

TEST_CASE("stanza: jabber:server becomes jabber:client, but not inside other namespaces (RFC 6120 §4.8.3)")
{
    Element from_server = *parse_element("<message xmlns='jabber:server'><body>a</body>"
                                         "<forwarded xmlns='urn:xmpp:forward:0'>"
                                         "<message xmlns='jabber:server'/></forwarded></message>");
    const auto read = Stanza::from_element(std::move(from_server));
    REQUIRE(read.has_value());
    CHECK(read->element().ns() == ns::client);
    CHECK(read->element().child_text("body") == "a");
    CHECK(read->element().child("forwarded", "urn:xmpp:forward:0")->child("message", ns::server) != nullptr);
}

TEST_CASE("stanza: new ones carry what they were made with")
{
    const Jid romeo = *Jid::parse("romeo@example.net/orchard");
    const Jid juliet = *Jid::parse("juliet@example.com");
    CHECK(wire(Stanza::message(romeo, juliet, MessageType::chat))
        == "<message from='romeo@example.net/orchard' to='juliet@example.com' type='chat'/>");
    CHECK(wire(Stanza::message(romeo, juliet)).find("type") == std::string::npos);
    CHECK(wire(Stanza::presence(Jid(), juliet, PresenceType::subscribe))
        == "<presence to='juliet@example.com' type='subscribe'/>");
    CHECK(wire(Stanza::presence(romeo, Jid())) == "<presence from='romeo@example.net/orchard'/>");
    CHECK(wire(Stanza::iq(Jid(), Jid(), IqType::get, "i1")) == "<iq type='get' id='i1'/>");
}

TEST_CASE("stanza: addresses change in the parsed and in the written form")
{
    Stanza read = stanza("<message to='a@b'/>");
    read.set_to(*Jid::parse("c@d"));
    read.set_from(*Jid::parse("e@f"));
    CHECK(wire(read) == "<message to='c@d' from='e@f'/>");
    read.set_to(Jid());
    CHECK(wire(read) == "<message from='e@f'/>");
    CHECK(read.to().empty());
}

// RFC 6120 §8.1.3-1 §8.3.1-2
TEST_CASE("stanza: an error answer keeps id and language and leaves the payload out (RFC 6120 §8.3.1)")
{
    const Stanza read = stanza(
        "<message from='a@b/c' to='d@e' id='m1' type='chat' xml:lang='de'><body>secret</body></message>");
    const Stanza reply = read.error_reply(StanzaError(StanzaError::service_unavailable, "gone away"));
    CHECK(wire(reply)
        == "<message from='d@e' to='a@b/c' type='error' id='m1' xml:lang='de'><error type='cancel'>"
           "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
           "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>gone away</text></error></message>");
    CHECK(reply.is_error());
    CHECK(reply.to() == read.from());
    CHECK(stanza("<presence/>").error_reply(StanzaError::forbidden).presence_type() == PresenceType::error);
    CHECK(stanza("<iq type='get' id='1'><a/></iq>").error_reply(StanzaError::forbidden).iq_type()
        == IqType::error);
}

// RFC 6120 §8.1.3-1
TEST_CASE("stanza: a result swaps the addresses and carries the payload")
{
    const Stanza read = stanza("<iq type='get' id='1' from='a@b/c' to='d@e'><query xmlns='q'/></iq>");
    CHECK(wire(read.result()) == "<iq from='d@e' to='a@b/c' type='result' id='1'/>");
    CHECK(wire(read.result(Element("query", "q")))
        == "<iq from='d@e' to='a@b/c' type='result' id='1'><query xmlns='q'/></iq>");
    CHECK(Iq(read).payload().name() == "query");
}

TEST_CASE("presence: priority is a number from -128 to 127, else 0 (RFC 6121 §4.7.2.3)")
{
    const auto priority = [](std::string_view text) {
        Stanza read = stanza("<presence><priority>" + std::string(text) + "</priority></presence>");
        return Presence(read).priority();
    };
    CHECK(priority("5") == 5);
    CHECK(priority("-128") == -128);
    CHECK(priority("127") == 127);
    CHECK(priority("128") == 0);
    CHECK(priority("-129") == 0);
    CHECK(priority("1x") == 0);
    CHECK(priority("") == 0);
    CHECK(priority("99999999999999") == 0);
    Stanza none = stanza("<presence/>");
    CHECK(Presence(none).priority() == 0);
}

TEST_CASE("message: has a body or has none")
{
    Stanza with = stanza("<message><body/></message>");
    Stanza without = stanza("<message><body xmlns='urn:x'/></message>");
    CHECK(Message(with).has_body());
    CHECK_FALSE(Message(without).has_body());
}

TEST_CASE("stanza: copies share the bytes made for many until more than `to` changes")
{
    Stanza original = stanza("<presence from='a@b/c'><status>here &amp; there</status></presence>");
    CHECK(original.wire() == nullptr);
    original.serialize_for_many();

    Stanza copy = original;
    copy.set_to(*Jid::parse("d@e/f"));
    REQUIRE(copy.wire() == original.wire());
    std::string sent;
    copy.wire()->append_to(sent, copy.to().text());
    CHECK(stanza(sent).element() == std::as_const(copy).element());

    Stanza changed = original;
    changed.element().add_text_child("show", "away");
    CHECK(changed.wire() == nullptr);
    Stanza moved = original;
    moved.set_from(*Jid::parse("x@y"));
    CHECK(moved.wire() == nullptr);
    CHECK(original.wire() != nullptr);
}

TEST_CASE("stanza: a seal stays with a stanza and its copies until one of them changes in any way")
{
    Stanza original = stanza("<message from='a@b/c' to='d@e'><body>word</body></message>");
    CHECK(original.seal() == Stanza::unsealed);
    original.set_seal(7);
    const Stanza copy = original;
    CHECK(copy.element().child("body") != nullptr);
    CHECK(copy.seal() == 7);

    using Change = void (*)(Stanza&);
    const Change changes[] = {
        [](Stanza& each) { each.set_from(*Jid::parse("x@y")); },
        [](Stanza& each) { each.set_to(*Jid::parse("x@y")); },
        [](Stanza& each) { each.element().add("extra"); },
        [](Stanza& each) { Message(each).element().remove_attribute("id"); },
    };
    for (const Change change : changes) {
        Stanza changed = original;
        change(changed);
        CHECK(changed.seal() == Stanza::unsealed);
    }
    CHECK(original.error_reply(StanzaError::forbidden).seal() == Stanza::unsealed);
    CHECK(original.seal() == 7);
}
