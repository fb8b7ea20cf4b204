# SPDX-License-Identifier: Apache-2.0
"""Rooms with other people's clients: slixmpp's MUC creates, configures, invites, speaks, kicks and reads the archive;
Profanity creates, configures, invites, chats and kicks from a terminal."""
import asyncio
import itertools

import pytest
from slixmpp import JID
from slixmpp.exceptions import IqError, PresenceError

from support.people import Person, configure, together, with_rooms
from support.profanity import fill_in, furnish, shows

_numbers = itertools.count(1)


def play(scenario):
    asyncio.run(asyncio.wait_for(scenario, 90))


def new_room():
    return JID(f"garden{next(_numbers)}@conference.localhost")


# XEP-0313 §6.1.2-2
def test_a_group_of_three_with_slixmpp(server):
    """Created, configured, filled by invitations, spoken in, read again from the archive, and one is kicked."""
    async def scenario():
        room = new_room()
        async with together(server, "alice", "bob", "carol") as people:
            alice, bob, carol = people
            with_rooms(*people)
            await alice["xep_0045"].join_muc_wait(room, "alice", maxstanzas=0)
            await configure(alice, room, roomname="The garden", membersonly=True, persistentroom=True)
            with pytest.raises(PresenceError) as refused:
                await bob["xep_0045"].join_muc_wait(room, "bob", maxstanzas=0)
            assert refused.value.condition == "registration-required"
            bob["xep_0045"].rooms.clear()  # slixmpp believes that it is inside
            for friend in (bob, carol):
                alice["xep_0045"].invite(room, friend.boundjid.bare, reason="Come in")
                await friend.wait_for(lambda friend=friend: friend.invited, "an invitation")
                await friend["xep_0045"].join_muc_wait(room, friend.boundjid.user.split(".")[0], maxstanzas=0)
            info = await carol["xep_0030"].get_info(jid=room)
            assert "muc_membersonly" in info["disco_info"]["features"]
            for speaker in people:
                speaker.send_message(room, f"from {speaker.boundjid.user}", mtype="groupchat")
                for listener in people:
                    heard = await listener.hears(f"from {speaker.boundjid.user}")
                    assert heard["from"].bare == room.bare
            page = await carol["xep_0313"].retrieve(jid=room)
            said = [result["mam_result"]["forwarded"]["stanza"]["body"] for result in page["mam"]["results"]]
            assert said == [f"from {speaker.boundjid.user}" for speaker in people]
            nick = bob.boundjid.user.split(".")[0]
            await alice["xep_0045"].set_role(room, nick, "none", reason="Enough")
            await bob.wait_for(lambda: any(str(p["from"]) == f"{room.bare}/{nick}" and p["type"] == "unavailable"
                                           for p in bob.seen), "the kick")
            await alice["xep_0045"].set_affiliation(room, "outcast", jid=bob.boundjid.bare)
            with pytest.raises(PresenceError) as refused:
                await bob["xep_0045"].join_muc_wait(room, nick, maxstanzas=0)
            assert refused.value.condition == "forbidden"
            with pytest.raises(IqError) as denied:
                await carol["xep_0045"].get_room_config(room)
            assert denied.value.condition == "forbidden"
            await alice["xep_0045"].destroy(room, reason="Winter")
    play(scenario())


def test_a_persistent_room_is_there_after_a_restart(private_server):
    """Its name, members, subject and history too."""
    server = private_server()

    async def before(room):
        async with together(server, "alice") as (alice,):
            with_rooms(alice)
            await alice["xep_0045"].join_muc_wait(room, "alice", maxstanzas=0)
            await configure(alice, room, roomname="The garden", persistentroom=True)
            alice["xep_0045"].set_subject(room, "Roses")
            alice.send_message(room, "Said before", mtype="groupchat")
            await alice.hears("Said before")
            return alice.boundjid.bare

    async def after(room):
        async with together(server, "bob") as (bob,):
            with_rooms(bob)
            await bob["xep_0045"].join_muc_wait(room, "bob", maxstanzas=10)
            heard = await bob.hears("Said before")
            assert heard["from"].resource == "alice"
            await bob.wait_for(lambda: any(m["subject"] == "Roses" for m in bob.heard), "the subject")

    room = new_room()
    play(before(room))
    server.kill()
    server.start()
    play(after(room))


def test_a_room_made_with_profanity(server, tmp_path):
    """Created in the terminal, a friend is invited and comes, they chat, and he is kicked."""
    user, peer = server.accounts("terry", "paula")
    room = new_room()

    async def scenario(terminal):
        paula = Person(peer, server, "phone")
        with_rooms(paula)
        await paula.come()
        await shows(terminal, "logged in successfully")
        terminal.type(f"/join {room}")
        await shows(terminal, "Room locked, requires configuration.")
        terminal.type("/room accept")
        await shows(terminal, "Room unlocked.")
        terminal.type(f"/invite send {peer.jid} Come")
        await paula.wait_for(lambda: paula.invited, "an invitation")
        await paula["xep_0045"].join_muc_wait(room, "paula", maxstanzas=0)
        await shows(terminal, "paula")
        terminal.type("Hello from the terminal")
        heard = await paula.hears("Hello from the terminal")
        assert heard["from"].bare == room.bare
        paula.send_message(room, "And hello from the phone", mtype="groupchat")
        await shows(terminal, "And hello from the phone")
        terminal.type("/kick paula Enough")
        await paula.wait_for(lambda: any(str(p["from"]) == f"{room}/paula" and p["type"] == "unavailable"
                                         for p in paula.seen), "the kick")
        await paula.leave()

    with furnish(tmp_path, server, user, "force", server.starttls_port, server.certificate) as terminal:
        play(scenario(terminal))


def test_a_room_configured_with_profanity(server, tmp_path):
    """Named and closed before anybody else comes; a friend is made a member; what is changed later he is told."""
    user, peer = server.accounts("terry", "paula")
    room = new_room()

    async def scenario(terminal):
        paula = Person(peer, server, "phone")
        with_rooms(paula)
        codes = []
        paula.add_event_handler("groupchat_config_status", lambda stanza: paula._note(codes, stanza))
        await paula.come()
        await shows(terminal, "logged in successfully")
        terminal.type(f"/join {room}")
        await shows(terminal, "Use '/room config' to edit the room configuration")
        terminal.type("/room config")
        await shows(terminal, "Use '/form submit' to save changes.")
        await fill_in(terminal, "Natural-Language Room Name", '"The garden"')
        await fill_in(terminal, "Whether to Make Room Members-Only", "on")
        terminal.type("/form submit")
        await shows(terminal, "Room configuration successful")
        info = (await paula["xep_0030"].get_info(jid=room))["disco_info"]
        assert "muc_membersonly" in info["features"] and "muc_semianonymous" in info["features"]
        assert [name for _, _, _, name in info["identities"]] == ["The garden"]
        with pytest.raises(PresenceError) as refused:
            await paula["xep_0045"].join_muc_wait(room, "paula", maxstanzas=0)
        assert refused.value.condition == "registration-required"
        paula["xep_0045"].rooms.clear()  # slixmpp believes that it is inside
        terminal.type(f"/affiliation set member {peer.jid}")
        terminal.type(f"/invite send {peer.jid} Come")
        await paula.wait_for(lambda: paula.invited, "an invitation")
        await paula["xep_0045"].join_muc_wait(room, "paula", maxstanzas=0)
        await shows(terminal, "paula")
        terminal.type("/room config")
        await shows(terminal, "Use '/form submit' to save changes.", "The garden")
        await fill_in(terminal, "Affiliations that May Discover Real JIDs of Occupants", "anyone")
        terminal.type("/form submit")
        await paula.wait_for(lambda: codes, "a change of the configuration")
        info = (await paula["xep_0030"].get_info(jid=room))["disco_info"]
        assert "muc_nonanonymous" in info["features"] and "muc_membersonly" in info["features"]
        await paula.leave()

    with furnish(tmp_path, server, user, "force", server.starttls_port, server.certificate, lines=90) as terminal:
        play(scenario(terminal))
