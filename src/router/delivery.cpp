// SPDX-License-Identifier: Apache-2.0
#include "router/delivery.hpp"

#include <array>

namespace stonechat {
namespace {

using enum Delivery;

constexpr std::size_t addressees = 6;
using Row = std::array<Delivery, addressees>;

template <class Table, class Type> Delivery cell(const Table& table, Type type, Addressee addressee)
{
    return table[static_cast<std::size_t>(type)][static_cast<std::size_t>(addressee)];
}

// Where the RFC allows an error or silence, two rules decide: a message that was acknowledged to its sender
// is kept or refused, never lost in silence; and an account that does not exist answers like an account
// without available resources.

// clang-format off
// RFC 6121 §8.5.4, table 1. Columns: Addressee; rows: MessageType.
constexpr std::array<Row, 5> messages {
    //   no user  none there  only < 0  available     full match  no match
    Row {ignore,  store,      store,    non_negative, resource,   refuse},  // normal
    Row {ignore,  store,      store,    non_negative, resource,   as_bare}, // chat
    Row {refuse,  refuse,     refuse,   refuse,       resource,   refuse},  // groupchat
    Row {ignore,  ignore,     ignore,   non_negative, resource,   ignore},  // headline
    Row {ignore,  ignore,     ignore,   ignore,       resource,   ignore},  // error
};

// RFC 6121 §8.5.1, §8.5.2.1.2, §8.5.2.2.2, §8.5.3.1, §8.5.3.2.2; rows: PresenceType.
constexpr std::array<Row, 8> presences {
    //   no user  none there  only < 0   available  full match  no match
    Row {ignore,  ignore,     available, available, resource,   ignore}, // available
    Row {ignore,  ignore,     available, available, resource,   ignore}, // unavailable
    Row {ignore,  handle,     handle,    handle,    handle,     handle}, // subscribe
    Row {ignore,  handle,     handle,    handle,    handle,     handle}, // subscribed
    Row {ignore,  handle,     handle,    handle,    handle,     handle}, // unsubscribe
    Row {ignore,  handle,     handle,    handle,    handle,     handle}, // unsubscribed
    Row {handle,  handle,     handle,    handle,    handle,     handle}, // probe
    Row {ignore,  ignore,     available, available, resource,   ignore}, // error
};

// RFC 6121 §8.5.1, §8.5.2.1.3, §8.5.2.2.3, §8.5.3.1, §8.5.3.2.3; rows: IqType.
constexpr std::array<Row, 4> iqs {
    //   no user  none there  only < 0  available  full match  no match
    Row {refuse,  handle,     handle,   handle,    resource,   refuse}, // get
    Row {refuse,  handle,     handle,   handle,    resource,   refuse}, // set
    Row {ignore,  ignore,     ignore,   ignore,    resource,   ignore}, // result
    Row {ignore,  ignore,     ignore,   ignore,    resource,   ignore}, // error
};
// clang-format on

Delivery decide_kind(const Stanza& stanza, Addressee addressee)
{
    switch (stanza.kind()) {
    case StanzaKind::message: return decide_message(stanza.message_type(), addressee);
    case StanzaKind::presence: return decide_presence(stanza.presence_type(), addressee);
    case StanzaKind::iq: return decide_iq(stanza.iq_type(), addressee);
    }
    return ignore;
}

} // namespace

Delivery decide_message(MessageType type, Addressee addressee)
{
    return cell(messages, type, addressee);
}

Delivery decide_presence(PresenceType type, Addressee addressee)
{
    return cell(presences, type, addressee);
}

Delivery decide_iq(IqType type, Addressee addressee)
{
    return cell(iqs, type, addressee);
}

Delivery decide(const Stanza& stanza, Addressee addressee)
{
    // A full JID without account is refused exactly when an absent resource of an account would be.
    if (stanza.kind() == StanzaKind::message && addressee == Addressee::no_such_user
        && stanza.to().has_resource()) {
        const Delivery elsewhere = decide_message(stanza.message_type(), Addressee::full_no_match);
        return elsewhere == as_bare ? decide_message(stanza.message_type(), addressee) : elsewhere;
    }
    return decide_kind(stanza, addressee);
}

std::string_view to_text(Addressee addressee)
{
    switch (addressee) {
    case Addressee::no_such_user: return "no such user";
    case Addressee::bare_none_available: return "bare, nobody available";
    case Addressee::bare_only_negative: return "bare, only negative priorities";
    case Addressee::bare_available: return "bare, available";
    case Addressee::full_match: return "full, connected";
    case Addressee::full_no_match: return "full, not connected";
    }
    return {};
}

std::string_view to_text(Delivery delivery)
{
    switch (delivery) {
    case resource: return "to the resource";
    case non_negative: return "to resources that are not negative";
    case available: return "to available resources";
    case handle: return "handled for the account";
    case store: return "stored";
    case as_bare: return "as to the bare address";
    case refuse: return "refused";
    case ignore: return "ignored";
    }
    return {};
}

} // namespace stonechat
