# SPDX-License-Identifier: Apache-2.0
"""Clients that send a message from a script: go-sendxmpp and sendxmpp. Both know PLAIN and nothing else, and both
trust the test's certificate and no other."""
import asyncio
import os
import shutil
import subprocess

import pytest

from support.people import Person

TIMEOUT = 60


def in_home(folder, trusted):
    """An environment with a home of its own, in which `trusted` is the only certificate."""
    certificates = folder / "certificates"
    certificates.mkdir()
    shutil.copy(trusted, certificates / "trusted.pem")
    subprocess.run(["openssl", "rehash", certificates], check=True, timeout=TIMEOUT)
    return {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "SSL_CERT_DIR": str(certificates),
            "SSL_CERT_FILE": str(certificates / "trusted.pem")}


def go_sendxmpp(folder, server, sender, transport):
    options = {"STARTTLS": ["-j", f"localhost:{server.starttls_port}"],
               "direct TLS": ["-j", f"localhost:{server.tls_port}", "--tls"]}[transport]
    return ["go-sendxmpp", "-u", sender.jid, "-p", sender.password, *options]


def sendxmpp(folder, server, sender, transport):
    options = {"STARTTLS": ["-j", f"localhost:{server.starttls_port}", "--tls"],
               "direct TLS": ["-j", f"localhost:{server.tls_port}", "--ssl"]}[transport]
    return ["sendxmpp", "-u", sender.user, "-p", sender.password, *options, "--tls-ca-path",
            str(folder / "certificates")]


@pytest.mark.parametrize("transport", ["STARTTLS", "direct TLS"])
@pytest.mark.parametrize("program", [go_sendxmpp, sendxmpp], ids=lambda program: program.__name__.replace("_", "-"))
def test_a_script_sends_a_message(server, tmp_path, program, transport):
    sender, reader = server.accounts("script", "reader")
    environment = in_home(tmp_path, server.certificate)
    command = [*program(tmp_path, server, sender, transport), reader.jid]
    assert shutil.which(command[0]), f"{command[0]} has to be installed"

    def send():
        return subprocess.run(command, input="The backup is done", env=environment, capture_output=True, text=True,
                              timeout=TIMEOUT)

    async def scenario():
        person = Person(reader, server, "desk")
        await person.come()
        done = await asyncio.to_thread(send)
        assert done.returncode == 0, done.stdout + done.stderr
        heard = await person.hears("The backup is done")
        assert heard["from"].bare == sender.jid
        await person.leave()

    asyncio.run(asyncio.wait_for(scenario(), 2 * TIMEOUT))
