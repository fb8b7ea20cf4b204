# SPDX-License-Identifier: Apache-2.0
"""Profanity in a terminal of its own, with an account and one certificate that it trusts."""
import asyncio
import re

from support.terminal import Terminal

PROFRC = """[chatstates]
enabled=true

[ui]
splash=false
wrap=true

[logging]
chlog=false

[otr]
log=off
"""

ACCOUNT = """[{jid}]
enabled=true
jid={jid}
server=127.0.0.1
port={port}
password={password}
resource={resource}
tls.policy={policy}
"""


def furnish(folder, server, account, policy, port, trusted, resource="terminal", lines=40):
    """A home of its own: settings, the account, and one trusted certificate, where OpenSSL looks for them."""
    config, data, empty = folder / "config/profanity", folder / "data/profanity", folder / "empty"
    for each in (config, data, empty):
        each.mkdir(parents=True)
    (config / "profrc").write_text(PROFRC)
    (data / "accounts").write_text(ACCOUNT.format(jid=account.jid, port=port, password=account.password,
                                                  policy=policy, resource=resource))
    return at_home(folder, account, trusted, lines)


def at_home(folder, account, trusted, lines=40):
    """The client of a home that is furnished, with all that it has kept there."""
    environment = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"),
                   "XDG_DATA_HOME": str(folder / "data"), "XDG_CACHE_HOME": str(folder / "cache"),
                   "SSL_CERT_FILE": str(trusted), "SSL_CERT_DIR": str(folder / "empty"),
                   "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return Terminal(folder, f"profanity -a {account.jid}", environment, lines=lines)


async def shows(terminal, *texts):
    """Waits for the screen while the other client goes on living."""
    return await asyncio.to_thread(terminal.wait_for, *texts)


async def fill_in(terminal, label, value):
    """Sets a field of the form that is on the screen; Profanity numbers fields, and its user reads labels."""
    tag = re.search(rf"\[(field\d+)\] {re.escape(label)}", await shows(terminal, label))
    terminal.type(f"/{tag.group(1)} {value}")
    await shows(terminal, "Field updated...")
