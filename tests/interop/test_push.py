# SPDX-License-Identifier: Apache-2.0
"""Push notifications (XEP-0357) to an app server: a slixmpp client that answers what the server publishes."""
import asyncio
import xml.etree.ElementTree as ET

import pytest
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from support.people import Person, together

PUBSUB = "{http://jabber.org/protocol/pubsub}"
PUSH = "{urn:xmpp:push:0}"
DATA = "{jabber:x:data}"


def play(scenario):
    asyncio.run(asyncio.wait_for(scenario, 60))


class AppServer(Person):
    """Notes (node, count, secret) of each notification, and answers as it was told to."""

    def __init__(self, account, server, resource="app"):
        super().__init__(account, server, resource)
        self.published, self.raw = [], []
        self.refusal = None
        self.register_handler(Callback("publish", MatchXPath("{jabber:client}iq/" + PUBSUB + "pubsub"), self._take))

    def _take(self, iq):
        pubsub = iq.xml.find(f"{PUBSUB}pubsub")
        publish = pubsub.find(f"{PUBSUB}publish")
        fields = {field.get("var"): field.findtext(f"{DATA}value") for field in pubsub.iter(f"{DATA}field")}
        self.raw.append(ET.tostring(iq.xml, encoding="unicode"))
        assert publish.find(f"{PUBSUB}item/{PUSH}notification/{DATA}x") is not None
        if self.refusal:
            answer = iq.reply()
            answer["error"]["type"], answer["error"]["condition"] = self.refusal
            answer.send()
        else:
            iq.reply().send()
        self._note(self.published, (publish.get("node"), fields["message-count"], fields.get("secret")))

    async def learns(self, count):
        await self.wait_for(lambda: len(self.published) >= count, f"notification {count}")


def enable(device, service, node, secret=None):
    element = ET.Element(f"{PUSH}enable", jid=str(service), node=node)
    if secret:
        form = ET.SubElement(element, f"{DATA}x", type="submit")
        for var, value in (("FORM_TYPE", "http://jabber.org/protocol/pubsub#publish-options"), ("secret", secret)):
            ET.SubElement(ET.SubElement(form, f"{DATA}field", var=var), f"{DATA}value").text = value
    return device.make_iq_set(sub=element).send()


def disable(device, service):
    return device.make_iq_set(sub=ET.Element(f"{PUSH}disable", jid=str(service))).send()


def test_a_phone_that_is_away_is_woken(server):
    async def scenario():
        app = AppServer(server.account("app"), server)
        await app.come()
        owner = server.account("alice")
        phone = Person(owner, server, "phone")
        await phone.come()
        await enable(phone, app.boundjid, "node-of-alice", "s3cret")
        async with together(server, "bob") as (bob,):
            bob.send_message(owner.jid, "are you there?", mtype="chat")
            await phone.hears("are you there?")
            await phone.leave()
            bob.send_message(owner.jid, "are you still there?", mtype="chat")
            await app.learns(1)
            assert app.published == [("node-of-alice", "1", "s3cret")]
            bob.send_message(owner.jid, "hello?", mtype="chat")
            bob.send_message(owner.jid, "hello??", mtype="chat")
            await app.learns(2)
            assert app.published[1:] == [("node-of-alice", "3", "s3cret")]
            for secret in (owner.jid, "hello", bob.boundjid.bare):
                assert not [raw for raw in app.raw if secret in raw]
            again = Person(owner, server, "phone")
            await again.come()
            for words in ("are you still there?", "hello?", "hello??"):
                await again.hears(words)
            await disable(again, app.boundjid)
            await again.leave()
            bob.send_message(owner.jid, "and now?", mtype="chat")
            await bob["xep_0199"].send_ping(server.hosts[0])
            await app["xep_0199"].send_ping(server.hosts[0])
            assert len(app.published) == 2
        await app.leave()
    play(scenario())


@pytest.mark.parametrize("refusal", [("cancel", "item-not-found"), ("auth", "forbidden"), ("cancel", "gone")])
def test_a_registration_that_the_app_server_refuses_is_forgotten(private_server, refusal):
    async def scenario():
        server = private_server(push_interval="0 s")
        app = AppServer(server.account("app"), server)
        await app.come()
        app.refusal = refusal
        owner = server.account("alice")
        phone = Person(owner, server, "phone")
        await phone.come()
        await enable(phone, app.boundjid, "gone-soon")
        await phone.leave()
        async with together(server, "bob") as (bob,):
            bob.send_message(owner.jid, "one", mtype="chat")
            await app.learns(1)
            await app["xep_0199"].send_ping(server.hosts[0])  # its refusal has arrived
            app.refusal = None
            for words in ("two", "three"):
                bob.send_message(owner.jid, words, mtype="chat")
            await bob["xep_0199"].send_ping(server.hosts[0])
            await app["xep_0199"].send_ping(server.hosts[0])
            assert len(app.published) == 1
        await app.leave()
    play(scenario())


def test_a_registration_outlives_the_server(private_server):
    async def scenario():
        server = private_server()
        owner, service = server.account("alice"), server.account("app")
        phone, app = Person(owner, server, "phone"), AppServer(service, server)
        await phone.come()
        await app.come()
        await enable(phone, app.boundjid, "lasting", "s3cret")
        await phone.leave()
        await app.leave()
        server.restart()
        app = AppServer(service, server)
        await app.come()
        async with together(server, "bob") as (bob,):
            bob.send_message(owner.jid, "good morning", mtype="chat")
            await app.learns(1)
            assert app.published == [("lasting", "1", "s3cret")]
        await app.leave()
    play(scenario())
