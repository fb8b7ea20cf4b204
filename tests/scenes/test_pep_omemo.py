# SPDX-License-Identifier: Apache-2.0
"""XEP-0384: the keys of an account with many devices (PB7, PB10), and those of all members of a room (PB11)."""
import base64
import random
import time

import pytest

from support.raw import login

PUBSUB = "http://jabber.org/protocol/pubsub"
ITEM = f"{{{PUBSUB}}}item"
OMEMO = "urn:xmpp:omemo:2"
LEGACY = "eu.siacs.conversations.axolotl"
DEVICES = [str(1_000_000 + 7919 * number) for number in range(12)]


def key(draw):
    return base64.b64encode(draw.randbytes(66)).decode()


def bundle(device):
    """About 10 KiB; the same for the same device."""
    draw = random.Random(device)
    keys = "".join(f"<pk id='{number}'>{key(draw)}</pk>" for number in range(1, 101))
    return (f"<bundle xmlns='{OMEMO}'><spk id='1'>{key(draw)}</spk><spks>{key(draw)}</spks><ik>{key(draw)}</ik>"
            f"<prekeys>{keys}</prekeys></bundle>")


def publish(client, node, item, payload, *options):
    fields = "".join(f"<field var='{var}'><value>{value}</value></field>" for var, value in options)
    answer = client.ask("set", f"<pubsub xmlns='{PUBSUB}'><publish node='{node}'><item id='{item}'>{payload}</item>"
                               f"</publish><publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
                               f"<value>{PUBSUB}#publish-options</value></field>{fields}</x></publish-options></pubsub>")
    assert answer.get("type") == "result"


def items(client, account, node, *ids):
    asked = "".join(f"<item id='{identity}'/>" for identity in ids)
    answer = client.ask("get", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{asked}</items></pubsub>", to=account)
    assert answer.get("type") == "result"
    return list(answer.iter(ITEM))


def prekeys(item):
    return [each.text for each in item.iter(f"{{{OMEMO}}}pk")]


def expected_prekeys(device):
    draw = random.Random(device)
    return [key(draw) for _ in range(100)]


@pytest.fixture
def juliet(server):
    account = server.account("juliet")
    with login(server, account, "balcony") as client:
        yield client


@pytest.fixture
def stranger(server):
    with login(server, server.account("benvolio"), "square") as client:
        yield client


def test_each_device_has_an_item_of_one_node(juliet, stranger):
    for device in DEVICES:
        publish(juliet, f"{OMEMO}:bundles", device, bundle(device),
                ("pubsub#max_items", "max"), ("pubsub#access_model", "open"))
    account = juliet.bare
    juliet.close()
    everything = items(stranger, account, f"{OMEMO}:bundles")
    assert [item.get("id") for item in everything] == DEVICES
    assert [prekeys(item) for item in everything] == [expected_prekeys(device) for device in DEVICES]


def test_items_come_in_the_order_of_the_request(juliet, stranger):
    for device in DEVICES[:5]:
        publish(juliet, f"{OMEMO}:bundles", device, bundle(device),
                ("pubsub#max_items", "max"), ("pubsub#access_model", "open"))
    wanted = [DEVICES[3], DEVICES[0], "31415", DEVICES[4]]
    there = [device for device in wanted if device != "31415"]
    assert [item.get("id") for item in items(stranger, juliet.bare, f"{OMEMO}:bundles", *wanted)] == there


def test_each_device_has_a_node_in_the_older_format(juliet, stranger):
    for device in DEVICES:
        publish(juliet, f"{LEGACY}.bundles:{device}", "current", bundle(device),
                ("pubsub#persist_items", "true"), ("pubsub#access_model", "open"))
    account = juliet.bare
    juliet.close()
    for device in DEVICES:
        (item,) = items(stranger, account, f"{LEGACY}.bundles:{device}")
        assert item.get("id") == "current"
        assert prekeys(item) == expected_prekeys(device)


MEMBERS = 200
RATE, BURST = 50, 100
ADMIN = "http://jabber.org/protocol/muc#admin"


def publishes_a_bundle(server, account):
    device = account.user.split(".")[0].removeprefix("member")
    with login(server, account) as client:
        publish(client, f"{LEGACY}.bundles:{device}", "current", bundle(device), ("pubsub#access_model", "open"))
        client.close()
    return device


def members_only(host, room, members):
    """An owner makes the room and names its members, who need not be there."""
    host.send(f"<presence to='{room}/host'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
    form = "<field var='muc#roomconfig_membersonly'><value>1</value></field>"
    host.ask("set", f"<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>{form}"
                    f"</x></query>", to=room)
    items = "".join(f"<item jid='{member.jid}' affiliation='member'/>" for member in members)
    answer = host.ask("set", f"<query xmlns='{ADMIN}'>{items}</query>", to=room)
    assert answer.get("type") == "result"


def test_the_bundles_of_all_members_are_fetched_at_once(private_server):
    """By somebody who is no contact of theirs. So many requests are read more slowly, and each is answered (PB11)."""
    server = private_server(rate_stanzas=RATE, rate_burst_stanzas=BURST)
    owner, *members = server.accounts("host", *(f"member{number}" for number in range(1, MEMBERS + 1)))
    devices = {member.jid: publishes_a_bundle(server, member) for member in members}
    room = "crowd@conference.localhost"
    with login(server, owner) as host, login(server, members[0]) as bystander:
        members_only(host, room, members)
        listed = host.ask("get", f"<query xmlns='{ADMIN}'><item affiliation='member'/></query>", to=room)
        jids = [item.get("jid") for item in listed.iter(f"{{{ADMIN}}}item")]
        assert sorted(jids) == sorted(devices)
        begun = time.monotonic()
        host.send("".join(
            f"<iq type='get' id='{jid}' to='{jid}'><pubsub xmlns='{PUBSUB}'><items node='{LEGACY}.bundles:{devices[jid]}'"
            f" max_items='1'/></pubsub></iq>" for jid in jids))
        bystander.ping()
        for jid in jids:
            answer = host.expect(lambda each, jid=jid: each.get("id") == jid)
            (item,) = answer.iter(ITEM)
            assert answer.get("type") == "result" and prekeys(item) == expected_prekeys(devices[jid])
        assert time.monotonic() - begun > (MEMBERS - BURST) / RATE / 2  # the limit was there
        host.ping()
