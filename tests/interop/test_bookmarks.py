# SPDX-License-Identifier: Apache-2.0
"""One list of bookmarks for clients of three ages (XEP-0402 §5): Gajim keeps items of a node, Profanity and others keep
one list in private XML (XEP-0049)."""
import contextlib
import re

from slixmpp import JID
from slixmpp.plugins.xep_0048 import Bookmarks

from support import desktop_client
from support.desktop import Desktop, need, until
from support.gajim import Gajim
from support.nodes import curious, present
from support.people import Person, configure, with_rooms
from support.profanity import at_home, furnish, shows

BOOKMARKS = "urn:xmpp:bookmarks:1"


@contextlib.asynccontextmanager
async def rooms_of(server, account, *rooms):
    """Whoever has made the rooms and sees who comes."""
    host = Person(account, server, "phone")
    with_rooms(host)
    await host.come()
    for room in rooms:
        await host["xep_0045"].join_muc_wait(room, "host", maxstanzas=0)
        await configure(host, room, persistentroom=True)
    yield host
    await host.leave()


def is_in(person, room, nick):
    """The last that has been seen of them."""
    seen = [presence["type"] for presence in person.seen if presence["from"] == f"{room}/{nick}"]
    return seen and seen[-1] == "available"


async def is_item(person, room):
    """Whoever knows the node is told of the bookmark, whatever client has made it."""
    await person.wait_for(lambda: any(item["id"] == room for message in person.events
                                      for item in message["pubsub_event"]["items"]), f"a bookmark of {room}")


def listed(terminal, room):
    """The line of Profanity's list for that room."""
    terminal.type("/bookmark list")
    found = re.findall(rf"{re.escape(str(room))}[^\n]*", terminal.screen())
    return found[-1] if found else ""


async def leaves(terminal, person, room, nick):
    """Quits Profanity; in the room one can see that it has gone."""
    terminal.type("/quit")
    await until(lambda: not is_in(person, room, nick), "the end of Profanity")


class OldClient:
    """Knows private XML alone, and always writes the whole list."""

    def __init__(self, account, server):
        self.person = Person(account, server, "old")
        self.person.register_plugin("xep_0048")

    async def bookmarks(self):
        answer = await self.person["xep_0048"].get_bookmarks(method="xep_0049")
        return {str(each["jid"]): (each["name"], each["nick"], each["autojoin"])
                for each in answer["private"]["bookmarks"]["conferences"]}

    async def keep(self, bookmarks):
        every = Bookmarks()
        for jid, (name, nick, autojoin) in bookmarks.items():
            every.add_conference(jid, nick, name=name, autojoin=autojoin)
        await self.person["xep_0048"].set_bookmarks(every, method="xep_0049")


def test_bookmarks_go_round(server, tmp_path):
    """Gajim enters a room, Profanity adds another, an old client changes that one and adds a third; each finds at its
    login what the others have done."""
    need("gajim")
    host, mine = server.accounts("olga", "dora")
    garden, orchard, meadow = (JID(f"{name}.{mine.user}@conference.localhost") for name in
                               ("garden", "orchard", "meadow"))
    folder, home = tmp_path / "desktop", tmp_path / "home"
    folder.mkdir()
    Gajim.furnish(folder, mine)

    async def enter_one(gajim, olga, watch):
        await gajim.start()
        await gajim.enter(garden, lambda: is_in(olga, garden, mine.user))
        await is_item(watch, garden)
        await gajim.quit()

    async def add_one(terminal, olga, watch):
        await shows(terminal, "logged in successfully")
        await until(lambda: is_in(olga, garden, mine.user), "the bookmarked room")
        await until(lambda: f"{garden}/{mine.user} (autojoin)" in listed(terminal, garden), "Gajim's bookmark")
        terminal.type(f"/bookmark add {orchard} nick digger autojoin off")
        await is_item(watch, orchard)
        await leaves(terminal, olga, garden, mine.user)

    async def change_one(old):
        kept = await old.bookmarks()
        assert {jid: each[1:] for jid, each in kept.items()} == {
            str(garden): (mine.user, True), str(orchard): ("digger", False)}
        await old.keep({**kept, str(orchard): ("The orchard", "picker", True),
                        str(meadow): ("The meadow", "herder", True)})

    async def find_all(gajim, olga):
        await gajim.start()
        for room, nick in ((garden, mine.user), (orchard, "picker"), (meadow, "herder")):
            await until(lambda room=room, nick=nick: is_in(olga, room, nick), f"Gajim in {room}")
        await gajim.quit()

    async def scenario(gajim):
        watch, old = curious(mine, server, "watch", about=(BOOKMARKS,)), OldClient(mine, server)
        async with rooms_of(server, host, garden, orchard, meadow) as olga, present(watch):
            await enter_one(gajim, olga, watch)
            with furnish(home, server, mine, "force", server.starttls_port, server.certificate) as terminal:
                await add_one(terminal, olga, watch)
            async with present(old.person):
                await change_one(old)
            await find_all(gajim, olga)
            with at_home(home, mine, server.certificate) as terminal:
                for room, line in ((orchard, "picker (autojoin)"), (meadow, "herder (autojoin)")):
                    await until(lambda room=room, line=line: f"{room}/{line}" in listed(terminal, room), f"{room}")
                await leaves(terminal, olga, meadow, "herder")

    with Desktop(folder, server.certificate) as desktop:
        desktop_client.play(server, desktop, scenario(Gajim(desktop)))
