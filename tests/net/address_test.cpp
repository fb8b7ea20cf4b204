// SPDX-License-Identifier: Apache-2.0
// Prefixes, the PROXY protocol, and the limits that depend on where a peer connects from.
#include "net/connection_limiter.hpp"
#include "net/ip_prefix.hpp"
#include "net/login_guard.hpp"
#include "net/proxy_protocol.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;
using namespace std::chrono_literals;

namespace {

boost::asio::ip::address ip(const char* text)
{
    return boost::asio::ip::make_address(text);
}

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string header(char command, char family, const std::string& body)
{
    std::string text = signature + command + family;
    text += static_cast<char>(body.size() >> 8);
    text += static_cast<char>(body.size() & 0xff);
    return text + body;
}

const std::string ipv4_body("\xc0\x00\x02\x01\x0a\x00\x00\x01\xd4\x31\x14\x66", 12);

} // namespace

TEST_CASE("prefixes: addresses inside and outside")
{
    const auto contains = [](const char* prefix, const char* address) {
        const auto parsed = IpPrefix::parse(prefix);
        REQUIRE(parsed);
        return parsed->contains(ip(address));
    };
    CHECK(contains("10.0.0.0/8", "10.255.0.1"));
    CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
    CHECK(contains("192.0.2.128/25", "192.0.2.200"));
    CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
    CHECK(contains("0.0.0.0/0", "203.0.113.9"));
    CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
    CHECK(contains("192.0.2.1", "::ffff:192.0.2.1"));
    CHECK(contains("::1", "::1"));
    CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST_CASE("prefixes: the one around an address has nothing behind it, and is written as people write it")
{
    const auto text = [](const char* prefix) { return IpPrefix::parse(prefix)->text(); };
    CHECK(text("192.0.2.77") == "192.0.2.77");
    CHECK(text("192.0.2.77/24") == "192.0.2.0/24");
    CHECK(text("192.0.2.77/25") == "192.0.2.0/25");
    CHECK(text("192.0.2.77/0") == "0.0.0.0/0");
    CHECK(text("::ffff:192.0.2.77") == "192.0.2.77");
    CHECK(text("::ffff:192.0.2.77/120") == "192.0.2.0/24");
    CHECK(text("2001:db8:1:2ff::5/56") == "2001:db8:1:200::/56");
    CHECK(*IpPrefix::parse("192.0.2.1/24") == *IpPrefix::parse("192.0.2.2/24"));
    CHECK(IpPrefix::parse("192.0.2.0/24")->contains(*IpPrefix::parse("192.0.2.128/25")));
    CHECK_FALSE(IpPrefix::parse("192.0.2.128/25")->contains(*IpPrefix::parse("192.0.2.0/24")));
}

TEST_CASE("prefixes: a neighbourhood is what a customer, a site and a provider have")
{
    const auto texts = [](const char* peer) {
        std::string all;
        for (const IpPrefix& each : neighbourhood_of(ip(peer))) {
            all += each.text() + " ";
        }
        return all;
    };
    CHECK(texts("192.0.2.77") == "192.0.2.77 192.0.2.0/24 192.0.0.0/16 ");
    CHECK(texts("::ffff:192.0.2.77") == texts("192.0.2.77"));
    CHECK(texts("2001:db8:1:2ff::5") == "2001:db8:1:2ff::/64 2001:db8:1:200::/56 2001:db8:1::/48 ");
}

TEST_CASE("prefixes: what is none is refused")
{
    for (const char* const text : { "", "/", "localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/x",
             "10.0.0.0/8x", "10.0.0.0/-1", "::1/129", "10.0.0/8" }) {
        CAPTURE(text);
        CHECK_FALSE(IpPrefix::parse(text));
    }
}

TEST_CASE("proxy protocol: IPv4 and IPv6 sources are read, whatever follows")
{
    const ProxyHeader v4 = parse_proxy_header(header('\x21', '\x11', ipv4_body) + "<stream");
    CHECK(v4.state == ProxyHeader::State::complete);
    CHECK(v4.length == 28);
    REQUIRE(v4.source);
    CHECK(v4.source->address == ip("192.0.2.1"));
    CHECK(v4.source->port == 54321);

    std::string body(36, '\0');
    body[0] = '\x20';
    body[1] = '\x01';
    body[15] = '\x09';
    body[33] = '\x50';
    const ProxyHeader v6 = parse_proxy_header(header('\x21', '\x21', body + "\x03\x00\x01x"));
    CHECK(v6.state == ProxyHeader::State::complete);
    REQUIRE(v6.source);
    CHECK(v6.source->address == ip("2001::9"));
    CHECK(v6.source->port == 80);
}

TEST_CASE("proxy protocol: a proxy's own connection has no other source")
{
    CHECK(parse_proxy_header(header('\x20', '\x00', "")).state == ProxyHeader::State::complete);
    CHECK_FALSE(parse_proxy_header(header('\x20', '\x11', ipv4_body)).source);
    CHECK(parse_proxy_header(header('\x21', '\x00', "")).state == ProxyHeader::State::complete);
}

TEST_CASE("proxy protocol: any beginning of a header is incomplete, and says how much is wanted")
{
    const std::string whole = header('\x21', '\x11', ipv4_body);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const ProxyHeader part = parse_proxy_header(std::string_view(whole).substr(0, length));
        CHECK(part.state == ProxyHeader::State::incomplete);
        CHECK(part.length > length);
        CHECK(part.length <= whole.size());
    }
}

TEST_CASE("proxy protocol: version 1, other families, short and endless headers are invalid")
{
    const std::string broken[] = { "PROXY TCP4 192.0.2.1 10.0.0.1 54321 5222\r\n", "P", "\x16\x03\x01",
        "<?xml", header('\x11', '\x11', ipv4_body), header('\x22', '\x11', ipv4_body),
        header('\x21', '\x12', ipv4_body), header('\x21', '\x31', std::string(216, '/')),
        header('\x21', '\x11', "short"), header('\x21', '\x21', ipv4_body),
        header('\x21', '\x11', std::string(2040, 'x')), signature + '\x21' + '\x11' + "\xff\xff" };
    for (const std::string& bytes : broken) {
        CAPTURE(bytes);
        CHECK(parse_proxy_header(bytes).state == ProxyHeader::State::invalid);
    }
}

TEST_CASE("limiter: so many connections at a time from one address, then no more until one ends (A3)")
{
    ManualClock clock;
    ConnectionLimits limits;
    limits.per_prefix = 2;
    ConnectionLimiter limiter(limits, clock);
    CHECK(limiter.admit(ip("192.0.2.1")));
    CHECK(limiter.admit(ip("::ffff:192.0.2.1")));
    CHECK_FALSE(limiter.admit(ip("192.0.2.1")));
    CHECK(limiter.admit(ip("192.0.2.2")));
    limiter.release(ip("192.0.2.1"));
    CHECK(limiter.admit(ip("192.0.2.1")));
}

TEST_CASE("limiter: an IPv6 /64 counts as one peer (A3)")
{
    ManualClock clock;
    ConnectionLimits limits;
    limits.per_prefix = 1;
    ConnectionLimiter limiter(limits, clock);
    CHECK(limiter.admit(ip("2001:db8::1")));
    CHECK_FALSE(limiter.admit(ip("2001:db8::ffff:1")));
    CHECK(limiter.admit(ip("2001:db8:0:1::1")));
}

TEST_CASE("limiter: new connections come at a rate, with a burst before")
{
    ManualClock clock;
    ConnectionLimits limits;
    limits.per_prefix = 0;
    limits.per_second = 2;
    limits.burst = 3;
    ConnectionLimiter limiter(limits, clock);
    const auto one = [&limiter] {
        const auto admitted = static_cast<bool>(limiter.admit(ip("192.0.2.1")));
        if (admitted) {
            limiter.release(ip("192.0.2.1"));
        }
        return admitted;
    };
    CHECK((one() && one() && one()));
    CHECK_FALSE(one());
    clock.advance(500ms);
    CHECK(one());
    CHECK_FALSE(one());
    clock.advance(1h);
    CHECK((one() && one() && one()));
    CHECK_FALSE(one());
}

TEST_CASE("limiter: an office of 100 people with 3 devices each comes in at once, and once more (A3)")
{
    ManualClock clock;
    ConnectionLimiter limiter({}, clock);
    for (int i = 0; i < 600; ++i) {
        CHECK(limiter.admit(ip("192.0.2.1")));
    }
    CHECK(limiter.admit(ip("192.0.2.1")).refused == "rate");
}

TEST_CASE("limiter: whoever is exempt has any number, and does not count for others (A3)")
{
    ManualClock clock;
    ConnectionLimits limits;
    limits.per_prefix = 1;
    limits.per_second = 1;
    limits.burst = 1;
    limits.exempt = { *IpPrefix::parse("192.0.2.0/28") };
    ConnectionLimiter limiter(limits, clock);
    for (int i = 0; i < 5; ++i) {
        CHECK(limiter.admit(ip("192.0.2.1")));
        CHECK(limiter.admit(ip("::ffff:192.0.2.15")));
    }
    CHECK(limiter.admit(ip("192.0.2.16")));
    CHECK(limiter.admit(ip("192.0.2.16")).refused == "limit");
}

TEST_CASE("limiter: who is banned does not come in, and is told of with the ban (A36)")
{
    ManualClock clock;
    LoginGuard guard({}, clock);
    ConnectionLimiter limiter({}, clock, &guard);
    const Ban ban { *IpPrefix::parse("192.0.2.0/24"), Ban::Cause::administrator, clock.wall(), {}, 0, {} };
    CHECK(guard.ban(ban));
    const Admission refused = limiter.admit(ip("192.0.2.1"));
    CHECK(refused.refused == "banned");
    CHECK(refused.ban == ban);
    CHECK(limiter.admit(ip("192.0.3.1")));
}

TEST_CASE(
    "limiter: a full table forgets the idle, and counts newcomers all together when there are none (A3)")
{
    ManualClock clock;
    ConnectionLimits limits;
    limits.table = 100;
    limits.per_prefix = 2;
    limits.per_second = 0;
    ConnectionLimiter limiter(limits, clock);
    const auto peer = [](unsigned net, unsigned number) {
        return boost::asio::ip::address(boost::asio::ip::address_v4((net << 24) + number));
    };
    for (unsigned i = 0; i < 1000; ++i) {
        CHECK(limiter.admit(peer(10, i)));
        limiter.release(peer(10, i));
    }
    clock.advance(2s);
    unsigned let_in = 0;
    for (unsigned i = 0; i < 1000; ++i) {
        let_in += limiter.admit(peer(11, i)) ? 1 : 0;
    }
    CHECK(let_in == 100 + 2 * 64);
    CHECK(limiter.admit(peer(11, 0))); // one that has its place
    for (unsigned i = 0; i < 10; ++i) {
        limiter.release(peer(11, 100 + i));
    }
    CHECK(limiter.admit(peer(12, 0)));
}
