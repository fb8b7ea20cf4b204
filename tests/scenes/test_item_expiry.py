# SPDX-License-Identifier: Apache-2.0
"""XEP-0060 pubsub#item_expire: items are removed when their lifetime is over, and subscribers are told if the node is
configured so (PB19)."""
from support.raw import fresh_id, login

PUBSUB = "http://jabber.org/protocol/pubsub"
SERVICE = "pubsub.localhost"
# What has expired is looked for every 10 seconds.
EXPIRY = 60


def create(owner, notifies):
    node = fresh_id("leaf")
    fields = "".join(f"<field var='pubsub#{name}'><value>{value}</value></field>"
                     for name, value in (("item_expire", 1), ("notify_retract", notifies)))
    form = (f"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{PUBSUB}#node_config</value></field>"
            f"{fields}</x>")
    assert owner.ask("set", f"<pubsub xmlns='{PUBSUB}'><create node='{node}'/><configure>{form}</configure></pubsub>",
                     to=SERVICE).get("type") == "result"
    return node


def items(client, node):
    answer = client.ask("get", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'/></pubsub>", to=SERVICE)
    return [item.get("id") for item in answer.iter(f"{{{PUBSUB}}}item")]


def test_only_subscribers_of_a_node_that_notifies_are_told(server):
    with login(server, server.account("olga"), "here", presence=0) as owner, \
            login(server, server.account("rita"), "here", presence=0) as reader:
        nodes = {notifies: create(owner, notifies) for notifies in (0, 1)}
        for node in nodes.values():
            assert reader.ask("set", f"<pubsub xmlns='{PUBSUB}'><subscribe node='{node}' jid='{reader.bare}'/></pubsub>",
                              to=SERVICE).get("type") == "result"
            assert owner.ask("set", f"<pubsub xmlns='{PUBSUB}'><publish node='{node}'><item id='1'><a xmlns='b'/></item>"
                                    "</publish></pubsub>", to=SERVICE).get("type") == "result"
            reader.expect(f"<message><event xmlns='{PUBSUB}#event'><items node='{node}'><item id='1'/></items></event></message>")
        reader.expect(f"<message><event xmlns='{PUBSUB}#event'><items node='{nodes[1]}'><retract id='1'/></items></event>"
                      "</message>", wait=EXPIRY)
        assert items(reader, nodes[0]) == items(reader, nodes[1]) == []
        reader.expect_nothing()
