# SPDX-License-Identifier: Apache-2.0
"""Profanity, in a terminal: logs in over TLS with a verified certificate, adds a contact, and chats; shows what the
other devices of its account say, and what was said before it was there."""
import asyncio
import shutil

import pytest

from support.certificates import make_certificate
from support.people import Person, with_receipts
from support.profanity import furnish, shows

@pytest.fixture(scope="module", autouse=True)
def profanity():
    assert shutil.which("profanity") and shutil.which("tmux"), "profanity and tmux have to be installed"


@pytest.mark.parametrize("policy, port", [("force", "starttls_port"), ("legacy", "tls_port")],
                         ids=["STARTTLS", "direct TLS"])
def test_login_contact_and_chat(server, tmp_path, policy, port):
    user, peer = server.accounts("terry", "paula")

    async def scenario(terminal):
        paula = Person(peer, server, "phone")
        await paula.come()
        await shows(terminal, "logged in successfully")
        terminal.type(f"/roster add {peer.jid} Paula")
        await shows(terminal, "Roster item added")
        terminal.type(f"/sub request {peer.jid}")
        await paula.is_asked_by(user.jid)
        paula.send_presence_subscription(pto=user.jid, ptype="subscribed")
        await shows(terminal, "Paula (phone) is online")
        terminal.type(f"/msg {peer.jid} Hello from the terminal")
        heard = await paula.hears("Hello from the terminal")
        assert heard["from"].bare == user.jid
        paula.send_message(heard["from"], "And hello from the phone", mtype="chat")
        await shows(terminal, "Hello from the terminal", "And hello from the phone")
        screen = terminal.screen()
        (tmp_path / "screen.txt").write_text(screen)
        assert "[TLS]" in screen
        await paula.leave()
        terminal.type("/quit")

    with furnish(tmp_path, server, user, policy, getattr(server, port), server.certificate) as terminal:
        asyncio.run(asyncio.wait_for(scenario(terminal), 90))


def test_an_unknown_certificate_is_not_accepted(server, tmp_path):
    """The same client without our certificate asks its user instead of logging in: it does verify."""
    other = make_certificate(tmp_path / "other.pem", tmp_path / "other.key")
    with furnish(tmp_path, server, server.account("terry"), "force", server.starttls_port, other) as terminal:
        screen = terminal.wait_for("Use '/tls allow' to accept this certificate")
        assert "logged in successfully" not in screen


def test_the_other_device_receipts_and_history(server, tmp_path):
    user, peer = server.accounts("terry", "paula")

    def terminal_of(resource):
        return furnish(tmp_path / resource, server, user, "force", server.starttls_port, server.certificate, resource)

    async def live(terminal, paula, phone):
        await shows(terminal, "logged in successfully")
        for command in ("/carbons on", "/receipts request on", "/receipts send on"):
            terminal.type(command)
        await shows(terminal, "Message carbons preference enabled", "Send delivery receipts enabled")
        phone.send_message(peer.jid, "From my other device", mtype="chat")
        await paula.hears("From my other device")
        terminal.type(f"/msg {peer.jid} And from the terminal")
        heard = await paula.hears("And from the terminal")
        assert heard["request_receipt"]
        await shows(terminal, "me: From my other device", "me: And from the terminal")
        question = paula.make_message(heard["from"], "Did you get it?", mtype="chat")
        question["request_receipt"] = True
        question.send()
        await shows(terminal, "Did you get it?")
        await paula.wait_for(lambda: paula.receipts == [question["id"]], "a receipt")
        terminal.type("/quit")

    async def later(terminal):
        await shows(terminal, "logged in successfully")
        terminal.type("/mam on")
        await shows(terminal, "Message Archive Management enabled")
        terminal.type(f"/msg {peer.jid}")
        await shows(terminal, "me: From my other device", "me: And from the terminal", "Did you get it?")
        terminal.type("/quit")

    async def scenario():
        paula, phone = Person(peer, server, "phone"), Person(user, server, "phone")
        with_receipts(paula)
        for person in (paula, phone):
            await person.come()
        with terminal_of("terminal") as terminal:
            await live(terminal, paula, phone)
        with terminal_of("laptop") as terminal:
            await later(terminal)
        for person in (paula, phone):
            await person.leave()

    asyncio.run(asyncio.wait_for(scenario(), 90))
