// SPDX-License-Identifier: Apache-2.0
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stanza.hpp"
#include "xmpp/stanza_error.hpp"
#include "xmpp/stream_error.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace stonechat;

// RFC 6120 §8.3.2-1
TEST_CASE("stanza error: every condition goes out and comes back (RFC 6120 §8.3.3)")
{
    for (int i = 0; i <= static_cast<int>(StanzaError::unexpected_request); ++i) {
        const auto condition = static_cast<StanzaError::Condition>(i);
        CAPTURE(to_text(condition));
        for (const auto type : { StanzaError::Type::auth, StanzaError::Type::cancel,
                 StanzaError::Type::continue_, StanzaError::Type::modify, StanzaError::Type::wait }) {
            const auto read =
                StanzaError::from_element(StanzaError(condition, type, "why").to_element(ns::client));
            REQUIRE(read);
            CHECK(read->condition() == condition);
            CHECK(read->type() == type);
            CHECK(read->text() == "why");
            CHECK_FALSE(read->application());
        }
    }
}

// RFC 6120 §8.3.3-1
TEST_CASE("stanza error: the type is the one that the RFC pairs with the condition, or the first of two")
{
    using enum StanzaError::Condition;
    using Type = StanzaError::Type;
    const std::map<StanzaError::Condition, Type> paired {
        { bad_request, Type::modify },
        { conflict, Type::cancel },
        { feature_not_implemented, Type::cancel },
        { forbidden, Type::auth },
        { gone, Type::cancel },
        { internal_server_error, Type::cancel },
        { item_not_found, Type::cancel },
        { jid_malformed, Type::modify },
        { not_acceptable, Type::modify },
        { not_allowed, Type::cancel },
        { not_authorized, Type::auth },
        { policy_violation, Type::modify },
        { recipient_unavailable, Type::wait },
        { redirect, Type::modify },
        { registration_required, Type::auth },
        { remote_server_not_found, Type::cancel },
        { remote_server_timeout, Type::wait },
        { resource_constraint, Type::wait },
        { service_unavailable, Type::cancel },
        { subscription_required, Type::auth },
        { unexpected_request, Type::wait },
    };
    // The RFC pairs none with undefined-condition.
    REQUIRE(paired.size() == static_cast<std::size_t>(unexpected_request));
    for (const auto& [condition, type] : paired) {
        CAPTURE(to_text(condition));
        CHECK(to_text(StanzaError(condition).type()) == to_text(type));
    }
    CHECK(StanzaError(internal_server_error, Type::wait).type() == Type::wait);
}

// RFC 6120 §8.3.2-1
TEST_CASE("stanza error: application conditions and addresses (RFC 6120 §8.3.3.5, §8.3.4)")
{
    const StanzaError blocked =
        StanzaError(StanzaError::not_acceptable).with(Element("blocked", ns::blocking_errors));
    CHECK(to_xml(blocked.to_element(ns::client), ns::client)
        == "<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
           "<blocked xmlns='urn:xmpp:blocking:errors'/></error>");
    CHECK(StanzaError::from_element(blocked.to_element(ns::client))->application()->name() == "blocked");
    const StanzaError gone = StanzaError(StanzaError::gone).at("xmpp:romeo@example.net");
    CHECK(StanzaError::from_element(gone.to_element(ns::client))->uri() == "xmpp:romeo@example.net");
}

// XEP-0060 §8.8.2.4
TEST_CASE("stanza error: what is beside an error stands ahead of it in the answer")
{
    const Element iq =
        *parse_element("<iq xmlns='jabber:client' type='set' id='a' to='b@c'><x xmlns='y'/></iq>");
    const StanzaError error = StanzaError(StanzaError::not_acceptable).beside(Element("z", "y"));
    CHECK(to_xml(error_reply_to(iq, error), ns::client)
        == "<iq from='b@c' type='error' id='a'><z xmlns='y'/><error type='modify'>"
           "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
}

TEST_CASE("stanza error: without a known condition there is none")
{
    CHECK_FALSE(StanzaError::from_element(*parse_element("<error type='cancel'/>")));
    CHECK_FALSE(StanzaError::from_element(
        *parse_element("<error><gone/><foo xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")));
    const auto untyped = StanzaError::from_element(*parse_element(
        "<error type='x'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>a</forbidden></error>"));
    REQUIRE(untyped);
    CHECK(untyped->type() == StanzaError::Type::auth);
    CHECK(untyped->uri().empty());
}

// RFC 6120 §4.9.2-1
TEST_CASE("stream error: every condition goes out and comes back (RFC 6120 §4.9.3)")
{
    for (int i = 0; i <= static_cast<int>(StreamError::unsupported_version); ++i) {
        const auto condition = static_cast<StreamError::Condition>(i);
        CAPTURE(to_text(condition));
        const StreamError read = StreamError::from_element(StreamError(condition, "why").to_element());
        CHECK(read.condition() == condition);
        CHECK(read.text() == "why");
    }
    CHECK(to_text(StreamError::bad_format) == "bad-format");
    CHECK(to_text(StreamError::not_well_formed) == "not-well-formed");
    CHECK(to_text(StreamError::unsupported_version) == "unsupported-version");
}

// RFC 6120 §4.9.2-1
TEST_CASE("stream error: application conditions, other hosts, unknown conditions")
{
    const StreamError too_big =
        StreamError(StreamError::policy_violation).with(Element("stanza-too-big", "urn:xmpp:errors"));
    CHECK(to_xml(too_big.to_element())
        == "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>"
           "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
           "<stanza-too-big xmlns='urn:xmpp:errors'/></stream:error>");
    CHECK(StreamError::from_element(too_big.to_element()).application()->name() == "stanza-too-big");
    const StreamError other = StreamError(StreamError::see_other_host).at("[::1]:5222");
    CHECK(StreamError::from_element(other.to_element()).host() == "[::1]:5222");
    CHECK(StreamError::from_element(*parse_element("<error/>")).condition()
        == StreamError::undefined_condition);
}
