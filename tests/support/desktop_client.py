# SPDX-License-Identifier: Apache-2.0
"""What every client with windows has to be able to do with the server, told once. A client is an object with
`start()`, `say_to(jid, words)`, `enter(room, is_inside)`, `say_in(room, words)`, `has_refused()` (the certificate), and, out of its own
database, `history()` (bodies in order) and `is_received(words)`."""
import asyncio

from slixmpp import JID

from support.certificates import make_certificate
from support.desktop import PATIENCE, Desktop, until
from support.friends import befriend
from support.people import Person, configure, with_receipts, with_rooms


def play(server, desktop, scenario):
    async def connected():
        async with desktop.reaches(server.starttls_port):
            await scenario

    asyncio.run(asyncio.wait_for(connected(), 4 * PATIENCE))


def sessions(server, user):
    return server.ctl_json("sessions", "list", user.jid)["sessions"]


async def is_available(server, user):
    """Waits until the client has logged in and has told so; what it is asked for before that it may only refuse."""
    await until(lambda: any(session["available"] for session in sessions(server, user)), f"presence of {user.jid}")


def logs_in_chats_and_meets_in_a_room(client_class, server, folder):
    """Each thing said is heard once on the other side, and what the client keeps of it all is neither more nor less
    than that."""
    user, peer = server.accounts("dora", "paula")
    befriend(server, user, peer)
    room = JID(f"meadow.{user.user}@conference.localhost")

    async def chat(client, paula):
        await client.say_to(peer.jid, "Hello from the desktop")
        heard = await paula.hears("Hello from the desktop")
        assert heard["from"].bare == user.jid
        question = paula.make_message(heard["from"], "Did you get it?", mtype="chat")
        question["request_receipt"] = True
        question.send()
        await paula.wait_for(lambda: paula.receipts == [question["id"]], "a receipt")
        await until(lambda: "Did you get it?" in client.history(), "the question in the history")
        await until(lambda: client.is_received("Hello from the desktop"), "the tick")

    async def meet(client, paula):
        await paula["xep_0045"].join_muc_wait(room, "paula", maxstanzas=0)
        await configure(paula, room, roomname="The meadow")
        await client.enter(room, lambda: any(p["from"] == f"{room}/{user.user}" for p in paula.seen))
        await client.say_in(room, "Hello everybody")
        heard = await paula.hears("Hello everybody")
        assert heard["from"] == f"{room}/{user.user}"
        paula.send_message(room, "Welcome", mtype="groupchat")
        await until(lambda: "Welcome" in client.history(), "what was said in the room in the history")

    async def scenario(client):
        paula = Person(peer, server, "phone")
        with_rooms(paula)
        with_receipts(paula)
        await paula.come()
        await client.start()
        await paula.sees(user.jid)
        await chat(client, paula)
        await meet(client, paula)
        assert client.history() == ["Hello from the desktop", "Did you get it?", "Hello everybody", "Welcome"]
        assert [m["body"] for m in paula.heard if m["type"] == "chat" and m["body"]] == ["Hello from the desktop"]
        await paula.leave()

    client_class.furnish(folder, user)
    with Desktop(folder, server.certificate) as desktop:
        play(server, desktop, scenario(client_class(desktop)))


def refuses_an_unknown_certificate(client_class, server, folder, then=None):
    """Another certificate is all that the client's machine trusts. `then(client, user)` is what comes after that."""
    user = server.account("dora")
    client_class.furnish(folder, user)
    other = make_certificate(folder.parent / "other.pem", folder.parent / "other.key")

    async def scenario(client):
        await client.start()
        await client.has_refused()
        assert not sessions(server, user)
        if then:
            await then(client, user)

    with Desktop(folder, other) as desktop:
        play(server, desktop, scenario(client_class(desktop)))
