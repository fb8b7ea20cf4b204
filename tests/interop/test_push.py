# SPDX-License-Identifier: Apache-2.0
"""Push notifications (XEP-0357) to an app server: a slixmpp client that answers what the server publishes. Also
for members of rooms who are away."""
import asyncio
import time
import xml.etree.ElementTree as ET

import pytest
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from support.people import Person, together
from support.raw import WAIT, login

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
        app = AppServer(server.push_service("app"), server)
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
            for secret in ("hello", bob.boundjid.bare, "phone"):
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
        app = AppServer(server.push_service("app"), server)
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
        owner, service = server.account("alice"), server.push_service("app")
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


ROOM = "garden@conference.localhost"
MUC = "http://jabber.org/protocol/muc"
CONFIG = f"{MUC}#roomconfig"
REGISTER = f"{MUC}#register"


def submit(form_type, fields):
    form = ET.Element(f"{DATA}x", type="submit")
    for var, value in {"FORM_TYPE": form_type, **fields}.items():
        ET.SubElement(ET.SubElement(form, f"{DATA}field", var=var), f"{DATA}value").text = value
    return form


def ask_room(person, namespace, *inside):
    query = ET.Element(f"{{{namespace}}}query")
    query.extend(inside)
    return person.make_iq_set(sub=query, ito=ROOM).send()


def make_member(owner, account, **attributes):
    item = ET.Element(f"{{{MUC}#admin}}item", affiliation="member", jid=account.jid, **attributes)
    return ask_room(owner, f"{MUC}#admin", item)


async def enter(person, nick):
    for plugin in ("xep_0045", "xep_0059", "xep_0313"):
        person.register_plugin(plugin)
    await person["xep_0045"].join_muc_wait(ROOM, nick, maxstanzas=0)


def test_a_member_is_woken_as_he_has_chosen_also_after_a_crash_and_reads_in_the_archive_what_was_said(private_server):
    async def scenario():
        server = private_server()
        alice, bob, service = server.account("alice"), server.account("bob"), server.push_service("app")
        owner, phone = Person(alice, server, "desk"), Person(bob, server, "phone")
        for person in (owner, phone):
            await person.come()
        await enter(owner, "alice")
        await ask_room(owner, f"{MUC}#owner", submit(CONFIG, {"muc#roomconfig_membersonly": "1",
                                                              "muc#roomconfig_persistentroom": "1"}))
        await make_member(owner, bob)
        await ask_room(phone, "jabber:iq:register", submit(REGISTER, {
            "muc#register_roomnick": "bobby", "{urn:stonechat:muc:register:0}wake": "always"}))
        await enable(phone, f"{service.jid}/app", "node-of-bob", "s3cret")
        for person in (phone, owner):
            await person.leave()
        server.kill()
        server.start()
        app, owner = AppServer(service, server), Person(alice, server, "desk")
        for person in (app, owner):
            await person.come()
        await enter(owner, "alice")
        owner.send_message(ROOM, "Nobody in particular", mtype="groupchat")
        await app.learns(1)
        assert app.published == [("node-of-bob", "1", "s3cret")]
        for secret in (ROOM, "bobby", alice.user, "particular"):
            assert secret not in app.raw[0]
        phone = Person(bob, server, "phone")
        await phone.come()
        await enter(phone, "bobby")
        page = await phone["xep_0313"].retrieve(jid=ROOM)
        said = [result["mam_result"]["forwarded"]["stanza"]["body"] for result in page["mam"]["results"]]
        assert said == ["Nobody in particular"]
        for person in (app, owner, phone):
            await person.leave()
    play(scenario())


def test_a_member_whose_session_waits_to_be_resumed_is_woken_when_he_is_mentioned(private_server):
    """His place in the room is still his; nobody hears him there."""
    async def scenario():
        server = private_server()
        app, bob = AppServer(server.push_service("app"), server), server.account("bob")
        await app.come()
        async with together(server, "alice", "carol") as (owner, carol):
            await enter(owner, "alice")
            await ask_room(owner, f"{MUC}#owner", submit(CONFIG, {}))
            for account, nick in ((bob, "bobby"), (server.account("dave"), "dave")):
                await make_member(owner, account, nick=nick)
            phone = login(server, bob, "phone", presence=True)
            phone.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{app.boundjid}' node='node-of-bob'/>")
            phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
            phone.expect("<enabled xmlns='urn:xmpp:sm:3'/>")
            phone.send(f"<presence to='{ROOM}/bobby'><x xmlns='{MUC}'/></presence>")
            phone.expect("<message type='groupchat'><subject/></message>")
            phone.settle()
            phone.reset()
            await is_detached(server, phone.jid)
            for words in ("Good morning", "dave, have you seen him?"):
                owner.send_message(ROOM, words, mtype="groupchat")
                await owner.hears(words)
            for person in (owner, app):
                await person["xep_0199"].send_ping(server.hosts[0])
            assert app.published == []
            owner.send_message(ROOM, "Bobby?", mtype="groupchat")
            await app.learns(1)
            assert app.published == [("node-of-bob", "1", None)]
            assert carol.heard == carol.refused == owner.refused == []
        await app.leave()
    play(scenario())


async def is_detached(server, jid):
    """Nobody else can see it, so the administrator is asked."""
    deadline = time.monotonic() + WAIT
    while not [s for s in server.ctl_json("sessions", "list", jid.split("/")[0])["sessions"]
               if s["jid"] == jid and s["transport"].startswith("disconnected")]:
        assert time.monotonic() < deadline, f"{jid} is still connected"
        await asyncio.sleep(0.02)  # nothing tells
