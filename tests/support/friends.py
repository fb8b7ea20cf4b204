# SPDX-License-Identifier: Apache-2.0
"""Brings two accounts into a subscription state of RFC 6121 Appendix A, by the stanzas people send."""
from support.raw import login

ROSTER = "<query xmlns='jabber:iq:roster'/>"

# State of the first account towards the second -> who sends what to get there from "None".
WAYS = {
    "None": [],
    "None+PendingOut": [("a", "subscribe")],
    "None+PendingIn": [("b", "subscribe")],
    "None+PendingOut+In": [("a", "subscribe"), ("b", "subscribe")],
    "To": [("a", "subscribe"), ("b", "subscribed")],
    "To+PendingIn": [("a", "subscribe"), ("b", "subscribed"), ("b", "subscribe")],
    "From": [("b", "subscribe"), ("a", "subscribed")],
    "From+PendingOut": [("b", "subscribe"), ("a", "subscribed"), ("a", "subscribe")],
    "Both": [("a", "subscribe"), ("b", "subscribed"), ("b", "subscribe"), ("a", "subscribed")],
}

# What the other account's state is called then.
MIRROR = {
    "None": "None",
    "None+PendingOut": "None+PendingIn",
    "None+PendingIn": "None+PendingOut",
    "None+PendingOut+In": "None+PendingOut+In",
    "To": "From",
    "To+PendingIn": "From+PendingOut",
    "From": "To",
    "From+PendingOut": "To+PendingIn",
    "Both": "Both",
}


def bring_to(state, a, b):
    """Walks two logged-in sessions into `state`, each step taken care of before the next."""
    for who, kind in WAYS[state]:
        sender, other = (a, b) if who == "a" else (b, a)
        sender.send(f"<presence to='{other.bare}' type='{kind}'/>")
        sender.settle()
        other.settle(sender)


def befriend(server, one, other, state="Both"):
    """Both accounts are in that state afterwards and nobody is online."""
    with login(server, one) as a, login(server, other) as b:
        bring_to(state, a, b)
        a.close()
        b.close()


def roster_item(session, jid):
    """The item for `jid` in a fresh copy of the roster, or None."""
    answer = session.ask("get", ROSTER)
    return next((item for item in answer.iter("{jabber:iq:roster}item") if item.get("jid") == jid), None)
