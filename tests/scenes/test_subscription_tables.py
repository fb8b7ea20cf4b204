# SPDX-License-Identifier: Apache-2.0
"""RFC 6121 Appendix A as data: what a subscription stanza does in each state.

Each test brings user and contact into a state by the stanzas people send, lets the user send one more,
and looks at both sides: the user's row of A.2 (outbound) and the contact's row of A.3 (inbound).
"""
import pytest

from support.friends import MIRROR, WAYS, bring_to, roster_item
from support.raw import login

STATES = list(WAYS)
KINDS = ["subscribe", "unsubscribe", "subscribed", "unsubscribed"]

# A.2: state -> (routed to the contact, new state). "None+Approved" and the like: the pre-approval of 3.4.
OUTBOUND = {
    "subscribe": {
        "None": (True, "None+PendingOut"),
        "None+PendingOut": (True, "None+PendingOut"),
        "None+PendingIn": (True, "None+PendingOut+In"),
        "None+PendingOut+In": (True, "None+PendingOut+In"),
        "To": (True, "To"),
        "To+PendingIn": (True, "To+PendingIn"),
        "From": (True, "From+PendingOut"),
        "From+PendingOut": (True, "From+PendingOut"),
        "Both": (True, "Both"),
    },
    "unsubscribe": {
        "None": (True, "None"),
        "None+PendingOut": (True, "None"),
        "None+PendingIn": (True, "None+PendingIn"),
        "None+PendingOut+In": (True, "None+PendingIn"),
        "To": (True, "None"),
        "To+PendingIn": (True, "None+PendingIn"),
        "From": (True, "From"),
        "From+PendingOut": (True, "From"),
        "Both": (True, "From"),
    },
    "subscribed": {
        "None": (False, "None+Approved"),
        "None+PendingOut": (False, "None+PendingOut+Approved"),
        "None+PendingIn": (True, "From"),
        "None+PendingOut+In": (True, "From+PendingOut"),
        "To": (False, "To+Approved"),
        "To+PendingIn": (True, "Both"),
        "From": (False, "From"),
        "From+PendingOut": (False, "From+PendingOut"),
        "Both": (False, "Both"),
    },
    "unsubscribed": {
        "None": (False, "None"),
        "None+PendingOut": (False, "None+PendingOut"),
        "None+PendingIn": (True, "None"),
        "None+PendingOut+In": (True, "None+PendingOut"),
        "To": (False, "To"),
        "To+PendingIn": (True, "To"),
        "From": (True, "None"),
        "From+PendingOut": (True, "None+PendingOut"),
        "Both": (True, "To"),
    },
}

# A.3: state -> (delivered to the contact's resources, new state).
INBOUND = {
    "subscribe": {
        "None": (True, "None+PendingIn"),
        "None+PendingOut": (True, "None+PendingOut+In"),
        "None+PendingIn": (False, "None+PendingIn"),
        "None+PendingOut+In": (False, "None+PendingOut+In"),
        "To": (True, "To+PendingIn"),
        "To+PendingIn": (False, "To+PendingIn"),
        "From": (False, "From"),
        "From+PendingOut": (False, "From+PendingOut"),
        "Both": (False, "Both"),
    },
    "unsubscribe": {
        "None": (False, "None"),
        "None+PendingOut": (False, "None+PendingOut"),
        "None+PendingIn": (True, "None"),
        "None+PendingOut+In": (True, "None+PendingOut"),
        "To": (False, "To"),
        "To+PendingIn": (True, "To"),
        "From": (True, "None"),
        "From+PendingOut": (True, "None+PendingOut"),
        "Both": (True, "To"),
    },
    "subscribed": {
        "None": (False, "None"),
        "None+PendingOut": (True, "To"),
        "None+PendingIn": (False, "None+PendingIn"),
        "None+PendingOut+In": (True, "To+PendingIn"),
        "To": (False, "To"),
        "To+PendingIn": (False, "To+PendingIn"),
        "From": (False, "From"),
        "From+PendingOut": (True, "Both"),
        "Both": (False, "Both"),
    },
    "unsubscribed": {
        "None": (False, "None"),
        "None+PendingOut": (True, "None"),
        "None+PendingIn": (False, "None+PendingIn"),
        "None+PendingOut+In": (True, "None+PendingIn"),
        "To": (True, "None"),
        "To+PendingIn": (True, "None+PendingIn"),
        "From": (False, "From"),
        "From+PendingOut": (True, "From"),
        "Both": (True, "From"),
    },
}


def state_of(server, session, other):
    """The state as it can be seen: the roster, and for a pending request what a new resource is given."""
    item = roster_item(session, other.jid)
    subscription = "none" if item is None else item.get("subscription")
    state = subscription.capitalize()
    pending_out = item is not None and item.get("ask") == "subscribe"
    pending_in = has_pending_request(server, session.account, other)
    state += {(False, False): "", (True, False): "+PendingOut", (False, True): "+PendingIn",
              (True, True): "+PendingOut+In"}[pending_out, pending_in]
    return state + ("+Approved" if item is not None and item.get("approved") == "true" else "")


def has_pending_request(server, account, other):
    """A waiting request is shown to each resource that becomes available (RFC 6121 3.1.3)."""
    with login(server, account) as later:
        return any(e.get("type") == "subscribe" and e.get("from") == other.jid for e in later.become_available())


@pytest.fixture
def couple(server):
    accounts = server.accounts("user", "contact")
    sessions = [login(server, each, "here", presence=True, roster=True) for each in accounts]
    for session, account in zip(sessions, accounts):
        session.account = account
    yield sessions
    for session in sessions:
        session.drop()


# RFC 6121 §3.1.6-1 §3.2.2-1 §3.2.3-1 §3.3.3-1 §3.4.2-1 §3.4.2-2
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", STATES)
def test_rfc_6121_appendix_a(server, couple, state, kind):
    user, contact = couple
    bring_to(state, user, contact)
    assert state_of(server, user, contact.account) == state, "the way to the state"
    assert state_of(server, contact, user.account) == MIRROR[state], "the way to the state"
    for session in couple:
        session.forget(*couple)

    user.send(f"<presence to='{contact.bare}' type='{kind}'/>")
    contact.settle(user)
    user.settle(contact)

    routed, user_state = OUTBOUND[kind][state]
    delivered, contact_state = INBOUND[kind][MIRROR[state]] if routed else (False, MIRROR[state])
    seen = [e for e in contact.inbox if e.get("type") == kind and e.get("from") == user.bare]
    assert bool(seen) == delivered, f"A.3: delivered to the contact: {bool(seen)}"
    assert len(seen) <= 1, "delivered twice"
    assert state_of(server, user, contact.account) == user_state, "A.2: new state of the user"
    assert state_of(server, contact, user.account) == contact_state, "A.3: new state of the contact"


# RFC 6121 §3.1.6-2
def test_pushes_tell_each_change(server, couple):
    """RFC 6121 3.1.2, 3.1.6: each change of state is pushed to interested resources."""
    user, contact = couple
    bring_to("Both", user, contact)
    for session in couple:
        item = "{jabber:iq:roster}item"
        pushes = [(i.get("subscription"), i.get("ask")) for e in session.forget() for i in e.iter(item)]
        steps = [("none", "subscribe"), ("to", None), ("both", None)] if session is user else \
                [("from", None), ("from", "subscribe"), ("both", None)]
        assert pushes == steps, f"{session.jid}: {pushes}"


# RFC 6121 §3.1.5-1 §3.1.6-2
def test_the_approval_comes_before_the_presence_it_allows(server, couple):
    """RFC 6121 3.1.5, 3.1.6: 'subscribed', then the roster push, then what the user may see from now on."""
    user, contact = couple
    user.send(f"<presence to='{contact.bare}' type='subscribe'/>")
    contact.expect("<presence type='subscribe'/>")
    user.forget(contact)
    contact.send(f"<presence to='{user.bare}' type='subscribed'/>")
    user.settle(contact)
    kinds = [e.get("type") if e.tag.endswith("presence") else "push" for e in user.inbox]
    assert kinds == ["subscribed", "push", None]


def test_every_row_that_local_accounts_can_reach_is_driven():
    """What the user's server does not route cannot reach the contact's table from an account of the same
    server; those rows say 'not delivered, no change' and need a remote server to be driven."""
    driven = {(kind, MIRROR[state]) for kind in KINDS for state in STATES if OUTBOUND[kind][state][0]}
    left = {(kind, state) for kind in KINDS for state in STATES} - driven
    assert all(INBOUND[kind][state] == (False, state) for kind, state in left), left
