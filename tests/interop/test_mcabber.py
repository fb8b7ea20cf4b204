# SPDX-License-Identifier: Apache-2.0
"""mcabber, an old client in a terminal: logs in over TLS with a verified certificate, adds a contact and chats."""
import asyncio
import shutil

import pytest

from support.certificates import make_certificate
from support.people import Person
from support.profanity import shows
from support.terminal import Terminal

SETTINGS = """set jid = {jid}
set password = "{password}"
set server = 127.0.0.1
set port = {port}
set tls = 1
set ssl_ca = {trusted}
set resource = terminal
set disable_random_resource = 1
set logging = 0
"""


@pytest.fixture(scope="module", autouse=True)
def mcabber():
    assert shutil.which("mcabber") and shutil.which("tmux"), "mcabber and tmux have to be installed"


def furnish(folder, server, account, trusted):
    """A home of its own with one trusted certificate."""
    settings = folder / "mcabberrc"
    settings.write_text(SETTINGS.format(jid=account.jid, password=account.password, port=server.starttls_port,
                                        trusted=trusted))
    settings.chmod(0o600)
    return Terminal(folder, f"mcabber -f {settings}", {"HOME": str(folder), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"})


def test_login_contact_and_chat(server, tmp_path):
    user, peer = server.accounts("mc", "paula")

    async def scenario(terminal):
        paula = Person(peer, server, "phone")
        await paula.come()
        await shows(terminal, "Connection established")
        terminal.type(f"/add {peer.jid} Paula")
        await paula.is_asked_by(user.jid)
        paula.send_presence_subscription(pto=user.jid, ptype="subscribed")
        terminal.type("/roster search Paula")
        await shows(terminal, "Buddy: Paula")
        terminal.type("")  # into the conversation
        terminal.type("Hello from the terminal")
        heard = await paula.hears("Hello from the terminal")
        assert heard["from"].bare == user.jid
        paula.send_message(heard["from"], "And hello from the phone", mtype="chat")
        await shows(terminal, "--> Hello from the terminal", "<== And hello from the phone")
        await paula.leave()
        terminal.type("/quit")

    with furnish(tmp_path, server, user, server.certificate) as terminal:
        asyncio.run(asyncio.wait_for(scenario(terminal), 90))


def test_an_unknown_certificate_is_not_accepted(server, tmp_path):
    """The same client without our certificate does not log in: it does verify."""
    other = make_certificate(tmp_path / "other.pem", tmp_path / "other.key")
    with furnish(tmp_path, server, server.account("mc"), other) as terminal:
        screen = terminal.wait_for("Certificate is not trusted!", "Disconnected")
        assert "Connection established" not in screen
