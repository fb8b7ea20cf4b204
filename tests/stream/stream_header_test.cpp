// SPDX-License-Identifier: Apache-2.0
#include "stream/stream_header.hpp"
#include "stream/tcp_framing.hpp"

#include "xmpp/ns.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

StreamParser::Opened opened(std::string_view to = "im.example.com", std::string_view version = "1.0")
{
    StreamParser::Opened header;
    header.header = Element("stream", ns::streams);
    header.content_ns = std::string(ns::client);
    if (!to.empty()) {
        header.header.set_attribute("to", to);
    }
    if (!version.empty()) {
        header.header.set_attribute("version", version);
    }
    return header;
}

} // namespace

TEST_CASE("stream header: RFC 6120 §4.7, the header of the RFC's example is read")
{
    auto header = opened();
    header.header.set_attribute("from", "juliet@im.example.com").set_lang("en");
    const auto read = read_header(header, ns::client);
    REQUIRE(read.has_value());
    CHECK(read->to == "im.example.com");
    CHECK(read->from.text() == "juliet@im.example.com");
    CHECK(read->lang == "en");
}

// RFC 6120 §4.8.1-1
TEST_CASE("stream header: RFC 6120 §4.8.1 and §4.8.2, wrong namespaces are invalid-namespace")
{
    auto stream = opened();
    stream.header.set_ns("http://wrong.namespace.example.org/");
    CHECK(read_header(stream, ns::client).error().condition() == StreamError::invalid_namespace);

    auto content = opened();
    content.content_ns = std::string(ns::server);
    CHECK(read_header(content, ns::client).error().condition() == StreamError::invalid_namespace);
}

// RFC 6120 §4.7.5-1 §4.7.5-2
TEST_CASE("stream header: RFC 6120 §4.7.5, only versions with a major number of 1 or more are supported")
{
    for (const std::string_view version : { "", "0.9", "1", "one", ".", "00.1" }) {
        CAPTURE(version);
        CHECK(read_header(opened("im.example.com", version), ns::client).error().condition()
            == StreamError::unsupported_version);
    }
    CHECK(read_header(opened("im.example.com", "1.1"), ns::client).has_value());
    CHECK(read_header(opened("im.example.com", "2.0"), ns::client).has_value());
}

TEST_CASE("stream header: a missing 'to' is improper addressing, one that is no domain an unknown host")
{
    CHECK(read_header(opened(""), ns::client).error().condition() == StreamError::improper_addressing);
    CHECK(read_header(opened("juliet@im.example.com"), ns::client).error().condition()
        == StreamError::host_unknown);
    CHECK(read_header(opened("a b"), ns::client).error().condition() == StreamError::host_unknown);
}

TEST_CASE("stream header: a 'from' that names no account is as if it were not there")
{
    for (const std::string_view from : { "im.example.com", "im.example.com/balcony", "", "@", "a b" }) {
        CAPTURE(from);
        auto header = opened();
        header.header.set_attribute("from", from);
        const auto read = read_header(header, ns::client);
        REQUIRE(read.has_value());
        CHECK(read->from.empty());
    }
}

TEST_CASE("stream header: what a peer wrote cannot break out of our header")
{
    std::string out;
    const Jid to = *Jid::parse("juliet@im.example.com/a'b<c>");
    TcpFraming(ns::client).append_header(out, { "im.example.com", to.text(), "id&1" });
    CHECK(out.find("to='juliet@im.example.com/a&apos;b&lt;c&gt;'") != std::string::npos);
    CHECK(out.find("id='id&amp;1'") != std::string::npos);
}
