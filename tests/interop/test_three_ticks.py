# SPDX-License-Identifier: Apache-2.0
"""The three ticks on all devices, in slixmpp: sent (XEP-0198), delivered (XEP-0184), read (XEP-0333); live,
for whoever was away, and in the archive (XEP-0313), in one order with the same ids."""
import asyncio
import contextlib
import dataclasses

import pytest
from slixmpp import JID
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from support.match import CLIENT
from support.people import Person
from support.raw import WAIT

CARBONS, FORWARD = "{urn:xmpp:carbons:2}", "{urn:xmpp:forward:0}"
STANZA_ID, DELAY = "{urn:xmpp:sid:0}stanza-id", "{urn:xmpp:delay}delay"
MESSAGE, BODY = f"{{{CLIENT}}}message", f"{{{CLIENT}}}body"
SIGNS = {"{urn:xmpp:receipts}received": "delivered", "{urn:xmpp:chat-markers:0}displayed": "read"}


def play(scenario):
    asyncio.run(asyncio.wait_for(scenario, 60))


def told_by(message):
    """What a message says: who, what, about which id, and the words; the same for every copy of it."""
    who = JID(message.get("from")).user.split(".")[0]
    words = message.findtext(BODY)
    for name, sign in SIGNS.items():
        if (child := message.find(name)) is not None:
            return who, sign, child.get("id")
    if (replaced := message.find("{urn:xmpp:message-correct:0}replace")) is not None:
        return who, "corrected", replaced.get("id"), words
    if (reactions := message.find("{urn:xmpp:reactions:0}reactions")) is not None:
        return who, "reacted", reactions.get("id"), "".join(reaction.text for reaction in reactions)
    return who, "said", message.get("id"), words


@dataclasses.dataclass(frozen=True)
class Line:
    way: str  # itself, or a copy: sent or received
    told: tuple
    archived: str | None  # the id by our account
    delayed: bool


class Device(Person):
    """`story` has a Line for every message that came, in order, itself or as a carbon copy."""

    def __init__(self, account, server, resource, confirms=False):
        super().__init__(account, server, resource)
        self.register_plugin("xep_0184", {"auto_ack": confirms})
        for plugin in ("xep_0198", "xep_0280", "xep_0308", "xep_0313", "xep_0333", "xep_0444"):
            self.register_plugin(plugin)
        self["xep_0198"].window = self["xep_0198"].window_counter = 1  # asks behind every stanza
        self.story, self.sent = [], []
        self.register_handler(Callback("story", MatchXPath(MESSAGE), lambda m: self._read(m.xml)))
        self.add_event_handler("stanza_acked", lambda stanza: self._note(self.sent, stanza["id"]))

    def _read(self, message):
        for way in ("sent", "received"):
            copy = message.find(f"{CARBONS}{way}/{FORWARD}forwarded/{MESSAGE}")
            if copy is not None:
                assert message.get("from") == self.boundjid.bare
                return self._note(self.story, self._line(way, copy))
        if message.find("{urn:xmpp:mam:2}result") is None:
            self._note(self.story, self._line("itself", message))

    def _line(self, way, message):
        ids = [e.get("id") for e in message.findall(STANZA_ID) if e.get("by") == self.boundjid.bare]
        assert len(ids) < 2
        return Line(way, told_by(message), ids[0] if ids else None, message.find(DELAY) is not None)

    async def appear(self, reads_archive=False):
        """As clients do it: carbons, what was missed, and then presence. Gives what was in the archive."""
        await self.come(available=False)
        await self["xep_0280"].enable()
        missed = await self.history() if reads_archive else []
        self.send_presence()
        await self.is_served()
        return missed

    async def history(self):
        """(archive id, what it tells) of the whole archive, read in pages of three."""
        read = []
        async for each in self["xep_0313"].iterate(rsm={"max": 3}):
            result = each.xml.find("{urn:xmpp:mam:2}result")
            read.append((result.get("id"), told_by(result.find(f"{FORWARD}forwarded/{MESSAGE}"))))
        return read

    async def is_served(self):
        """What was on its way has come."""
        await self["xep_0199"].send_ping(self.boundjid.domain)

    async def learns(self, *told, way=None):
        await self.wait_for(lambda: any(line.told == told and way in (None, line.way) for line in self.story),
                            f"{told} as {way or 'anything'}")

    def ways(self):
        return [(line.way, *line.told) for line in self.story]

    # -- what people do ----------------------------------------------------------------------------------

    def _message(self, to, body):
        message = self.make_message(to, body, mtype="chat")
        message["id"] = self.new_id()
        message["request_receipt"] = True
        message.enable("markable")
        return message

    async def says(self, to, body):
        """Gives the id when the first tick has come."""
        message = self._message(to, body)
        message.send()
        await self.is_served()  # slixmpp's <r/> overtakes the stanza that it is for; the ping's is behind it
        await self.wait_for(lambda: message["id"] in self.sent, f"<a/> for '{body}'")
        return message["id"]

    def corrects(self, to, identity, body):
        message = self._message(to, body)
        message["replace"]["id"] = identity
        message.send()

    def confirms(self, to, identity):
        receipt = self.make_message(to, mtype="chat")
        receipt["receipt"] = identity
        receipt.send()

    def reacts(self, to, identity, emoji):
        reaction = self.make_message(to, mtype="chat")
        self["xep_0444"].set_reactions(reaction, identity, emoji)
        reaction.send()

    def has_read(self, to, identity):
        self["xep_0333"].send_marker(to, identity, "displayed")

    async def break_off(self):
        """The line is gone, and the session waits to be resumed."""
        gone = asyncio.get_running_loop().create_future()
        self.add_event_handler("disconnected", lambda _: gone.done() or gone.set_result(None), disposable=True)
        self.transport.abort()
        await asyncio.wait_for(gone, WAIT)

    async def resume(self):
        back = asyncio.get_running_loop().create_future()
        for event in ("session_resumed", "sm_failed"):
            self.add_event_handler(event, lambda _, event=event: back.done() or back.set_result(event),
                                   disposable=True)
        self.connect(address=("127.0.0.1", self._home.starttls_port))
        assert await asyncio.wait_for(back, WAIT) == "session_resumed"
        await self.is_served()


class Verona:
    """Romeo and Juliet with a phone and a desktop each, and Benvolio, who is nobody's business."""

    def __init__(self, server):
        self.server = server
        self.accounts = dict(zip(("romeo", "juliet", "benvolio"), server.accounts("romeo", "juliet", "benvolio")))
        self.romeo, self.juliet = self.accounts["romeo"].jid, self.accounts["juliet"].jid
        self._all = []

    async def device(self, owner, resource, **options):
        """One of theirs, online."""
        device = self.absent(owner, resource, **options)
        await device.appear()
        return device

    def absent(self, owner, resource, **options):
        self._all.append(Device(self.accounts[owner], self.server, resource, **options))
        return self._all[-1]

    async def end(self):
        for device in self._all:
            if device.is_connected():
                await device.leave()


@contextlib.asynccontextmanager
async def verona(server):
    """At the end the bystander has got nothing and has nothing in his archive."""
    city = Verona(server)
    try:
        benvolio = await city.device("benvolio", "square")
        yield city
        await benvolio.is_served()
        assert benvolio.story == [] and await benvolio.history() == []
    finally:
        await city.end()


def test_every_device_sees_the_three_ticks(server):
    async def scenario():
        async with verona(server) as city:
            phone, desk = await city.device("romeo", "phone"), await city.device("romeo", "desk")
            hers = await city.device("juliet", "phone", confirms=True)
            her_desk = await city.device("juliet", "desk")
            said = await phone.says(city.juliet, "But soft, what light")
            assert (await desk.history())[0][1] == ("romeo", "said", said, "But soft, what light"), \
                "the first tick says that it is safe"
            for device in (hers, her_desk):
                await device.learns("romeo", "said", said, "But soft, what light", way="itself")
            await phone.learns("juliet", "delivered", said, way="itself")
            await desk.learns("juliet", "delivered", said, way="received")
            her_desk.has_read(city.romeo, said)
            for device in (phone, desk):
                await device.learns("juliet", "read", said)
            for device in (phone, desk, hers, her_desk):
                await device.is_served()
            said = ("romeo", "said", said, "But soft, what light")
            delivered, read = ("juliet", "delivered", said[2]), ("juliet", "read", said[2])
            assert phone.ways() == [("itself", *delivered), ("itself", *read)]
            assert desk.ways() == [("sent", *said), ("received", *delivered), ("itself", *read)]
            assert hers.ways() == [("itself", *said), ("sent", *read)]
            assert her_desk.ways() == [("itself", *said), ("sent", *delivered)]
    play(scenario())


def test_a_device_that_was_offline_has_the_whole_conversation(server):
    """Also corrections and reactions, in the order in which they happened, under the ids that the others saw."""
    async def scenario():
        async with verona(server) as city:
            phone, hers = await city.device("romeo", "phone"), await city.device("juliet", "phone", confirms=True)
            watching = await city.device("juliet", "desk")
            told = []

            async def is_told(*what):
                told.append(what)
                await watching.learns(*what)

            for number in range(3):
                question, answer = f"question {number} <&> ßあ🎭", f"answer {number}"
                said = await phone.says(city.juliet, question)
                await is_told("romeo", "said", said, question)
                await is_told("juliet", "delivered", said)
                hers.has_read(city.romeo, said)
                await is_told("juliet", "read", said)
                answered = await hers.says(city.romeo, answer)
                await is_told("juliet", "said", answered, answer)
            phone.corrects(city.juliet, said, "well put")
            await is_told("romeo", "corrected", said, "well put")
            await watching.wait_for(lambda: watching.story[-1].told[1] == "delivered", "the receipt of the correction")
            told.append(watching.story[-1].told)
            hers.reacts(city.romeo, said, "👍🌙")
            await is_told("juliet", "reacted", said, "👍🌙")

            assert [line.told for line in watching.story] == told, "live, and in order"
            seen = [(line.archived, line.told) for line in watching.story]
            assert await watching.history() == seen, "under the same ids"
            late = city.absent("juliet", "tablet")
            assert await late.appear(reads_archive=True) == seen
            his_late = city.absent("romeo", "desk")
            his = await his_late.appear(reads_archive=True)
            assert [line for _, line in his] == told
            assert [(i, line) for i, line in his if line[0] == "juliet"] == [(e.archived, e.told) for e in phone.story]
            assert late.story == [] and his_late.story == [], "nothing of it comes again"
    play(scenario())


@pytest.mark.parametrize("sign", ["delivered", "read"])
def test_a_tick_waits_for_those_who_were_away(server, sign):
    """Who reads the archive before his first presence has it from there alone, and nothing waits any more;
    who does not gets it as offline mail."""
    async def scenario():
        async with verona(server) as city:
            phone, hers = await city.device("romeo", "phone"), await city.device("juliet", "phone")

            async def tick(him):
                said = await him.says(city.juliet, "Art thou there?")
                await hers.learns("romeo", "said", said, "Art thou there?")
                await him.leave()
                if sign == "delivered":
                    hers.confirms(him.boundjid.full, said)
                else:
                    hers.has_read(city.romeo, said)
                await hers.is_served()
                return "juliet", sign, said

            first = await tick(phone)
            desk = city.absent("romeo", "desk")
            assert (await desk.appear(reads_archive=True))[-1][1] == first
            again = await city.device("romeo", "phone")
            assert desk.story == [] and again.story == []
            assert (await again.history())[-1][1] == first

            await desk.leave()
            second = await tick(again)
            mailed = await city.device("romeo", "old")
            await mailed.learns(*second, way="itself")
            assert [(line.told, line.delayed) for line in mailed.story] == [(second, True)]
            caught_up = city.absent("romeo", "desk")
            archive = await caught_up.appear(reads_archive=True)
            assert archive[-1] == (mailed.story[0].archived, second)
            assert caught_up.story == [] and len(mailed.story) == 1
            assert len([told for _, told in archive if told[1] == sign]) == 2
    play(scenario())


def test_ticks_that_come_while_the_line_is_broken(server):
    """The other device has them at once, the resumed one gets each of them once, in order."""
    async def scenario():
        async with verona(server) as city:
            phone, desk = await city.device("romeo", "phone"), await city.device("romeo", "desk")
            hers = await city.device("juliet", "phone")
            said = await phone.says(city.juliet, "Wilt thou be gone?")
            await hers.learns("romeo", "said", said, "Wilt thou be gone?")
            await phone.break_off()
            hers.confirms(phone.boundjid.full, said)
            hers.has_read(phone.boundjid.full, said)
            answered = await hers.says(city.romeo, "It is not yet near day")
            for sign in ("delivered", "read"):
                await desk.learns("juliet", sign, said, way="received")
            await desk.learns("juliet", "said", answered, "It is not yet near day", way="itself")
            await phone.resume()
            expected = [("juliet", "delivered", said), ("juliet", "read", said),
                        ("juliet", "said", answered, "It is not yet near day")]
            assert [line.told for line in phone.story] == expected
            assert [line.told for line in desk.story[1:]] == expected
            assert [line.archived for line in phone.story] == [line.archived for line in desk.story[1:]]
            assert [line for _, line in await desk.history()][1:] == expected
            assert hers.ways() == [("itself", "romeo", "said", said, "Wilt thou be gone?")]
    play(scenario())
