# SPDX-License-Identifier: Apache-2.0
"""Rooms that are killed again and again: people on resumable sessions talk in them, the server is killed and started, and
everybody resumes. What was acknowledged has to be in the room's archive once, and with everybody who was in the room;
nobody enters again."""
import asyncio
import random

from ledger import Verdict
from light_client import Person
from support.match import CLIENT
from support.server import make_server

MUC = "http://jabber.org/protocol/muc"
FAST = {"message_rate": 0, "room_message_rate": 0, "presence_rate": 0}
WAIT = 60


class Member:
    """Somebody in a room, and what he has heard there, by id."""

    def __init__(self, server, account, room, nick):
        self.person = Person(server, account, self._take)
        self.room, self.nick = room, nick
        self.heard = []
        self.acknowledged = set()
        self.said = 0

    def _take(self, _, element, __):
        if element.get("type") == "groupchat" and element.find(f"{{{CLIENT}}}body") is not None:
            self.heard.append(element.get("id"))

    def enter(self):
        self.person.send(f"<presence to='{self.room}/{self.nick}'><x xmlns='{MUC}'><history maxstanzas='0'/></x>"
                         "</presence>")

    async def answer(self, kind, payload, to):
        """What an iq to the room or somebody in it is answered with."""
        arrived = asyncio.get_running_loop().create_future()
        self.person.ask(kind, payload, lambda answer: arrived.done() or arrived.set_result(answer), to=to)
        return await asyncio.wait_for(arrived, WAIT)

    def say(self):
        self.said += 1
        name = f"{self.nick}-{self.said}"
        self.person.send(f"<message to='{self.room}' type='groupchat' id='{name}'><body>{name}</body>"
                         f"<origin-id xmlns='urn:xmpp:sid:0' id='{name}'/></message>",
                         lambda: self.acknowledged.add(name))


class RoomLoop:
    def __init__(self, kills, rooms=3, members=5, longest=0.6, seed=None):
        self.kills, self.rooms, self.members, self.longest = kills, rooms, members, longest
        self.random = random.Random(seed)
        self.server = make_server(settings=FAST)

    def run(self):
        try:
            self.server.start()
            return asyncio.run(self._run())
        finally:
            self.server.remove()

    async def _run(self):
        everybody = []
        for room in range(self.rooms):
            everybody.append([Member(self.server, account, f"room{room}@conference.localhost", f"m{number}")
                              for number, account in enumerate(self.server.accounts(*(f"m{each}" for each in range(self.members))))])
        for members in everybody:
            await self._fill(members)
        for _ in range(self.kills):
            await self._storm([member for members in everybody for member in members])
        resumed = sum(member.person.resumed for members in everybody for member in members)
        assert resumed == self.kills * self.rooms * self.members, f"only {resumed} sessions were resumed"
        verdicts = [await self._judge(members) for members in everybody]
        return Verdict(self.kills, *(sum(getattr(each, name) for each in verdicts)
                                     for name in ("acknowledged", "lost", "doubled", "out_of_order")))

    async def _fill(self, members):
        owner = members[0]
        for member in members:
            await member.person.login()
            member.enter()
            if member is owner:
                await owner.answer(
                    "set", "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' "
                    "type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value>"
                    "</field><field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>",
                    to=owner.room)
            await member.answer("get", "<ping xmlns='urn:xmpp:ping'/>", to=f"{member.room}/{member.nick}")

    async def _storm(self, everybody):
        end = asyncio.get_running_loop().time() + self.random.uniform(0.1, self.longest)
        while asyncio.get_running_loop().time() < end:
            for member in self.random.sample(everybody, 3):
                member.say()
                member.person.request_ack()
            await asyncio.sleep(0.005)
        self.server.kill()
        await asyncio.sleep(0)
        self.server.start()
        await asyncio.gather(*(member.person.login() for member in everybody))
        await asyncio.gather(*(member.person.settle() for member in everybody))

    async def _judge(self, members):
        acknowledged = set().union(*(member.acknowledged for member in members))
        archived = []
        await page(members[0], archived)
        lost = doubled = disordered = 0
        heard = [await self._complete(member, acknowledged) for member in members]
        for held in [archived, *heard]:
            ids = [name for name in held if name in acknowledged]
            first = list(dict.fromkeys(ids))
            lost += len(acknowledged) - len(first)
            if held is archived:
                doubled += len(ids) - len(first)
            for nick in {name.split("-")[0] for name in first}:
                numbers = [int(name.split("-")[1]) for name in first if name.split("-")[0] == nick]
                disordered += sum(a > b for a, b in zip(numbers, numbers[1:]))
        return Verdict(self.kills, len(acknowledged), lost, doubled, disordered)

    @staticmethod
    async def _complete(member, acknowledged):
        """What a member has heard, when all is there or nothing more comes."""
        for _ in range(100):
            if acknowledged <= set(member.heard):
                break
            await asyncio.sleep(0.1)
        return member.heard


async def page(member, found):
    """All of a room's archive, page by page."""
    results, after = [], ""
    member.person.on_message = lambda _, element, __: results.append(element)
    while True:
        answer = await member.answer(
            "set", f"<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>100</max>{after}"
            "</set></query>", to=member.room)
        fin = answer.find("{urn:xmpp:mam:2}fin")
        if fin.get("complete") == "true":
            break
        after = f"<after>{fin.findtext('.//{http://jabber.org/protocol/rsm}last')}</after>"
    for element in results:
        message = element.find(f".//{{urn:xmpp:forward:0}}forwarded/{{{CLIENT}}}message")
        if message is not None:
            found.append(message.get("id"))
