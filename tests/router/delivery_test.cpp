// SPDX-License-Identifier: Apache-2.0
// RFC 6121 §8.5, cell by cell. The expectations are written down here once more, in the letters of
// the RFC's own table 1 where it has one, so that a slip in the source does not pass as its own proof.
#include "router/delivery.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

using namespace stonechat;

namespace {

constexpr std::array all_addressees { Addressee::no_such_user, Addressee::bare_none_available,
    Addressee::bare_only_negative, Addressee::bare_available, Addressee::full_match,
    Addressee::full_no_match };

/// O store, S ignore, E refuse, D to the resource, N to the non-negative, A to the available, H handle,
/// B as if to the bare address.
char pending(Delivery delivery)
{
    switch (delivery) {
    case Delivery::resource: return 'D';
    case Delivery::non_negative: return 'N';
    case Delivery::available: return 'A';
    case Delivery::handle: return 'H';
    case Delivery::store: return 'O';
    case Delivery::as_bare: return 'B';
    case Delivery::refuse: return 'E';
    case Delivery::ignore: return 'S';
    }
    return '?';
}

template <class Type> std::string row(Delivery (*decide)(Type, Addressee), Type type)
{
    std::string letters;
    for (const Addressee addressee : all_addressees) {
        letters += pending(decide(type, addressee));
    }
    return letters;
}

Stanza message_to(std::string_view to, MessageType type)
{
    return Stanza::message(*Jid::parse("romeo@montague.lit/orchard"), *Jid::parse(to), type);
}

} // namespace

// Columns: no such user, bare and nobody available, bare and only negative priorities, bare and
// available, full and connected, full and not connected.

// RFC 6121 §8.5.2.1.1-1 §8.5.2.1.1-2 §8.5.2.1.1-3 §8.5.2.1.1-4 §8.5.2.1.1-5 §8.5.2.1.1-6 §8.5.2.2.1-1
// RFC 6121 §8.5.2.2.1-2 §8.5.3.1-2 §8.5.3.2.1-1 §8.5.3.2.1-2 §8.5.3.2.1-3
TEST_CASE("delivery: messages, RFC 6121 §8.5.4 table 1")
{
    CHECK(row(decide_message, MessageType::normal) == "SOONDE");
    CHECK(row(decide_message, MessageType::chat) == "SOONDB");
    CHECK(row(decide_message, MessageType::groupchat) == "EEEEDE");
    CHECK(row(decide_message, MessageType::headline) == "SSSNDS");
    CHECK(row(decide_message, MessageType::error) == "SSSSDS");
}

// RFC 6121 §8.5.2.1.2-1 §8.5.2.2.2-1 §8.5.3.2.2-1
TEST_CASE("delivery: presence, RFC 6121 §8.5.1, §8.5.2.1.2, §8.5.2.2.2, §8.5.3")
{
    CHECK(row(decide_presence, PresenceType::available) == "SSAADS");
    CHECK(row(decide_presence, PresenceType::unavailable) == "SSAADS");
    CHECK(row(decide_presence, PresenceType::error) == "SSAADS");
    CHECK(row(decide_presence, PresenceType::subscribe) == "SHHHHH");
    CHECK(row(decide_presence, PresenceType::subscribed) == "SHHHHH");
    CHECK(row(decide_presence, PresenceType::unsubscribe) == "SHHHHH");
    CHECK(row(decide_presence, PresenceType::unsubscribed) == "SHHHHH");
    CHECK(row(decide_presence, PresenceType::probe) == "HHHHHH");
}

// RFC 6121 §8.5.2.1.3-1 §8.5.2.2.3-1 §8.5.3.2.3-1
TEST_CASE("delivery: iq, RFC 6121 §8.5.1, §8.5.2.1.3, §8.5.2.2.3, §8.5.3")
{
    CHECK(row(decide_iq, IqType::get) == "EHHHDE");
    CHECK(row(decide_iq, IqType::set) == "EHHHDE");
    CHECK(row(decide_iq, IqType::result) == "SSSSDS");
    CHECK(row(decide_iq, IqType::error) == "SSSSDS");
}

TEST_CASE("delivery: an error is never refused, whoever it is for (RFC 6120 §8.3.1)")
{
    for (const Addressee addressee : all_addressees) {
        CHECK(decide_message(MessageType::error, addressee) != Delivery::refuse);
        CHECK(decide_presence(PresenceType::error, addressee) != Delivery::refuse);
        CHECK(decide_iq(IqType::error, addressee) != Delivery::refuse);
        CHECK(decide_iq(IqType::result, addressee) != Delivery::refuse);
    }
}

// RFC 6121 §8.5.2.1.1-6
TEST_CASE("delivery: no message type reaches a resource with a negative priority by the bare JID")
{
    for (const auto type : { MessageType::normal, MessageType::chat, MessageType::groupchat,
             MessageType::headline, MessageType::error }) {
        CHECK(decide_message(type, Addressee::bare_available) != Delivery::available);
        CHECK(decide_message(type, Addressee::bare_only_negative)
            == decide_message(type, Addressee::bare_none_available));
    }
}

// RFC 6121 §8.1-1
TEST_CASE("delivery: to its sender, an account that does not exist looks like one where nobody is")
{
    for (const auto type : { MessageType::normal, MessageType::chat, MessageType::groupchat,
             MessageType::headline, MessageType::error }) {
        const auto silent = [](Delivery delivery) { return delivery != Delivery::refuse; };
        const Stanza to_bare = message_to("juliet@capulet.lit", type);
        CHECK(silent(decide(to_bare, Addressee::no_such_user))
            == silent(decide(to_bare, Addressee::bare_none_available)));
        const Stanza to_full = message_to("juliet@capulet.lit/gone", type);
        CHECK(silent(decide(to_full, Addressee::no_such_user))
            == silent(decide(to_full, Addressee::full_no_match)));
    }
}

TEST_CASE("delivery: what cannot be decided again is not asked to be")
{
    for (const auto type : { MessageType::normal, MessageType::chat, MessageType::groupchat,
             MessageType::headline, MessageType::error }) {
        for (const Addressee addressee : all_addressees) {
            if (addressee != Addressee::full_no_match) {
                CHECK(decide_message(type, addressee) != Delivery::as_bare);
            }
        }
        CHECK(decide(message_to("juliet@capulet.lit/gone", type), Addressee::no_such_user)
            != Delivery::as_bare);
    }
}
