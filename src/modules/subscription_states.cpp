// SPDX-License-Identifier: Apache-2.0
#include "modules/subscription_states.hpp"

#include <array>

namespace stonechat {
namespace {

using enum ContactState;
using enum Handling;

constexpr std::size_t states = 9;
using Table = std::array<Transition, states>; // indexed by the existing state

// clang-format off
constexpr std::array<Table, 4> outbound_tables {
    Table {{ // §A.2.1 subscribe
        {pass_on, none_out}, {pass_on, none_out}, {pass_on, none_out_in}, {pass_on, none_out_in}, // None …
        {pass_on, to}, {pass_on, to_in},                                                          // To …
        {pass_on, from_out}, {pass_on, from_out}, {pass_on, both},                                // From …, Both
    }},
    Table {{ // §A.2.2 unsubscribe
        {pass_on, none}, {pass_on, none}, {pass_on, none_in}, {pass_on, none_in},
        {pass_on, none}, {pass_on, none_in},
        {pass_on, from}, {pass_on, from}, {pass_on, from},
    }},
    Table {{ // §A.2.3 subscribed
        {pre_approve, none}, {pre_approve, none_out}, {pass_on, from}, {pass_on, from_out},
        {pre_approve, to}, {pass_on, both},
        {hold_back, from}, {hold_back, from_out}, {hold_back, both},
    }},
    Table {{ // §A.2.4 unsubscribed
        {hold_back, none}, {hold_back, none_out}, {pass_on, none}, {pass_on, none_out},
        {hold_back, to}, {pass_on, to},
        {pass_on, none}, {pass_on, none_out}, {pass_on, to},
    }},
};

constexpr std::array<Table, 4> inbound_tables {
    Table {{ // §A.3.1 subscribe
        {pass_on, none_in}, {pass_on, none_out_in}, {hold_back, none_in}, {hold_back, none_out_in},
        {pass_on, to_in}, {hold_back, to_in},
        {answer, from}, {answer, from_out}, {answer, both},
    }},
    Table {{ // §A.3.2 unsubscribe
        {hold_back, none}, {hold_back, none_out}, {pass_on, none}, {pass_on, none_out},
        {hold_back, to}, {pass_on, to},
        {pass_on, none}, {pass_on, none_out}, {pass_on, to},
    }},
    Table {{ // §A.3.3 subscribed
        {hold_back, none}, {pass_on, to}, {hold_back, none_in}, {pass_on, to_in},
        {hold_back, to}, {hold_back, to_in},
        {hold_back, from}, {pass_on, both}, {hold_back, both},
    }},
    Table {{ // §A.3.4 unsubscribed
        {hold_back, none}, {pass_on, none}, {hold_back, none_in}, {pass_on, none_in},
        {pass_on, none}, {pass_on, none_in},
        {hold_back, from}, {pass_on, from}, {pass_on, from},
    }},
};
// clang-format on

struct Parts {
    SubscriptionState subscription;
    bool pending_out;
    bool pending_in;
    std::string_view text;
};

// In the order of ContactState.
constexpr std::array<Parts, states> parts {
    Parts { SubscriptionState::none, false, false, "None" },
    Parts { SubscriptionState::none, true, false, "None + Pending Out" },
    Parts { SubscriptionState::none, false, true, "None + Pending In" },
    Parts { SubscriptionState::none, true, true, "None + Pending Out+In" },
    Parts { SubscriptionState::to, false, false, "To" },
    Parts { SubscriptionState::to, false, true, "To + Pending In" },
    Parts { SubscriptionState::from, false, false, "From" },
    Parts { SubscriptionState::from, true, false, "From + Pending Out" },
    Parts { SubscriptionState::both, false, false, "Both" },
};

const Parts& parts_of(ContactState state)
{
    return parts[static_cast<std::size_t>(state)];
}

} // namespace

Transition outbound(Subscribing stanza, ContactState existing)
{
    return outbound_tables[static_cast<std::size_t>(stanza)][static_cast<std::size_t>(existing)];
}

Transition inbound(Subscribing stanza, ContactState existing)
{
    return inbound_tables[static_cast<std::size_t>(stanza)][static_cast<std::size_t>(existing)];
}

std::optional<Subscribing> subscribing(PresenceType type)
{
    switch (type) {
    case PresenceType::subscribe: return Subscribing::subscribe;
    case PresenceType::unsubscribe: return Subscribing::unsubscribe;
    case PresenceType::subscribed: return Subscribing::subscribed;
    case PresenceType::unsubscribed: return Subscribing::unsubscribed;
    case PresenceType::available:
    case PresenceType::unavailable:
    case PresenceType::probe:
    case PresenceType::error: return std::nullopt;
    }
    return std::nullopt;
}

ContactState state_of(const RosterRecord& record)
{
    const bool in = record.pending_in.has_value();
    switch (record.subscription) {
    case SubscriptionState::none:
        if (record.pending_out) {
            return in ? none_out_in : none_out;
        }
        return in ? none_in : none;
    case SubscriptionState::to: return in ? to_in : to;
    case SubscriptionState::from: return record.pending_out ? from_out : from;
    case SubscriptionState::both: return both;
    }
    return none;
}

void set_state(RosterRecord& record, ContactState state)
{
    record.subscription = parts_of(state).subscription;
    record.pending_out = parts_of(state).pending_out;
    if (!parts_of(state).pending_in) {
        record.pending_in.reset();
    }
}

std::string_view to_text(ContactState state)
{
    return parts_of(state).text;
}

} // namespace stonechat
