# SPDX-License-Identifier: Apache-2.0
"""The publish-subscribe service of a host (XEP-0060), used with slixmpp."""
import asyncio
import contextlib
import itertools
from xml.etree import ElementTree as ET

import pytest
from slixmpp.exceptions import IqError

from support.desktop import PATIENCE
from support.people import together, with_nodes

SERVICE, ENTRY = "pubsub.localhost", "{http://www.w3.org/2005/Atom}entry"
NODE_CONFIG = "http://jabber.org/protocol/pubsub#node_config"

_numbers = itertools.count(1)


def play(scenario):
    asyncio.run(asyncio.wait_for(scenario, PATIENCE))


@contextlib.asynccontextmanager
async def readers(server, *names):
    async with together(server, *names, available=False) as people:
        with_nodes(*people)
        for person in people:
            person.send_presence()
        yield people


def entry(words):
    element = ET.Element(ENTRY)
    element.text = words
    return element


def configuration(person, **fields):
    form = person["xep_0004"].make_form(ftype="submit")
    form.add_field(var="FORM_TYPE", ftype="hidden", value=NODE_CONFIG)
    for name, value in fields.items():
        form.add_field(var=f"pubsub#{name}", value=value)
    return form


async def new_node(owner, **fields):
    node = f"news{next(_numbers)}"
    await owner["xep_0060"].create_node(SERVICE, node, config=configuration(owner, **fields) if fields else None)
    return node


async def items_of(person, node, **choice):
    answer = await person["xep_0060"].get_items(SERVICE, node, **choice)
    return [(item["id"], item["payload"].text) for item in answer["pubsub"]["items"]]


async def event(person, kind):
    """The newest event of that kind."""
    def found():
        return [message for message in person.events if message["pubsub_event"].xml.find(
            f".//{{http://jabber.org/protocol/pubsub#event}}{kind}") is not None]

    await person.wait_for(found, f"an event with {kind}")
    return found()[-1]["pubsub_event"]


@contextlib.contextmanager
def refused(condition):
    with pytest.raises(IqError) as error:
        yield
    assert error.value.condition == condition


def test_a_node_from_beginning_to_end(server):
    """Created, found, subscribed to, published to, read, retracted from, purged and deleted."""
    async def scenario():
        async with readers(server, "alice", "bob") as (alice, bob):
            node = await new_node(alice)
            found = await bob["xep_0060"].get_nodes(SERVICE)
            assert node in {item[1] for item in found["disco_items"]["items"]}
            subscribed = await bob["xep_0060"].subscribe(SERVICE, node)
            assert subscribed["pubsub"]["subscription"]["subscription"] == "subscribed"
            for id_, words in (("1", "First"), ("2", "Second"), ("3", "Third")):
                await alice["xep_0060"].publish(SERVICE, node, id=id_, payload=entry(words))
            await bob.wait_for(lambda: len(bob.events) == 3, "three events")
            assert [message["pubsub_event"]["items"]["item"]["payload"].text for message in bob.events] == [
                "First", "Second", "Third"]
            assert sorted(await items_of(bob, node)) == [("1", "First"), ("2", "Second"), ("3", "Third")]
            assert await items_of(bob, node, item_ids=["2"]) == [("2", "Second")]
            assert await items_of(bob, node, max_items=1) == [("3", "Third")]
            named = await bob["xep_0030"].get_items(SERVICE, node=node)
            assert {item[2] for item in named["disco_items"]["items"]} == {"1", "2", "3"}
            await alice["xep_0060"].retract(SERVICE, node, "2", notify=True)
            assert (await event(bob, "retract"))["items"]["retract"]["id"] == "2"
            assert sorted(await items_of(bob, node)) == [("1", "First"), ("3", "Third")]
            await alice["xep_0060"].purge(SERVICE, node)
            assert (await event(bob, "purge"))["purge"]["node"] == node
            assert await items_of(bob, node) == []
            await alice["xep_0060"].delete_node(SERVICE, node)
            assert (await event(bob, "delete"))["delete"]["node"] == node
            with refused("item-not-found"):
                await items_of(bob, node)
    play(scenario())


def test_a_configuration(server):
    """What the owner has chosen at first and later is shown to the owner alone, and obeyed."""
    async def scenario():
        async with readers(server, "alice", "bob") as (alice, bob):
            node = await new_node(alice, title="The news", max_items="2")
            shown = (await alice["xep_0060"].get_node_config(SERVICE, node))["pubsub_owner"]["configure"]["form"]
            assert shown.get_values()["pubsub#title"] == "The news"
            assert shown.get_values()["pubsub#max_items"] == "2"
            for id_ in "123":
                await alice["xep_0060"].publish(SERVICE, node, id=id_, payload=entry("News"))
            assert {id_ for id_, _ in await items_of(bob, node)} == {"2", "3"}
            await alice["xep_0060"].set_node_config(SERVICE, node, configuration(alice, access_model="whitelist"))
            with refused("not-allowed"):
                await items_of(bob, node)
            with refused("not-allowed"):
                await bob["xep_0060"].subscribe(SERVICE, node)
            for attempt in (bob["xep_0060"].get_node_config(SERVICE, node),
                            bob["xep_0060"].delete_node(SERVICE, node),
                            bob["xep_0060"].publish(SERVICE, node, payload=entry("Fake"))):
                with refused("forbidden"):
                    await attempt
            kept = (await alice["xep_0060"].get_node_config(SERVICE, node))["pubsub_owner"]["configure"]["form"]
            assert kept.get_values()["pubsub#title"] == "The news"
    play(scenario())


def test_affiliations(server):
    """The owner makes a publisher, who publishes; a member, who reads; and an outcast, who does not."""
    async def scenario():
        async with readers(server, "alice", "bob", "carol", "mallory") as (alice, bob, carol, mallory):
            node = await new_node(alice, access_model="whitelist")
            chosen = [(bob.boundjid.bare, "publisher"), (carol.boundjid.bare, "member"),
                      (mallory.boundjid.bare, "outcast")]
            await alice["xep_0060"].modify_affiliations(SERVICE, node, chosen)
            listed = await alice["xep_0060"].get_node_affiliations(SERVICE, node)
            assert {(str(each["jid"]), each["affiliation"]) for each in listed["pubsub_owner"]["affiliations"]} == {
                (alice.boundjid.bare, "owner"), *chosen}
            await bob["xep_0060"].publish(SERVICE, node, id="1", payload=entry("By Bob"))
            assert await items_of(carol, node) == [("1", "By Bob")]
            for attempt in (carol["xep_0060"].publish(SERVICE, node, payload=entry("By Carol")),
                            items_of(mallory, node)):
                with refused("forbidden"):
                    await attempt
            mine = await bob["xep_0060"].get_affiliations(SERVICE)
            assert (node, "publisher") in {(each["node"], each["affiliation"])
                                           for each in mine["pubsub"]["affiliations"]}
            with refused("forbidden"):
                await bob["xep_0060"].modify_affiliations(SERVICE, node, [(bob.boundjid.bare, "owner")])
    play(scenario())


def test_subscriptions(server):
    """Listed for subscriber and owner; a newcomer gets the newest item; after the end of one nothing comes."""
    async def scenario():
        async with readers(server, "alice", "bob", "carol") as (alice, bob, carol):
            node = await new_node(alice)
            await alice["xep_0060"].publish(SERVICE, node, id="1", payload=entry("Old"))
            for person in (bob, carol):
                await person["xep_0060"].subscribe(SERVICE, node)
                assert (await event(person, "items"))["items"]["item"]["payload"].text == "Old"
            mine = await bob["xep_0060"].get_subscriptions(SERVICE)
            assert (node, "subscribed") in {(each["node"], each["subscription"])
                                            for each in mine["pubsub"]["subscriptions"]}
            listed = await alice["xep_0060"].get_node_subscriptions(SERVICE, node)
            assert {bob.boundjid.bare, carol.boundjid.bare} <= {
                str(each["jid"]) for each in listed["pubsub_owner"]["subscriptions"]}
            await bob["xep_0060"].unsubscribe(SERVICE, node)
            await alice["xep_0060"].modify_subscriptions(SERVICE, node, [(carol.boundjid.bare, "none")])
            await alice["xep_0060"].subscribe(SERVICE, node)
            await alice["xep_0060"].publish(SERVICE, node, id="2", payload=entry("New"))
            await alice.wait_for(lambda: any("New" in str(message) for message in alice.events), "the event")
            for person in (bob, carol):
                alice.send_message(person.boundjid, "Over", mtype="chat")
                await person.hears("Over")
                assert not any("New" in str(message) for message in person.events)
    play(scenario())


def test_a_subscription_that_the_owner_approves(server):
    async def scenario():
        async with readers(server, "alice", "bob") as (alice, bob):
            asked = []
            alice.add_event_handler("message_xform", lambda message: alice._note(asked, message))
            node = await new_node(alice, access_model="authorize")
            answer = await bob["xep_0060"].subscribe(SERVICE, node)
            assert answer["pubsub"]["subscription"]["subscription"] == "pending"
            with refused("not-authorized"):
                await items_of(bob, node)
            await alice.wait_for(lambda: asked, "a request for approval")
            form = asked[0]["form"]
            assert form.get_values()["pubsub#subscriber_jid"] == bob.boundjid.bare
            form["type"] = "submit"
            form.set_values({**form.get_values(), "pubsub#allow": True})
            reply = alice.make_message(SERVICE)
            reply.append(form)
            reply.send()
            assert (await event(bob, "subscription"))["subscription"]["subscription"] == "subscribed"
            await alice["xep_0060"].publish(SERVICE, node, id="1", payload=entry("For you"))
            await event(bob, "items")
            assert await items_of(bob, node) == [("1", "For you")]
    play(scenario())
