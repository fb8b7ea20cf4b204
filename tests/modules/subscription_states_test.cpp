// SPDX-License-Identifier: Apache-2.0
// RFC 6121 Appendix A, every row of A.2 and A.3, as the RFC prints them.
#include "modules/subscription_states.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string_view>

using namespace stonechat;

namespace {

struct Row {
    std::string_view existing;
    Handling plan;
    std::string_view next;
};
using Rows = std::array<Row, 9>;

constexpr std::array all_states { ContactState::none, ContactState::none_out, ContactState::none_in,
    ContactState::none_out_in, ContactState::to, ContactState::to_in, ContactState::from,
    ContactState::from_out, ContactState::both };

constexpr auto must = Handling::pass_on;
constexpr auto not_ = Handling::hold_back;
constexpr auto note = Handling::pre_approve;
constexpr auto auto_ = Handling::answer;

ContactState named(std::string_view text)
{
    for (const ContactState state : all_states) {
        if (to_text(state) == text) {
            return state;
        }
    }
    FAIL("no state " << text);
    return ContactState::none;
}

void check(Transition (*table)(Subscribing, ContactState), Subscribing stanza, const Rows& rows)
{
    for (const Row& row : rows) {
        CAPTURE(row.existing);
        const Transition transition = table(stanza, named(row.existing));
        CHECK(transition.plan == row.plan);
        CHECK(to_text(transition.next) == row.next);
    }
}

} // namespace

TEST_CASE("subscription states: outbound subscribe, RFC 6121 §A.2.1")
{
    check(outbound, Subscribing::subscribe,
        Rows { {
            { "None", must, "None + Pending Out" },
            { "None + Pending Out", must, "None + Pending Out" },
            { "None + Pending In", must, "None + Pending Out+In" },
            { "None + Pending Out+In", must, "None + Pending Out+In" },
            { "To", must, "To" },
            { "To + Pending In", must, "To + Pending In" },
            { "From", must, "From + Pending Out" },
            { "From + Pending Out", must, "From + Pending Out" },
            { "Both", must, "Both" },
        } });
}

TEST_CASE("subscription states: outbound unsubscribe, RFC 6121 §A.2.2")
{
    check(outbound, Subscribing::unsubscribe,
        Rows { {
            { "None", must, "None" },
            { "None + Pending Out", must, "None" },
            { "None + Pending In", must, "None + Pending In" },
            { "None + Pending Out+In", must, "None + Pending In" },
            { "To", must, "None" },
            { "To + Pending In", must, "None + Pending In" },
            { "From", must, "From" },
            { "From + Pending Out", must, "From" },
            { "Both", must, "From" },
        } });
}

TEST_CASE("subscription states: outbound subscribed, RFC 6121 §A.2.3; without a request it is a "
          "pre-approval, §3.4.2")
{
    check(outbound, Subscribing::subscribed,
        Rows { {
            { "None", note, "None" },
            { "None + Pending Out", note, "None + Pending Out" },
            { "None + Pending In", must, "From" },
            { "None + Pending Out+In", must, "From + Pending Out" },
            { "To", note, "To" },
            { "To + Pending In", must, "Both" },
            { "From", not_, "From" },
            { "From + Pending Out", not_, "From + Pending Out" },
            { "Both", not_, "Both" },
        } });
}

TEST_CASE("subscription states: outbound unsubscribed, RFC 6121 §A.2.4")
{
    check(outbound, Subscribing::unsubscribed,
        Rows { {
            { "None", not_, "None" },
            { "None + Pending Out", not_, "None + Pending Out" },
            { "None + Pending In", must, "None" },
            { "None + Pending Out+In", must, "None + Pending Out" },
            { "To", not_, "To" },
            { "To + Pending In", must, "To" },
            { "From", must, "None" },
            { "From + Pending Out", must, "None + Pending Out" },
            { "Both", must, "To" },
        } });
}

TEST_CASE("subscription states: inbound subscribe, RFC 6121 §A.3.1")
{
    check(inbound, Subscribing::subscribe,
        Rows { {
            { "None", must, "None + Pending In" },
            { "None + Pending Out", must, "None + Pending Out+In" },
            { "None + Pending In", not_, "None + Pending In" },
            { "None + Pending Out+In", not_, "None + Pending Out+In" },
            { "To", must, "To + Pending In" },
            { "To + Pending In", not_, "To + Pending In" },
            { "From", auto_, "From" },
            { "From + Pending Out", auto_, "From + Pending Out" },
            { "Both", auto_, "Both" },
        } });
}

TEST_CASE("subscription states: inbound unsubscribe, RFC 6121 §A.3.2")
{
    check(inbound, Subscribing::unsubscribe,
        Rows { {
            { "None", not_, "None" },
            { "None + Pending Out", not_, "None + Pending Out" },
            { "None + Pending In", must, "None" },
            { "None + Pending Out+In", must, "None + Pending Out" },
            { "To", not_, "To" },
            { "To + Pending In", must, "To" },
            { "From", must, "None" },
            { "From + Pending Out", must, "None + Pending Out" },
            { "Both", must, "To" },
        } });
}

TEST_CASE("subscription states: inbound subscribed, RFC 6121 §A.3.3")
{
    check(inbound, Subscribing::subscribed,
        Rows { {
            { "None", not_, "None" },
            { "None + Pending Out", must, "To" },
            { "None + Pending In", not_, "None + Pending In" },
            { "None + Pending Out+In", must, "To + Pending In" },
            { "To", not_, "To" },
            { "To + Pending In", not_, "To + Pending In" },
            { "From", not_, "From" },
            { "From + Pending Out", must, "Both" },
            { "Both", not_, "Both" },
        } });
}

TEST_CASE("subscription states: inbound unsubscribed, RFC 6121 §A.3.4")
{
    check(inbound, Subscribing::unsubscribed,
        Rows { {
            { "None", not_, "None" },
            { "None + Pending Out", must, "None" },
            { "None + Pending In", not_, "None + Pending In" },
            { "None + Pending Out+In", must, "None + Pending In" },
            { "To", must, "None" },
            { "To + Pending In", must, "None + Pending In" },
            { "From", not_, "From" },
            { "From + Pending Out", must, "From" },
            { "Both", must, "From" },
        } });
}

TEST_CASE("subscription states: a record keeps its state and gives it back")
{
    for (const ContactState state : all_states) {
        CAPTURE(to_text(state));
        RosterRecord record;
        record.pending_in = "<presence type='subscribe'/>";
        set_state(record, state);
        CHECK(state_of(record) == state);
    }
}

TEST_CASE("subscription states: what is not passed on or noted changes nothing")
{
    for (const auto stanza : { Subscribing::subscribe, Subscribing::unsubscribe, Subscribing::subscribed,
             Subscribing::unsubscribed }) {
        for (const ContactState state : all_states) {
            for (const Transition transition : { outbound(stanza, state), inbound(stanza, state) }) {
                if (transition.plan != Handling::pass_on) {
                    CHECK(transition.next == state);
                }
            }
        }
    }
}
