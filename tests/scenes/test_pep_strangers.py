# SPDX-License-Identifier: Apache-2.0
"""Requests to the nodes of an account do not tell strangers whether the account exists (A58, PB9)."""
import copy

import pytest

from support.match import show
from support.raw import login

PUBSUB = "http://jabber.org/protocol/pubsub"
REQUESTS = [
    ("get", PUBSUB, "<items/>"),
    ("get", PUBSUB, "<items node='urn:example:a'/>"),
    ("get", PUBSUB, "<items node='urn:example:a' max_items='none'/>"),
    ("get", PUBSUB, "<subscriptions/>"),
    ("get", PUBSUB, "<subscriptions node='urn:example:a'/>"),
    ("get", PUBSUB, "<affiliations/>"),
    ("get", PUBSUB, "<affiliations node='urn:example:a'/>"),
    ("get", PUBSUB, "<default/>"),
    ("get", PUBSUB, "<options node='urn:example:a' jid='{me}'/>"),
    ("get", PUBSUB, "<unknown/>"),
    ("get", PUBSUB, ""),
    ("set", PUBSUB, "<subscribe node='urn:example:a' jid='{me}'/>"),
    ("set", PUBSUB, "<subscribe node='urn:example:a' jid='somebody@localhost'/>"),
    ("set", PUBSUB, "<subscribe jid='{me}'/>"),
    ("set", PUBSUB, "<subscribe node='urn:example:a'/>"),
    ("set", PUBSUB, "<unsubscribe node='urn:example:a' jid='{me}'/>"),
    ("set", PUBSUB, "<unsubscribe node='urn:example:a' jid='somebody@localhost'/>"),
    ("set", PUBSUB, "<publish node='urn:example:a'><item><a xmlns='urn:example:a'/></item></publish>"),
    ("set", PUBSUB, "<publish node='urn:example:a'><item/><item/></publish>"),
    ("set", PUBSUB, "<publish/>"),
    ("set", PUBSUB, "<retract node='urn:example:a'/>"),
    ("set", PUBSUB, "<retract node='urn:example:a'><item id='1'/></retract>"),
    ("set", PUBSUB, "<create node='urn:example:a'/>"),
    ("set", PUBSUB, "<create/>"),
    ("get", f"{PUBSUB}#owner", "<default/>"),
    ("get", f"{PUBSUB}#owner", "<configure/>"),
    ("get", f"{PUBSUB}#owner", "<configure node='urn:example:a'/>"),
    ("get", f"{PUBSUB}#owner", "<affiliations node='urn:example:a'/>"),
    ("get", f"{PUBSUB}#owner", "<subscriptions node='urn:example:a'/>"),
    ("set", f"{PUBSUB}#owner", "<configure node='urn:example:a'/>"),
    ("set", f"{PUBSUB}#owner", "<delete node='urn:example:a'/>"),
    ("set", f"{PUBSUB}#owner", "<purge node='urn:example:a'/>"),
    ("set", f"{PUBSUB}#owner", "<affiliations node='urn:example:a'/>"),
]


def answer_of(client, to, kind, ns, operation):
    """What came back, without what it has to differ in."""
    payload = f"<pubsub xmlns='{ns}'>{operation.format(me=client.bare)}</pubsub>"
    answer = copy.deepcopy(client.ask(kind, payload, to=to))
    assert answer.get("from") == to
    del answer.attrib["id"], answer.attrib["from"]
    return show(answer)


@pytest.mark.parametrize("kind, ns, operation", REQUESTS)
def test_nobody_answers_like_an_account_without_nodes(server, kind, ns, operation):
    account = server.account("juliet").jid
    nobody = account.replace("juliet", "nobody")
    with login(server, server.account("benvolio"), "square") as stranger:
        assert answer_of(stranger, account, kind, ns, operation) == answer_of(stranger, nobody, kind, ns, operation)
