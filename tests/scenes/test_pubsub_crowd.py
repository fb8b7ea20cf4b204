# SPDX-License-Identifier: Apache-2.0
"""XEP-0060: a node with so many subscribers that an event goes out in portions (PB20)."""
import contextlib

import pytest

from support.raw import fresh_id, login

PUBSUB = "http://jabber.org/protocol/pubsub"
SERVICE = "pubsub.localhost"
ITEM = f"{{{PUBSUB}#event}}item"
ABSENT = 700
ITEMS = [f"item-{number}" for number in range(5)]


def subscribe(owner, node, jids):
    """§8.8.2: the owner does it for them."""
    for start in range(0, len(jids), 100):
        entries = "".join(f"<subscription jid='{jid}' subscription='subscribed'/>" for jid in jids[start:start + 100])
        answer = owner.ask("set", f"<pubsub xmlns='{PUBSUB}#owner'><subscriptions node='{node}'>{entries}"
                                  f"</subscriptions></pubsub>", to=SERVICE)
        assert answer.get("type") == "result"


def publish(owner, node, item):
    answer = owner.ask("set", f"<pubsub xmlns='{PUBSUB}'><publish node='{node}'><item id='{item}'><a xmlns='b'/></item>"
                              f"</publish></pubsub>", to=SERVICE)
    assert answer.get("type") == "result"


def events_of(client, count):
    """The ids of the items in the next events."""
    ids = []
    while len(ids) < count:
        ids += [item.get("id") for item in client.next_stanza().iter(ITEM)]
    return ids


@pytest.fixture
def people(server):
    """An owner, and readers who are subscribed first, in the middle and last."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(login(server, server.account(name), "here", presence=0))
                   for name in ("olga", "first", "middle", "last")]
        for client in clients:
            client.settle()
            client.forget()
        yield clients


def test_everybody_gets_each_item_once_and_in_order(people):
    owner, *readers = people
    node = fresh_id("crowd")
    assert owner.ask("set", f"<pubsub xmlns='{PUBSUB}'><create node='{node}'/></pubsub>", to=SERVICE).get("type") == "result"
    absent = [f"absent-{number}@localhost" for number in range(ABSENT)]
    first, middle, last = (reader.bare for reader in readers)
    subscribe(owner, node, [first, *absent[:ABSENT // 2], middle, *absent[ABSENT // 2:], last])
    for reader in readers:
        reader.settle()
        reader.forget()
    for item in ITEMS:
        publish(owner, node, item)
    for reader in readers:
        assert events_of(reader, len(ITEMS)) == ITEMS
        reader.expect_nothing()
