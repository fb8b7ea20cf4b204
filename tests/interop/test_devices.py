# SPDX-License-Identifier: Apache-2.0
"""slixmpp on several devices of one account: carbons, client state, and when somebody was last there."""
import asyncio
import contextlib

from support.people import Person


def play(scenario):
    asyncio.run(asyncio.wait_for(scenario, 60))


class Device(Person):
    """A Person's device with carbons; `copies` are (sent or received, body) in order."""

    def __init__(self, account, server, resource):
        super().__init__(account, server, resource)
        for plugin in ("xep_0085", "xep_0280", "xep_0319", "xep_0352"):
            self.register_plugin(plugin)
        for show in ("away", "xa", "dnd", "chat"):
            self.add_event_handler(f"presence_{show}", lambda stanza: self._note(self.seen, stanza))
        self.copies = []
        self.add_event_handler("carbon_received", lambda m: self._note(self.copies, ("received", self._body(m, "received"))))
        self.add_event_handler("carbon_sent", lambda m: self._note(self.copies, ("sent", self._body(m, "sent"))))

    @staticmethod
    def _body(message, way):
        return message[f"carbon_{way}"]["body"]

    async def copied(self, way, body):
        await self.wait_for(lambda: (way, body) in self.copies, f"a copy of '{body}'")

    async def is_served(self):
        """What was on its way has come."""
        await self["xep_0199"].send_ping(self.boundjid.domain)


@contextlib.asynccontextmanager
async def devices(server, **owners):
    """New accounts by name with devices of these resources, all logged in, in order."""
    accounts = server.accounts(*owners)
    people = [Device(account, server, resource)
              for account, resources in zip(accounts, owners.values()) for resource in resources]
    try:
        for person in people:
            await person.come()
        yield people
    finally:
        for person in people:
            if person.is_connected():
                await person.leave()


async def become_friends(one, other):
    one.send_presence_subscription(pto=other.boundjid.bare)
    await other.is_asked_by(one.boundjid.bare)
    other.send_presence_subscription(pto=one.boundjid.bare, ptype="subscribed")
    other.send_presence_subscription(pto=one.boundjid.bare)
    await one.is_asked_by(other.boundjid.bare)
    one.send_presence_subscription(pto=other.boundjid.bare, ptype="subscribed")
    await one.subscription_becomes(other.boundjid.bare, "both")
    await other.subscription_becomes(one.boundjid.bare, "both")


def test_every_device_sees_both_sides_of_a_conversation(server):
    async def scenario():
        async with devices(server, alice=["phone", "desk", "old"], bob=["phone"], carol=["phone"]) as people:
            phone, desk, old, bob, carol = people
            for device in (phone, desk, bob, carol):
                await device["xep_0280"].enable()
            for number in range(10):
                phone.send_message(bob.boundjid, f"question {number}", mtype="chat")
                asked = await bob.hears(f"question {number}")
                bob.send_message(asked["from"], f"answer {number} <&>", mtype="chat")
                await phone.hears(f"answer {number} <&>")
                await desk.copied("sent", f"question {number}")
                await desk.copied("received", f"answer {number} <&>")
            for person in people:
                await person.is_served()
            assert desk.copies == [pair for n in range(10)
                                   for pair in (("sent", f"question {n}"), ("received", f"answer {n} <&>"))]
            assert not phone.copies and not old.copies and not carol.copies and not bob.copies
            assert not old.heard and not carol.heard and not desk.heard
            await desk["xep_0280"].disable()
            phone.send_message(bob.boundjid, "the last", mtype="chat")
            await bob.hears("the last")
            await desk.is_served()
            assert ("sent", "the last") not in desk.copies
    play(scenario())


def test_a_device_in_a_pocket_is_spared(server):
    async def scenario():
        async with devices(server, alice=["phone"], bob=["desk"]) as (alice, bob):
            await become_friends(alice, bob)
            await alice.sees(bob.boundjid)
            assert alice["xep_0352"].enabled
            await alice.is_served()
            alice.seen.clear()
            alice["xep_0352"].send_inactive()
            await alice.is_served()
            for show in ("away", "xa", "dnd"):
                bob.send_presence(pshow=show)
            typing = bob.make_message(alice.boundjid.bare, mtype="chat")
            typing["chat_state"] = "composing"
            typing.send()
            await bob.is_served()
            bob.send_message(alice.boundjid.bare, "look!", mtype="chat")
            await alice.hears("look!")
            assert [p["show"] for p in alice.seen if p["from"] == bob.boundjid] == ["dnd"]
            assert not [m for m in alice.heard if m["chat_state"] == "composing"]
            bob.send_presence(pshow="chat")
            await bob.is_served()
            alice["xep_0352"].send_active()
            await alice.is_served()
            assert [p["show"] for p in alice.seen if p["from"] == bob.boundjid] == ["dnd", "chat"]
    play(scenario())


def test_who_hides_when_he_was_last_there(server):
    async def scenario():
        async with devices(server, alice=["phone"], bob=["desk"]) as (alice, bob):
            await become_friends(alice, bob)
            seen = await alice["xep_0012"].get_last_activity(bob.boundjid.bare)
            assert seen["last_activity"]["seconds"] == 0
            node = "urn:stonechat:last-activity:0#visibility"
            listed = await bob["xep_0050"].get_commands(bob.boundjid.domain)
            assert node in [item[1] for item in listed["disco_items"]["items"]]
            begun = await bob["xep_0050"].send_command(bob.boundjid.domain, node)
            form = begun["command"]["form"]
            answer = bob["xep_0004"].make_form(ftype="submit")
            answer.add_field(var="FORM_TYPE", ftype="hidden", value=form.get_fields()["FORM_TYPE"]["value"])
            answer.add_field(var="visibility", value="nobody")
            ended = await bob["xep_0050"].send_command(bob.boundjid.domain, node, action="complete", payload=answer,
                                                       sessionid=begun["command"]["sessionid"])
            assert ended["command"]["status"] == "completed"
            try:
                await alice["xep_0012"].get_last_activity(bob.boundjid.bare)
                raise AssertionError("it was told")
            except Exception as refused:
                assert refused.condition == "forbidden"
            assert (await bob["xep_0012"].get_last_activity(bob.boundjid.bare))["last_activity"]["seconds"] == 0
    play(scenario())
