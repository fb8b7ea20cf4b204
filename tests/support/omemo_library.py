# SPDX-License-Identifier: Apache-2.0
"""A client made of slixmpp-omemo, a library that is not Debian's: it runs in a process of its own, by the Python that
`./dev deps test` has furnished (see omemo_library_inside.py)."""
import asyncio
import contextlib
import json
import pathlib

import pytest

from support.desktop import PATIENCE, until
from support.server import ROOT

VENV = ROOT / "build" / "venv"
INSIDE = pathlib.Path(__file__).with_name("omemo_library_inside.py")


def need_library():
    if not (VENV / "made-from").exists():
        pytest.skip("slixmpp-omemo is not in build/venv: `./dev deps test` installs it, which needs a network")


class LibraryReader:
    """Somebody who reads encrypted messages now and then, with the same keys each time."""

    def __init__(self, server, folder, account):
        self._server, self._folder, self.account = server, folder / account.user, account
        self._folder.mkdir()
        self.fingerprint = None

    @contextlib.asynccontextmanager
    async def present(self):
        """Logged in, with keys that are published, until the end of the block."""
        self._told = []
        with open(self._folder / "library.log", "ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                VENV / "bin" / "python", INSIDE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=log)
        listening = asyncio.create_task(self._listen())
        try:
            self._command(jid=self.account.jid, password=self.account.password, port=self._server.starttls_port,
                          certificate=str(self._server.certificate), keys=str(self._folder / "keys.json"))
            self.fingerprint = (await self._is_told("fingerprint"))["fingerprint"]
            yield
            self._process.stdin.close()
            assert await asyncio.wait_for(self._process.wait(), PATIENCE) == 0, self._story()
        finally:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()
            await listening

    async def trust(self, jid, fingerprint):
        """Whoever shows other keys than these is not written to."""
        self._command(trust=[jid, fingerprint])

    async def say_to(self, jid, words):
        self._command(say=[jid, words])
        await self._is_told("said", words)

    async def reads(self, words):
        heard = await self._is_told("heard", words)
        assert heard["encrypted"], heard
        return heard

    def _command(self, **what):
        self._process.stdin.write(json.dumps(what).encode() + b"\n")

    async def _listen(self):
        async for line in self._process.stdout:
            self._told.append(json.loads(line))

    async def _is_told(self, kind, value=None):
        def found():
            assert not any("failed" in each for each in self._told), self._story()
            return [each for each in self._told if kind in each and value in (None, each[kind])]

        await until(found, f"{kind} {value or ''}")
        return found()[0]

    def _story(self):
        return f"{self._told}\n{(self._folder / 'library.log').read_text()}"
