# SPDX-License-Identifier: Apache-2.0
"""What was published is there after the server was killed: items, configuration and subscriptions (PB5)."""
from support.capabilities import Capabilities
from support.friends import befriend
from support.raw import login

PUBSUB = "http://jabber.org/protocol/pubsub"
ITEM = f"{{{PUBSUB}}}item"
EVENT_ITEM = f"{{{PUBSUB}#event}}item"
TUNE = "http://jabber.org/protocol/tune"


def publish(client, identity, options=""):
    answer = client.ask("set", f"<pubsub xmlns='{PUBSUB}'><publish node='{TUNE}'><item id='{identity}'>"
                               f"<tune xmlns='{TUNE}'/></item></publish>{options}</pubsub>")
    assert answer.get("type") == "result"


OPEN = (f"<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{PUBSUB}#publish-options"
        "</value></field><field var='pubsub#access_model'><value>open</value></field>"
        "<field var='pubsub#max_items'><value>max</value></field></x></publish-options>")


def read(client, account):
    answer = client.ask("get", f"<pubsub xmlns='{PUBSUB}'><items node='{TUNE}'/></pubsub>", to=account)
    return [item.get("id") for item in answer.iter(ITEM)]


def event_of(client, identity):
    client.expect(lambda element: [item.get("id") for item in element.iter(EVENT_ITEM)] == [identity],
                  what=f"event of {identity}")


def test_nodes_outlive_a_kill(private_server):
    server = private_server()
    juliet, romeo, stranger = server.accounts("juliet", "romeo", "benvolio")
    befriend(server, juliet, romeo)
    with login(server, juliet, "balcony", presence=True) as owner, login(server, stranger, "square") as subscriber:
        publish(owner, "one", OPEN)
        publish(owner, "two")
        answer = subscriber.ask("set", f"<pubsub xmlns='{PUBSUB}'><subscribe node='{TUNE}' jid='{stranger.jid}'/>"
                                       "</pubsub>", to=juliet.jid)
        assert answer.get("type") == "result"
        server.kill()
    server.start()
    with login(server, stranger, "square", presence=True) as subscriber, login(server, romeo, "orchard") as contact:
        assert read(subscriber, juliet.jid) == ["one", "two"]
        contact.announce(Capabilities.interested_in([TUNE]))
        event_of(contact, "two")
        with login(server, juliet, "balcony") as owner:
            publish(owner, "three", OPEN)
        event_of(subscriber, "three")
        event_of(contact, "three")
        assert read(contact, juliet.jid) == ["one", "two", "three"]


def test_a_node_is_there_with_its_first_item_or_not_at_all(private_server):
    server = private_server()
    accounts = server.accounts(*(f"juliet{number}" for number in range(20)))
    clients = [login(server, account, "balcony") for account in accounts]
    for client in clients:
        client.send(f"<iq type='set' id='first'><pubsub xmlns='{PUBSUB}'><publish node='{TUNE}'><item id='one'>"
                    f"<tune xmlns='{TUNE}'/></item></publish>{OPEN}</pubsub></iq>")
    server.kill()
    for client in clients:
        client.drop()
    server.start()
    with login(server, server.account("benvolio"), "square") as stranger:
        for account in accounts:
            answer = stranger.ask("get", f"<pubsub xmlns='{PUBSUB}'><items node='{TUNE}'/></pubsub>", to=account.jid)
            is_missing = answer.get("type") == "error"
            assert is_missing or [item.get("id") for item in answer.iter(ITEM)] == ["one"]
