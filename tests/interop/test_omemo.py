# SPDX-License-Identifier: Apache-2.0
"""OMEMO (XEP-0384) with other people's clients: keys are published as nodes of the account (XEP-0163) and fetched
while their owner is away; the server carries and keeps what it cannot read."""
import asyncio
import contextlib
import dataclasses
import re
import shutil

import pytest
from slixmpp import JID

from support import desktop_client
from support.desktop import PATIENCE, Desktop, need, until
from support.dino import Dino
from support.friends import befriend
from support.omemo_library import LibraryReader, need_library
from support.people import Person, configure, with_rooms
from support.profanity import at_home, furnish, shows
from support.raw import login
from support.server import Account

OMEMO = "eu.siacs.conversations.axolotl"
MAM, CLIENT = "urn:xmpp:mam:2", "jabber:client"
FINGERPRINT = r"(?:[0-9a-f]{8}-){7}[0-9a-f]{8}"
# All of it stays on the screen.
LINES = 100


@pytest.fixture(scope="module", autouse=True)
def profanity():
    assert shutil.which("profanity") and shutil.which("tmux"), "profanity and tmux have to be installed"


def play(scenario):
    asyncio.run(asyncio.wait_for(scenario, 4 * PATIENCE))


class Reader:
    """Somebody who reads encrypted messages in a terminal, now and then, with the same keys each time."""

    def __init__(self, server, folder, account):
        self._server, self._folder, self.account = server, folder / account.user, account
        self.fingerprint = None
        self.terminal = None

    @contextlib.asynccontextmanager
    async def present(self):
        """Logged in, until the end of the block."""
        server = self._server
        if self._folder.exists():
            self.terminal = at_home(self._folder, self.account, server.certificate, LINES)
        else:
            self.terminal = furnish(self._folder, server, self.account, "force", server.starttls_port,
                                    server.certificate, lines=LINES)
        with self.terminal as terminal:
            await shows(terminal, "logged in successfully")
            yield
            terminal.type("/quit")
            await until(lambda: not self._is_there(), "the end")

    def _is_there(self):
        sessions = self._server.ctl_json("sessions", "list", self.account.jid)["sessions"]
        return any(session["jid"].endswith("/terminal") for session in sessions)

    async def make_keys(self):
        """The fingerprint is only shown as somebody's when the keys have come back from the server."""
        self.terminal.type("/omemo gen")
        await shows(self.terminal, "OMEMO crytographic materials generated")
        self.fingerprint = await self._published(self.account.jid)

    async def trust(self, jid, fingerprint):
        """Compares the fingerprint of the keys that have been fetched with what the other has told."""
        assert await self._published(jid) == fingerprint
        self.terminal.type(f"/omemo trust {jid} {fingerprint}")
        await shows(self.terminal, "(trusted)")

    async def _published(self, jid):
        shown = re.compile(rf"{re.escape(jid)}'s OMEMO fingerprint:\s+({FINGERPRINT})")

        def found():
            self.terminal.type(f"/omemo fingerprint {jid}")
            return shown.search(self.terminal.screen())

        await until(found, f"a fingerprint of {jid}")
        return shown.search(self.terminal.screen()).group(1)

    async def say(self, words):
        """In the window that has the focus. Trusted keys become a session in the background, and nothing tells when:
        until then Profanity refuses. In a room it shows what it has refused to send none the less, below the refusal."""
        async def said():
            refusals, shown = self._refusals(), len(self._shown(words))
            self.terminal.type(words)
            await until(lambda: len(self._shown(words)) > shown or self._refusals() > refusals,
                        f"an answer to '{words}'")
            return self._refusals() == refusals

        await until(said, f"a session to say '{words}' in")

    async def reads(self, words):
        await until(lambda: self._shown(words), f"'{words}', encrypted")

    def _shown(self, words):
        """Profanity marks what was encrypted, its own too."""
        return re.findall(rf"~ [^\n]*{re.escape(words)}", self.terminal.screen())

    def _refusals(self):
        return self.terminal.screen().count("This message cannot be decrypted for any recipient")


def archived(server, account, room=None):
    """Of each message in the archive of the account or the room, whether it is encrypted."""
    with login(server, account) as session:
        session.send(f"<iq type='set' id='archive' to='{room or account.jid}'><query xmlns='{MAM}'/></iq>")
        kept = []
        while (stanza := session.next_stanza()).get("id") != "archive":
            kept += [message.find(f"{{{OMEMO}}}encrypted") is not None
                     for message in stanza.iterfind(f".//{{{CLIENT}}}message")
                     if message.find(f"{{{CLIENT}}}body") is not None]
        return kept


def kept_on_disk(server, words):
    """Whether any file of the server has the words."""
    return any(words.encode() in path.read_bytes() for path in server.folder.rglob("*") if path.is_file())


@dataclasses.dataclass(frozen=True)
class Correspondent:
    account: Account
    fingerprint: str


async def writes(writer, reader, words):
    """In a chat with somebody whose keys are fetched and compared before."""
    writer.terminal.type(f"/omemo start {reader.account.jid}")
    await shows(writer.terminal, "[OMEMO]")
    await writer.trust(reader.account.jid, reader.fingerprint)
    await writer.say(words)


def test_a_chat_with_whoever_is_away(server, tmp_path):
    """Each fetches the keys of the other while that one is not there, and reads later what was written meanwhile."""
    accounts = server.accounts("terry", "paula")
    befriend(server, *accounts)
    terry, paula = (Reader(server, tmp_path, account) for account in accounts)

    async def scenario():
        for each in (terry, paula):
            async with each.present():
                await each.make_keys()
        async with terry.present():
            await writes(terry, paula, "The key is under the mat")
        async with paula.present():
            paula.terminal.type(f"/msg {terry.account.jid}")
            await paula.reads("The key is under the mat")
            await writes(paula, terry, "And the dog knows it")
        async with terry.present():
            terry.terminal.type(f"/msg {paula.account.jid}")
            await terry.reads("And the dog knows it")
            terry.terminal.type("/omemo end")
            terry.terminal.type("No secret at all")
            await shows(terry.terminal, "me: No secret at all")

    play(scenario())
    for account in accounts:
        assert archived(server, account) == [True, True, False]
    assert not kept_on_disk(server, "under the mat") and not kept_on_disk(server, "the dog knows")
    assert kept_on_disk(server, "No secret")  # where the others would have been


def test_a_chat_with_dino(server, tmp_path):
    """Dino, which trusts each first key, fetches it and writes while its owner is away, and the other way round."""
    need("dino-im")
    mine, theirs = server.accounts("terry", "dora")
    befriend(server, mine, theirs)
    terry = Reader(server, tmp_path, mine)
    folder = tmp_path / "desktop"
    folder.mkdir()
    Dino.furnish(folder, theirs)

    async def scenario(dino):
        async with terry.present():
            await terry.make_keys()
        await dino.start()
        await dino.open_conversation(mine.jid)
        await dino.is_told_of_keys(theirs.jid, mine.jid)
        await dino.quit()
        dino.encrypt()
        await dino.start()
        await desktop_client.is_available(server, theirs)
        await dino.say_to(mine.jid, "Meet me at the mill")
        await until(lambda: archived(server, theirs), "a message")
        await dino.quit()
        dora = Correspondent(theirs, dino.fingerprint())
        async with terry.present():
            terry.terminal.type(f"/msg {theirs.jid}")
            await terry.reads("Meet me at the mill")
            await writes(terry, dora, "Bring the lantern")
        await dino.start()
        await until(lambda: "Bring the lantern" in dino.history(), "the answer")

    with Desktop(folder, server.certificate) as desktop:
        desktop_client.play(server, desktop, scenario(Dino(desktop)))
    for account in (mine, theirs):
        assert archived(server, account) == [True, True]
    assert not kept_on_disk(server, "at the mill") and not kept_on_disk(server, "the lantern")


def test_a_chat_with_a_library(server, tmp_path):
    """slixmpp-omemo, which trusts nothing that was not compared, writes while the other is away, and the other way
    round."""
    need_library()
    mine, theirs = server.accounts("terry", "lily")
    befriend(server, mine, theirs)
    terry, lily = Reader(server, tmp_path, mine), LibraryReader(server, tmp_path, theirs)

    async def scenario():
        async with terry.present():
            await terry.make_keys()
        async with lily.present():
            await lily.trust(mine.jid, terry.fingerprint)
            await lily.say_to(mine.jid, "Wait at the weir")
        async with terry.present():
            terry.terminal.type(f"/msg {theirs.jid}")
            await terry.reads("Wait at the weir")
            await writes(terry, lily, "Come by the canal")
        async with lily.present():
            assert (await lily.reads("Come by the canal"))["from"] == mine.jid

    play(scenario())
    for account in (mine, theirs):
        assert archived(server, account) == [True, True]
    assert not kept_on_disk(server, "at the weir") and not kept_on_disk(server, "the canal")


async def enters(reader, room):
    """What kind of room it is Profanity asks in the background, and believes the worst until then."""
    def starts():
        reader.terminal.type("/omemo start")
        return "[OMEMO]" in reader.terminal.screen()

    reader.terminal.type(f"/join {room} nick {reader.account.user}")
    await shows(reader.terminal, "You have joined the room")
    await until(starts, "OMEMO in the room")


@contextlib.asynccontextmanager
async def host_of(server, account, room, *members):
    """Whoever makes the room, in which members alone see each other's addresses, and hears in there what anybody hears
    who has no keys."""
    host = Person(account, server, "phone")
    with_rooms(host)
    await host.come()
    await host["xep_0045"].join_muc_wait(room, "host", maxstanzas=0)
    await configure(host, room, membersonly=True, whois="anyone", persistentroom=True)
    for member in members:
        await host["xep_0045"].set_affiliation(room, "member", jid=member.jid)
    yield host
    await host.leave()


def seen_of(person, room, nick):
    """What presence has come of that occupant, in order."""
    return [presence["type"] for presence in person.seen if presence["from"] == f"{room}/{nick}"]


def is_back(seen):
    return "unavailable" in seen and seen[-1] == "available"


async def hears_no_secret(person, *secrets):
    """Of as many messages as there are secrets."""
    await person.wait_for(lambda: len({m["id"] for m in person.heard if m["body"]}) == len(secrets), "all messages")
    assert not any(secret in str(message) for message in person.heard for secret in secrets)


def test_a_room_of_members(server, tmp_path):
    """Members who are no contacts of each other fetch each other's keys; a member without keys reads nothing."""
    terry, paula = (Reader(server, tmp_path, account) for account in server.accounts("terry", "paula"))
    host = server.account("olga")
    room = JID(f"cellar.{host.user}@conference.localhost")

    async def scenario():
        async with host_of(server, host, room, terry.account, paula.account) as olga, paula.present():
            await paula.make_keys()
            async with terry.present():
                await terry.make_keys()
                for each in (terry, paula):
                    await enters(each, room)
                for writer, reader, words in ((terry, paula, "Under the stairs"), (paula, terry, "Behind the barrel")):
                    await writer.trust(reader.account.jid, reader.fingerprint)
                    await writer.say(words)
                    await reader.reads(words)
            await hears_no_secret(olga, "the stairs", "the barrel")

    play(scenario())
    assert archived(server, host, room) == [True, True]
    assert not kept_on_disk(server, "the stairs") and not kept_on_disk(server, "the barrel")


def test_a_room_of_members_with_dino(server, tmp_path):
    """Dino and Profanity, who are no contacts, in one room. Dino refuses to write if there is a member without keys, so
    whoever has made the room is the same as one of them, at a device that has none."""
    need("dino-im")
    mine, theirs = server.accounts("terry", "dora")
    terry = Reader(server, tmp_path, mine)
    room = JID(f"attic.{mine.user}@conference.localhost")
    folder = tmp_path / "desktop"
    folder.mkdir()
    Dino.furnish(folder, theirs)

    async def scenario(dino):
        async with host_of(server, mine, room, theirs) as phone, terry.present():
            await terry.make_keys()
            await dino.start()
            await desktop_client.is_available(server, theirs)
            await dino.enter(room, lambda: seen_of(phone, room, theirs.user))
            await dino.is_told_of_keys(theirs.jid)
            await dino.quit()
            dino.encrypt()
            await enters(terry, room)
            await dino.start()
            await desktop_client.is_available(server, theirs)
            await dino.enter(room, lambda: is_back(seen_of(phone, room, theirs.user)))
            await dino.say_in(room, "Up the ladder")
            await terry.reads("Up the ladder")
            await terry.trust(theirs.jid, dino.fingerprint())
            await terry.say("Next to the skylight")
            await until(lambda: "Next to the skylight" in dino.history(), "the answer")
            await hears_no_secret(phone, "the ladder", "the skylight")

    with Desktop(folder, server.certificate) as desktop:
        desktop_client.play(server, desktop, scenario(Dino(desktop)))
    assert archived(server, mine, room) == [True, True]
    assert not kept_on_disk(server, "the ladder") and not kept_on_disk(server, "the skylight")
