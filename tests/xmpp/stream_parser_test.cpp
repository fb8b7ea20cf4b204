// SPDX-License-Identifier: Apache-2.0
#include "recorder.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;
using stonechat::test::header;
using stonechat::test::Recorder;
using Events = std::vector<std::string>;
using namespace std::string_literals;

namespace {

std::string on_stream(std::string_view bytes)
{
    return std::string(header).append(bytes);
}

/// What a stream fails with after a good header.
std::string failure_of(std::string_view bytes, const ParserLimits& limits = {})
{
    Recorder recorder(limits);
    recorder.feed(on_stream(bytes));
    return recorder.failure();
}

std::string repeat(std::string_view text, std::size_t count)
{
    std::string repeated;
    repeated.reserve(text.size() * count);
    for (std::size_t i = 0; i < count; ++i) {
        repeated += text;
    }
    return repeated;
}

} // namespace

TEST_CASE("stream parser: a stream has a header, stanzas and an end (RFC 6120 §4.2)")
{
    Recorder recorder;
    REQUIRE(recorder.feed(
        on_stream("<presence/><message id='a'><body>hi</body></message>\n </stream:stream>\n")));
    CHECK(recorder.events
        == Events {
            "open example.org", "<presence/>", "<message id='a'><body>hi</body></message>", "close" });
    CHECK(recorder.opened.header.is("stream", ns::streams));
    CHECK(recorder.opened.header.attribute_or("version") == "1.0");
    CHECK(recorder.opened.content_ns == ns::client);
}

TEST_CASE("stream parser: pieces of any size give the same events")
{
    const std::string stream = on_stream(
        " <presence xml:lang='de'><show>away</show><x xmlns='urn:example:a' p:b='c' "
        "xmlns:p='urn:p'/></presence>\n"
        "<message to='j@example.org'><body>Grüße &amp; <![CDATA[<]]&]]]>\U0001F600</body></message> "
        "<iq type='get' id='1'><query xmlns='jabber:iq:roster' ver=\">'/>\"/></iq></stream:stream>");
    Recorder whole;
    REQUIRE(whole.feed(stream));
    REQUIRE(whole.events.size() == 5);
    for (std::size_t piece = 1; piece < 40; ++piece) {
        CAPTURE(piece);
        Recorder recorder;
        CHECK(recorder.feed(stream, piece));
        CHECK(recorder.events == whole.events);
    }
}

TEST_CASE("stream parser: an element comes out with its last byte, whatever was held back before")
{
    Recorder recorder;
    recorder.feed(header);
    recorder.feed("<message><body x='" + std::string(70'000, 'a'));
    recorder.feed("'>");
    recorder.feed("\xc3");
    recorder.feed("\xa4</body></message");
    CHECK(recorder.events.size() == 1);
    recorder.feed(">");
    CHECK(recorder.events.size() == 2);
}

// RFC 6120 §4.8.5-2
TEST_CASE("stream parser: names are expanded, prefixes mean nothing (A29)")
{
    Recorder recorder;
    REQUIRE(recorder.feed(on_stream("<x:message xmlns:x='jabber:client'><x:body>a</x:body></x:message>"
                                    "<message xmlns='jabber:server'/>"
                                    "<stream:features/>"
                                    "<message><body><stream:error/><message/></body></message>")));
    CHECK(recorder.events[1] == "<message><body>a</body></message>");
    CHECK(recorder.events[2] == "<message xmlns='jabber:server'/>");
    CHECK(recorder.events[3] == "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>");
    CHECK(recorder.events.size() == 5); // what lies in a body is no event of its own
}

TEST_CASE("stream parser: the namespace of a name cannot be mistaken for another (A25)")
{
    CHECK(failure_of("<a xmlns='urn:x&#1;y'/>") == "not-well-formed");
    CHECK(failure_of("<a xmlns='urn:x\x01y'/>") == "not-well-formed");
    Recorder recorder;
    REQUIRE(
        recorder.feed(on_stream("<a xmlns='jabber:client message'/><a xmlns='x}y'/><a xmlns='x&#10;y'/>")));
    CHECK(recorder.events[1] == "<a xmlns='jabber:client message'/>");
    CHECK(recorder.last.ns() == "x\ny");
}

TEST_CASE("stream parser: a root that is an empty tag opens and closes the stream")
{
    Recorder recorder;
    CHECK(recorder.feed("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' to='a'/>"));
    CHECK(recorder.events == Events { "open a", "close" });
}

TEST_CASE("stream parser: what comes behind the end of the stream is not read")
{
    Recorder recorder;
    CHECK(recorder.feed(on_stream("</stream:stream><message/>\xff")));
    CHECK(recorder.feed("<!DOCTYPE"));
    CHECK(recorder.events == Events { "open example.org", "close" });
}

// RFC 6120 §11.1-1
TEST_CASE("stream parser: DTDs, entities, comments and instructions are restricted XML (A19, A20, A21)")
{
    CHECK(failure_of("<!DOCTYPE") == "restricted-xml");
    CHECK(failure_of("<!D") == "restricted-xml"); // at once, not when the declaration is complete
    CHECK(failure_of("<!--") == "restricted-xml");
    CHECK(failure_of("<message><!-- c --></message>") == "restricted-xml");
    CHECK(failure_of("<?php ?>") == "restricted-xml");
    CHECK(failure_of("<message><?php ?></message>") == "restricted-xml");
    CHECK(failure_of("<?xml version='1.0'?>") == "restricted-xml");
    CHECK(failure_of("<message>&foo;</message>") == "restricted-xml");
    CHECK(failure_of("<message a='&foo;'/>") == "restricted-xml");
    for (const std::string_view start : { "<!DOCTYPE a [<!ENTITY lol 'lol'>]><a>&lol;</a>",
             "<!DOCTYPE stream:stream [<!ATTLIST message from CDATA 'admin@example.org'>]>",
             "<?xml version='1.0'?><!DOCTYPE a SYSTEM 'file:///etc/passwd'>", "<!-- a --><stream/>",
             "<?xml-stylesheet href='a'?><stream/>", " <!-- a --><stream/>",
             "\xef\xbb\xbf <?xml version='1.0'?>", "<?xml version='1.0'?><?xml version='1.0'?>",
             "<?xml version='1.0'?>\n<?xml version='1.0'?>" }) {
        CAPTURE(start);
        Recorder recorder;
        recorder.feed(start);
        CHECK(recorder.events == Events { "error restricted-xml" });
    }
}

// RFC 6120 §11.6-1
TEST_CASE("stream parser: only UTF-8 is spoken (A22, RFC 6120 §11.6)")
{
    const std::string utf16 = "<\0s\0/\0>\0"s;
    for (const std::string& start : { "\xff\xfe"s + utf16, "\xfe\xff\0<\0s"s, "\0<\0s\0/"s, utf16,
             "\xff\xfe\0\0<\0\0\0"s, "\0\0\xfe\xff"s, "<?xml version='1.0' encoding='ISO-8859-1'?><s/>"s,
             "<?xml version='1.0' encoding='UTF-16'?><s/>"s }) {
        CAPTURE(start);
        for (const std::size_t piece : { std::size_t(1), start.size() }) {
            Recorder recorder;
            recorder.feed(start, piece);
            CHECK(recorder.events == Events { "error unsupported-encoding" });
        }
    }
    for (const std::string_view start : { "<?xml version='1.0' encoding='utf-8'?>", "\xef\xbb\xbf",
             "\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?>", "" }) {
        CAPTURE(start);
        Recorder recorder;
        CHECK(recorder.feed(std::string(start) + "<s to='a'>", 1));
        CHECK(recorder.events == Events { "open a" });
    }
}

// RFC 6120 §11.3-1
TEST_CASE("stream parser: broken UTF-8 is not well-formed, also when it is cut (A23)")
{
    for (const std::string_view bytes :
        { "\x80", "\xc0\xaf", "\xc1\xbf", "\xc3(", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xed\xa0\x80",
            "\xed\xbf\xbf", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf",
            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff", "\xe2\x82<", "\xf0\x9f\x98" }) {
        for (const std::size_t piece : { std::size_t(1), std::size_t(2), std::size_t(1000) }) {
            CAPTURE(bytes);
            CAPTURE(piece);
            Recorder text;
            text.feed(on_stream("<message><body>" + std::string(bytes) + "</body></message>"), piece);
            CHECK(text.failure() == "not-well-formed");
            CHECK(text.events.size() == 2);
            Recorder attribute;
            attribute.feed(on_stream("<message a='" + std::string(bytes) + "'/>"), piece);
            CHECK(attribute.failure() == "not-well-formed");
            CHECK(attribute.events.size() == 2);
        }
    }
    CHECK(
        failure_of("<message>\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbd\xf4\x8f\xbf\xbf</message>")
        == "none");
}

TEST_CASE("stream parser: stanzas before the broken byte are still delivered")
{
    Recorder recorder;
    recorder.feed(on_stream("<presence/><message>\xff</message><presence/>"));
    CHECK(recorder.events == Events { "open example.org", "<presence/>", "error not-well-formed" });
    CHECK_FALSE(recorder.feed("<presence/>"));
}

TEST_CASE("stream parser: characters outside of XML are refused, also as references (A24)")
{
    for (const std::string& bytes : { "\0"s, "\x01"s, "\x08"s, "\x0b"s, "\x1f"s, "&#0;"s, "&#1;"s,
             "&#xD800;"s, "&#xDFFF;"s, "&#xFFFE;"s, "&#x110000;"s, "&#99999999999999999999;"s }) {
        CAPTURE(bytes);
        CHECK(failure_of("<message>" + bytes + "</message>") == "not-well-formed");
        CHECK(failure_of("<message a='" + bytes + "'/>") == "not-well-formed");
    }
    CHECK(failure_of("<message>&#9;&#10;&#13;&#x7F;&#x10FFFF;</message>") == "none");
}

// RFC 6120 §11.3-1
TEST_CASE("stream parser: malformed markup")
{
    for (const std::string_view bytes : { "<message></presence>", "<message a='1' a='2'/>", "<message a=b/>",
             "<message a='<'/>", "< message/>", "<message/", "<1/>", "<message>]]></message>", "</message>",
             "<message>& </message>", "<message><![CDATX[]]></message>", "<message</message>", "<a:b:c/>" }) {
        CAPTURE(bytes);
        if (bytes != "<message/") {
            CHECK(failure_of(bytes) == "not-well-formed");
        } else {
            CHECK(failure_of(bytes) == "none"); // nothing to say until it goes on
        }
    }
    CHECK(failure_of("<message xmlns:a='u' xmlns:b='u' a:x='1' b:x='2'/>") == "not-well-formed");
    CHECK(failure_of("<a xmlns:xml='urn:x'/>") == "not-well-formed");
    CHECK(failure_of("<a xmlns:b=''/>") == "not-well-formed");
    for (const std::string_view start : { "GET / HTTP/1.1\r\n", "\x16\x03\x01", "hello", "&lt;", "</stream>",
             "<![CDATA[a]]>", "\xef\xbb<" }) {
        CAPTURE(start);
        Recorder recorder;
        recorder.feed(start);
        CHECK(recorder.failure() == "not-well-formed");
    }
}

TEST_CASE("stream parser: a prefix without a declaration (RFC 6120 §4.9.3.2)")
{
    CHECK(failure_of("<foo:message/>") == "bad-namespace-prefix");
    CHECK(failure_of("<message foo:a='b'/>") == "bad-namespace-prefix");
}

TEST_CASE("stream parser: between stanzas there is only white space (RFC 6120 §4.6.1)")
{
    CHECK(failure_of(" \r\n\t <presence/> \n") == "none");
    CHECK(failure_of("hello") == "bad-format");
    CHECK(failure_of("<presence/>x<presence/>") == "bad-format");
    CHECK(failure_of("<![CDATA[ ]]>") == "bad-format");
    CHECK(failure_of("&#32;") == "bad-format");
    // At once, so that nothing of it is lost when memory is released.
    CHECK(failure_of("]") == "bad-format");
    CHECK(failure_of("\xc4") == "bad-format");
}

TEST_CASE("stream parser: a stanza over the limit ends the stream while it comes (A17)")
{
    ParserLimits limits;
    limits.stanza_bytes = 10'000;
    const std::string stanza_of_limit = "<message><body>" + std::string(10'000 - 32, 'a')
        + "</body></message>";
    REQUIRE(stanza_of_limit.size() == 10'000);
    CHECK(failure_of(stanza_of_limit, limits) == "none");
    CHECK(failure_of(stanza_of_limit + "<presence/>" + stanza_of_limit, limits) == "none");

    const std::string too_big = "<message><body>" + std::string(10'000 - 31, 'a') + "</body></message>";
    for (const std::size_t piece : { std::size_t(1), std::size_t(1400), too_big.size() + header.size() }) {
        Recorder recorder(limits);
        recorder.feed(on_stream(too_big), piece);
        CHECK(recorder.events == Events { "open example.org", "error policy-violation" });
        REQUIRE(recorder.error->application());
        CHECK(recorder.error->application()->is("stanza-too-big", "urn:xmpp:errors"));
    }
}

TEST_CASE("stream parser: an endless token holds no more memory than the limit and 64 KiB (A17)")
{
    const std::string filler(1400, 'a');
    for (const std::string_view start : { "<message a='", "<message><body>", "<message", "<", "</",
             "<message>&", "<message><![CDATA[", "<message a='>>>>" }) {
        CAPTURE(start);
        Recorder recorder;
        recorder.feed(header);
        recorder.feed(start);
        std::size_t fed = 0;
        while (recorder.feed(filler)) {
            fed += filler.size();
            REQUIRE(fed < 300'000);
        }
        CHECK(recorder.failure() == "policy-violation");
        CHECK(fed > 250'000);
        CHECK(recorder.peak_memory < 256 * 1024 + 64 * 1024);
        CHECK(recorder.parser.memory() < 400);
    }
    Recorder endless_header;
    while (endless_header.feed("<a b='" + filler)) {}
    CHECK(endless_header.peak_memory < 256 * 1024 + 64 * 1024);
}

TEST_CASE("stream parser: a tag near the limit is no trouble")
{
    Recorder recorder;
    const std::string value(256 * 1024 - 100, 'a');
    CHECK(recorder.feed(on_stream("<message a='" + value + "'/><presence/>"), 1400));
    CHECK(recorder.events.size() == 3);
    CHECK(recorder.parser.memory() < 100'000); // expat was renewed
}

TEST_CASE("stream parser: depth, attributes, namespaces and elements have limits (A28)")
{
    ParserLimits limits;
    limits.depth = 5;
    limits.attributes = 3;
    limits.namespaces = 2;
    limits.elements = 4;
    CHECK(failure_of("<a><a><a><a/></a></a></a>", limits) == "none");
    limits.elements = 100;
    CHECK(failure_of(repeat("<a>", 5) + repeat("</a>", 5), limits) == "none");
    CHECK(failure_of(repeat("<a>", 6), limits) == "policy-violation");
    CHECK(failure_of("<a b='' c='' d=''/>", limits) == "none");
    CHECK(failure_of("<a b='' c='' d='' e=''/>", limits) == "policy-violation");
    CHECK(failure_of("<a xmlns='b' xmlns:c='d'/>", limits) == "none");
    CHECK(failure_of("<a xmlns='b' xmlns:c='d' xmlns:e='f'/>", limits) == "policy-violation");
    limits.elements = 4;
    CHECK(failure_of("<a><b/><b/><b/></a><a><b/></a>", limits) == "none");
    CHECK(failure_of("<a><b/><b/><b/><b/></a>", limits) == "policy-violation");
}

TEST_CASE("stream parser: what an attacker would send against these limits (A28)")
{
    CHECK(failure_of(repeat("<a>", 500'000)) == "policy-violation");
    std::string attributes = "<message";
    std::string namespaces = "<message";
    for (int i = 0; i < 20'000; ++i) {
        attributes += " a" + std::to_string(i) + "=''";
        namespaces += " xmlns:a" + std::to_string(i) + "='b'";
    }
    ParserLimits limits;
    limits.stanza_bytes = 1024 * 1024;
    limits.heap_bytes = 16 * 1024 * 1024;
    CHECK(failure_of(attributes + "/>", limits) == "policy-violation");
    CHECK(failure_of(namespaces + "/>", limits) == "policy-violation");
    CHECK(failure_of(attributes + "/>") == "policy-violation");
    CHECK(failure_of(namespaces + "/>") == "policy-violation");
}

TEST_CASE("stream parser: expat's heap and the tree are capped (A27)")
{
    ParserLimits limits;
    limits.stanza_bytes = 1024 * 1024;
    limits.heap_bytes = 100 * 1024;
    CHECK(failure_of("<message a='" + std::string(200'000, 'a') + "'/>", limits) == "policy-violation");
    CHECK(failure_of("<message>" + std::string(200'000, 'a') + "</message>", limits) == "policy-violation");
    CHECK(failure_of("<message>" + repeat("<a/>", 2000) + "</message>", limits) == "policy-violation");
    CHECK(failure_of("<message>" + std::string(90'000, 'a') + "</message>", limits) == "none");
}

TEST_CASE("stream parser: unique names for hours do not make it grow (A27)")
{
    Recorder recorder;
    recorder.feed(header);
    for (int i = 0; i < 20'000; ++i) {
        const std::string name = "n" + std::to_string(i) + "-" + std::string(30, 'x');
        REQUIRE(recorder.feed("<" + name + " xmlns='urn:" + name + "' " + name + "='a'/>"));
        recorder.events.clear();
    }
    CHECK(recorder.peak_memory < 100'000);
}

TEST_CASE("stream parser: an idle stream holds next to nothing and goes on where it was")
{
    Recorder recorder;
    recorder.feed(on_stream("<presence/>"));
    CHECK(recorder.parser.memory() > 3000);
    recorder.parser.release_memory();
    CHECK(recorder.parser.memory() < 300);
    CHECK(recorder.feed(" \n")); // a keepalive wakes nobody
    CHECK(recorder.parser.memory() < 300);
    CHECK(recorder.feed("<stream:a/></stream:stream>"));
    CHECK(recorder.events.back() == "close");
}

TEST_CASE("stream parser: a rebuilt parser knows the prefixes and the name of the root")
{
    Recorder recorder;
    recorder.feed(
        "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server' xmlns:t='&lt;&apos;' "
        "xmlns:r='http://etherx.jabber.org/streams' to='a'>");
    recorder.parser.release_memory();
    CHECK(recorder.feed("<t:a/>"));
    CHECK(recorder.last.is("a", "<'"));
    recorder.parser.release_memory();
    CHECK(recorder.feed("<message/>"));
    CHECK(recorder.last.is("message", ns::server));
    recorder.parser.release_memory();
    CHECK(recorder.feed("</s:stream>"));
    CHECK(recorder.events.front() == "open a");
    CHECK(recorder.events.back() == "close");
    CHECK(std::count(recorder.events.begin(), recorder.events.end(), "open a") == 1);
}

TEST_CASE("stream parser: memory is not released inside a stanza")
{
    Recorder recorder;
    recorder.feed(on_stream("<message><bo"));
    CHECK_FALSE(recorder.parser.at_boundary());
    recorder.parser.release_memory();
    CHECK(recorder.feed("dy/></message>"));
    CHECK(recorder.events.back() == "<message><body/></message>");
    CHECK(recorder.parser.at_boundary());
    recorder.feed("<");
    CHECK_FALSE(recorder.parser.at_boundary());
}

TEST_CASE("stream parser: a restart inside on_element gives the rest to the new stream (RFC 6120 §4.3.3)")
{
    const std::string second = "<stream:stream xmlns='jabber:client' "
                               "xmlns:stream='http://etherx.jabber.org/streams' to='second'><iq/>";
    for (const std::string_view declaration : { "", "<?xml version='1.0'?>" }) {
        for (const std::size_t piece : { std::size_t(1), std::size_t(1000) }) {
            Recorder recorder;
            recorder.after_element = [&recorder] {
                if (recorder.last.name() == "auth") {
                    recorder.parser.restart();
                }
            };
            CHECK(recorder.feed(on_stream("<auth/>") + std::string(declaration) + second, piece));
            CHECK(recorder.events == Events { "open example.org", "<auth/>", "open second", "<iq/>" });
        }
    }
}

TEST_CASE("stream parser: white space before a header means nothing, at the start and after a restart")
{
    const std::string second = "<stream:stream xmlns='jabber:client' "
                               "xmlns:stream='http://etherx.jabber.org/streams' to='second'><iq/>";
    for (const std::string_view white : { "\n", "\r\n", " \t\n\n" }) {
        for (const std::string_view declaration : { "", "<?xml version='1.0'?>\n" }) {
            for (const std::size_t piece : { std::size_t(1), std::size_t(1000) }) {
                Recorder recorder;
                recorder.after_element = [&recorder] {
                    if (recorder.last.name() == "auth") {
                        recorder.parser.restart();
                    }
                };
                const std::string w(white);
                CHECK(recorder.feed(w + on_stream("<auth/>") + w + std::string(declaration) + second, piece));
                CHECK(recorder.events == Events { "open example.org", "<auth/>", "open second", "<iq/>" });
            }
        }
    }
    Recorder endless(ParserLimits { .stanza_bytes = 10'000 });
    CHECK(endless.feed(std::string(100'000, '\n'), 1000));
    CHECK(endless.peak_memory < 2000);
}

TEST_CASE("stream parser: a second header without a restart is refused where it begins (A15)")
{
    for (const std::size_t piece : { std::size_t(1), std::size_t(1000) }) {
        Recorder recorder;
        CHECK_FALSE(recorder.feed(on_stream("<iq/><stream:stream to='b'>"), piece));
        CHECK(recorder.events == Events { "open example.org", "<iq/>", "error policy-violation" });
    }
}

// RFC 6120 §5.4.3.3-1
TEST_CASE("stream parser: bytes behind <starttls/> can be seen and dropped (A7, RFC 6120 §5.3.3)")
{
    Recorder recorder;
    std::string stolen;
    recorder.after_element = [&recorder, &stolen] {
        CHECK(recorder.parser.unread() == 13);
        stolen = recorder.parser.take_unread();
        CHECK(recorder.parser.unread() == 0);
        recorder.parser.restart();
    };
    CHECK(recorder.feed(on_stream("<starttls/>\x16\x03\x01<message/>")));
    CHECK(stolen == "\x16\x03\x01<message/>");
    CHECK(recorder.events == Events { "open example.org", "<starttls/>" });
    recorder.after_element = nullptr;
    CHECK(recorder.feed(on_stream("<presence/>")));
    CHECK(recorder.events.back() == "<presence/>");
}

TEST_CASE("stream parser: pause keeps the rest for later")
{
    Recorder recorder;
    recorder.after_element = [&recorder] { recorder.parser.pause(); };
    CHECK(recorder.feed(on_stream("<a/><b/><c/></stream:stream>")));
    CHECK(recorder.events.size() == 2);
    CHECK(recorder.parser.is_paused());
    CHECK(recorder.parser.unread() == 8 + 16);
    CHECK(recorder.feed("ignored behind the end"));
    CHECK(recorder.events.size() == 2);
    for (const std::size_t expected : { 3u, 4u, 5u }) {
        recorder.parser.resume();
        CHECK(recorder.feed(""));
        CHECK(recorder.events.size() == expected);
    }
    CHECK(recorder.events.back() == "close");
    CHECK(recorder.parser.unread() == 0);
}

TEST_CASE("stream parser: pause in the middle of pieces loses nothing")
{
    std::string stanzas;
    for (int i = 0; i < 300; ++i) {
        stanzas += "<message id='" + std::to_string(i) + "'><body>" + std::string(i, 'x')
            + "</body></message>";
    }
    for (const std::size_t piece : { std::size_t(7), std::size_t(1000), std::size_t(100'000) }) {
        Recorder recorder;
        recorder.after_element = [&recorder] { recorder.parser.pause(); };
        recorder.feed(header);
        for (std::size_t at = 0; at < stanzas.size(); at += piece) {
            recorder.feed(std::string_view(stanzas).substr(at, piece));
            recorder.parser.resume();
        }
        while (recorder.parser.unread() > 0) {
            recorder.parser.resume();
            REQUIRE(recorder.feed(""));
        }
        CHECK(recorder.events.size() == 301);
        CHECK(recorder.last.attribute_or("id") == "299");
    }
}

TEST_CASE("stream parser: the unread part of a tag can move to another parser")
{
    Recorder first;
    first.feed(on_stream("<presence/><mess"));
    Recorder second;
    second.feed(header);
    second.feed(first.parser.take_unread());
    CHECK(first.parser.at_boundary());
    CHECK(first.feed("<iq/>"));
    CHECK(second.feed("age/>"));
    CHECK(second.events.back() == "<message/>");
}

TEST_CASE("stream parser: limits can change between stanzas")
{
    Recorder recorder;
    recorder.feed(header);
    ParserLimits limits;
    limits.stanza_bytes = 20;
    recorder.parser.set_limits(limits);
    CHECK(recorder.feed("<message/>"));
    CHECK_FALSE(recorder.feed("<message to='romeo@example.org'/>"));
}

TEST_CASE("stream parser: a trickled tag full of '>' costs linear time (A26)")
{
    // Quadratic work would be 30 seconds here and stop the suite; the count of bytes says the same.
    Recorder recorder;
    recorder.feed(header);
    recorder.feed("<message a='");
    for (int i = 0; i < 250'000; ++i) {
        REQUIRE(recorder.parser.feed(">").has_value());
    }
    CHECK(recorder.feed("'/>"));
    CHECK(recorder.last.attribute_or("a").size() == 250'000);
}

TEST_CASE("stream parser: text runs are joined, white space and line ends are kept as XML says")
{
    Recorder recorder;
    REQUIRE(recorder.feed(on_stream("<message><body>a\r\nb\rc &amp;<![CDATA[d]]>e\n</body></message>"), 1));
    const Element* body = recorder.last.child("body");
    REQUIRE(body != nullptr);
    CHECK(body->nodes().size() == 1);
    CHECK(body->text() == "a\nb\nc &de\n");
}

TEST_CASE("parse_element: one element under the rules of a stream")
{
    const auto element = parse_element(" <a xmlns='urn:a'><b xml:lang='en'>c</b></a>\n");
    REQUIRE(element.has_value());
    CHECK(element->is("a", "urn:a"));
    CHECK(element->child("b")->lang() == "en");
    CHECK(element->child_text("b") == "c");
    CHECK(parse_element("<a/>")->ns().empty());
}

TEST_CASE("parse_element: refuses what a stream would refuse, and anything but one element (A21)")
{
    for (const std::string_view xml : { "", " ", "<a>", "<a/><b/>", "<a/>x", "x<a/>", "</root>",
             "<a/></root>", "<a></root>", "<!DOCTYPE a><a/>", "<?xml version='1.0'?><a/>", "<a/><!-- -->",
             "<a>&b;</a>", "<a/><", "\xff<a/>", "<a>\xff</a>", "<p:a/>" }) {
        CAPTURE(xml);
        CHECK_FALSE(parse_element(xml).has_value());
    }
    ParserLimits limits;
    limits.depth = 2;
    CHECK(parse_element("<a><b/></a>", limits).has_value());
    CHECK_FALSE(parse_element("<a><b><c/></b></a>", limits).has_value());
}

TEST_CASE("stream parser: may be used from inside another one's receiver")
{
    Recorder outer;
    outer.after_element = [] { CHECK(parse_element("<a><b/></a>").has_value()); };
    CHECK(outer.feed(on_stream(std::string("<presence/>") + "<presence/>")));
    CHECK(outer.events.size() == 3);
}
