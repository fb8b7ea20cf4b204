# SPDX-License-Identifier: Apache-2.0
"""What people tell of themselves as nodes of their accounts (XEP-0163), with other people's clients: avatars
(XEP-0084), nicknames (XEP-0172), bookmarks (XEP-0048)."""
import asyncio
import contextlib
import hashlib

import pytest
from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0048 import Bookmarks

from support import desktop_client
from support.desktop import PATIENCE, Desktop, need, until
from support.dino import Dino
from support.friends import befriend
from support.gajim import Gajim
from support.nodes import AVATAR, NICK, curious, is_told, present, told
from support.people import with_receipts
from support.pictures import plain_png

CARD = "urn:xmpp:vcard4"
VCARD = "{urn:ietf:params:xml:ns:vcard-4.0}"


def play(scenario):
    asyncio.run(asyncio.wait_for(scenario, PATIENCE))


async def show_picture(person, picture):
    await person["xep_0084"].publish_avatar(picture)
    await person["xep_0084"].publish_avatar_metadata(
        {"id": hashlib.sha1(picture).hexdigest(), "type": "image/png", "bytes": str(len(picture)), "width": "64",
         "height": "64"})


async def picture_of(whom, seen_by):
    """By the way of clients: an event, and then the data that it names."""
    shown = (await is_told(seen_by, AVATAR, whom))[-1].find(f"{{{AVATAR}}}info").get("id")
    answer = await seen_by["xep_0084"].retrieve_avatar(whom.jid, shown)
    return answer["pubsub"]["items"]["item"]["avatar_data"]["value"]


def note_in(card):
    return card.findtext(f"{VCARD}note/{VCARD}text")


def test_an_avatar_and_a_nickname(server):
    """Contacts are told at once if they are there, and otherwise when they come; so are one's other devices."""
    mine, theirs = server.accounts("alice", "bob")
    befriend(server, mine, theirs)
    picture, other = plain_png(64, "teal"), plain_png(64, "plum")

    async def scenario():
        alice, bob, laptop = curious(mine, server), curious(theirs, server), curious(mine, server, "laptop")
        async with present(alice, bob):
            await show_picture(alice, picture)
            await alice["xep_0172"].publish_nick("Alice in Chains")
            assert await picture_of(mine, seen_by=bob) == picture
            assert (await is_told(bob, NICK, mine))[0].text == "Alice in Chains"
            assert await picture_of(mine, seen_by=alice) == picture
        bob = curious(theirs, server)
        async with present(bob, laptop):
            for person in (bob, laptop):
                assert await picture_of(mine, seen_by=person) == picture
                assert (await is_told(person, NICK, mine))[0].text == "Alice in Chains"
            await show_picture(laptop, other)
            await is_told(bob, AVATAR, mine, count=2)
            assert await picture_of(mine, seen_by=bob) == other
            await laptop["xep_0084"].stop()
            _, _, stopped = await is_told(bob, AVATAR, mine, count=3)
            assert len(stopped) == 0
    play(scenario())


def test_who_did_not_ask_is_not_told(server):
    """Neither a contact whose client wants something else, nor who is no contact; the latter may not even look."""
    mine, theirs, other = server.accounts("alice", "bob", "mallory")
    befriend(server, mine, theirs)

    async def scenario():
        alice = curious(mine, server)
        bob, mallory = curious(theirs, server, about=(NICK,)), curious(other, server)
        async with present(alice, bob, mallory):
            await show_picture(alice, plain_png(64, "teal"))
            await alice["xep_0172"].publish_nick("Alice")
            await is_told(bob, NICK, mine)
            for person in (bob, mallory):
                alice.send_message(person.boundjid, "Over", mtype="chat")
                await person.hears("Over")
            assert not told(bob, AVATAR, mine) and not mallory.events
            with pytest.raises(IqError) as refused:
                await mallory["xep_0060"].get_items(mine.jid, NICK)
            assert refused.value.condition == "not-authorized"
    play(scenario())


@pytest.mark.parametrize("method", ["xep_0049", "xep_0223"], ids=["private XML", "a private node"])
def test_bookmarks(server, method):
    """What one device keeps another finds, and nobody else."""
    mine, theirs = server.accounts("alice", "bob")
    befriend(server, mine, theirs)

    def bookmarks_in(answer):
        kept = answer["private"] if method == "xep_0049" else answer["pubsub"]["items"]["item"]
        return [(str(each["jid"]), each["nick"], each["autojoin"]) for each in kept["bookmarks"]["conferences"]]

    async def scenario():
        alice, laptop, bob = (curious(account, server, resource) for account, resource in
                              ((mine, "phone"), (mine, "laptop"), (theirs, "phone")))
        for person in (alice, laptop, bob):
            person.register_plugin("xep_0048")
        async with present(alice, laptop, bob):
            bookmarks = Bookmarks()
            bookmarks.add_conference("garden@conference.localhost", "alice", name="The garden", autojoin=True)
            await alice["xep_0048"].set_bookmarks(bookmarks, method=method)
            assert bookmarks_in(await laptop["xep_0048"].get_bookmarks(method=method)) == [
                ("garden@conference.localhost", "alice", True)]
            if method == "xep_0223":
                await is_told(laptop, "storage:bookmarks", mine)
                with pytest.raises(IqError):
                    await bob["xep_0060"].get_items(mine.jid, "storage:bookmarks")
                assert not bob.events
    play(scenario())


@pytest.fixture
def people(server, tmp_path):
    """Somebody at a desktop, somebody who is not, and the folder for the desktop; the two know each other."""
    mine, theirs = server.accounts("dora", "paula")
    befriend(server, mine, theirs)
    folder = tmp_path / "desktop"
    folder.mkdir()
    return mine, theirs, folder


def test_dino_shows_an_avatar(server, people):
    """One that was there before Dino, and one that came later."""
    need("dino-im")
    mine, theirs, folder = people
    first, second = plain_png(64, "teal"), plain_png(64, "plum")

    async def scenario(dino):
        paula = curious(theirs, server)
        async with present(paula):
            await show_picture(paula, first)
            await dino.start()
            await paula.sees(mine.jid)
            await dino.open_conversation(theirs.jid)
            await until(lambda: first in dino.pictures(), "the picture")
            assert second not in dino.pictures()
            await show_picture(paula, second)
            await until(lambda: second in dino.pictures(), "the other picture")

    Dino.furnish(folder, mine)
    with Desktop(folder, server.certificate) as desktop:
        desktop_client.play(server, desktop, scenario(Dino(desktop)))


async def saves_a_profile(gajim, account, watcher, nickname, note, picture):
    """Until those who know the account are told of it."""
    async def is_saved():
        await gajim.open_profile()
        await gajim.edit_profile(nickname, note, picture)
        with contextlib.suppress(AssertionError):
            for node in (NICK, CARD, AVATAR):
                await is_told(watcher, node, account)
            if told(watcher, NICK, account)[-1].text == nickname and note_in(
                    told(watcher, CARD, account)[-1]) == note:
                return True
        return await gajim.close_profile()

    await until(is_saved, "a profile")


def test_gajim_shows_an_avatar_and_saves_a_profile(server, people):
    """What its dialogue saves comes to contacts, and then the dialogue can be used again."""
    need("gajim")
    mine, theirs, folder = people
    picture = plain_png(64, "teal")

    async def scenario(gajim):
        paula = curious(theirs, server, about=(AVATAR, NICK, CARD))
        with_receipts(paula)
        async with present(paula):
            await show_picture(paula, picture)
            await gajim.start()
            await paula.sees(mine.jid)
            await until(lambda: picture in gajim.pictures(), "the picture")

            await saves_a_profile(gajim, mine, paula, "Dora the First", "Likes horses", "/mnt/mine.png")
            assert await picture_of(mine, seen_by=paula) in gajim.pictures()
            question = paula.make_message(paula.seen[-1]["from"], "All saved?", mtype="chat")
            question["request_receipt"] = True
            question.send()
            await paula.wait_for(lambda: paula.receipts, "a receipt")
            before = len(told(paula, CARD, mine))

            async def is_saved_again():
                await gajim.save_profile_again()
                return len(told(paula, CARD, mine)) > before

            await until(is_saved_again, "the profile again")
            assert note_in(told(paula, CARD, mine)[-1]) == "Likes horses"

    Gajim.furnish(folder, mine)
    (folder / "mine.png").write_bytes(plain_png(64, "plum"))
    with Desktop(folder, server.certificate) as desktop:
        desktop_client.play(server, desktop, scenario(Gajim(desktop)))


def test_dino_shows_the_avatar_of_gajim(server, tmp_path):
    """Chosen in Gajim's dialogue, seen by Dino on another desktop, and again by a Dino that starts after Gajim's end."""
    need("gajim")
    need("dino-im")
    theirs, mine = server.accounts("gail", "dora")
    befriend(server, theirs, mine)
    left, right = tmp_path / "left", tmp_path / "right"
    for folder, client, account in ((left, Gajim, theirs), (right, Dino, mine)):
        folder.mkdir()
        client.furnish(folder, account)
    (left / "mine.png").write_bytes(plain_png(64, "plum"))

    async def scenario(gajim, dino):
        laptop = curious(mine, server, "laptop", about=(AVATAR, NICK, CARD))
        async with present(laptop):
            await gajim.start()
            await dino.start()
            await dino.open_conversation(theirs.jid)
            await saves_a_profile(gajim, theirs, laptop, "Gail the Gardener", "Likes horses", "/mnt/mine.png")
            picture = await picture_of(theirs, seen_by=laptop)
            await until(lambda: picture in dino.pictures(), "Gajim's picture in Dino")
            await dino.quit()
            await gajim.quit()
            dino.forget_pictures()
            await dino.start()
            await until(lambda: picture in dino.pictures(), "the picture of one who is away")

    with Desktop(left, server.certificate) as one, Desktop(right, server.certificate) as other:
        async def both():
            async with one.reaches(server.starttls_port):
                await scenario(Gajim(one), Dino(other))

        desktop_client.play(server, other, both())
