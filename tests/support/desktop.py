# SPDX-License-Identifier: Apache-2.0
"""A desktop for programs with windows, on a private machine: namespaces with a home, a /tmp, a loopback, a display, a
session bus and processes of its own, where one certificate is trusted and where localhost, port 5222, is the server
under test. Nothing of the machine outside is changed, and nothing stays when it is closed."""
import asyncio
import contextlib
import inspect
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys
import time

import pytest

from support.desktop_inside import NOBODY
from support.raw import WAIT

INSIDE = pathlib.Path(__file__).with_name("desktop_inside.py")
# A program with windows takes its time to start.
PATIENCE = 4 * WAIT
# Those who ask wait longer than what they have asked for may take.
WITHIN, ANSWER = 1.5 * PATIENCE, 2 * PATIENCE
PROGRAMS = ("Xvfb", "dbus-daemon", "xdotool")


def namespaces():
    """The command that makes them; a user who is not root is root in there."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *user, "--mount", "--net", "--pid", "--fork", "--kill-child"]


def need(program):
    """Skips where the kernel allows no namespaces, and fails where something has to be installed."""
    for each in (program, *PROGRAMS):
        assert shutil.which(each), f"{each} has to be installed"
    tried = subprocess.run([*namespaces(), "mount", "--bind", "/etc", "/mnt"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"{program} trusts what the machine trusts; without namespaces of its own the test would have to "
                    f"change that: {tried.stderr.strip()}")


class Desktop:
    def __init__(self, folder, trusted):
        self.folder = pathlib.Path(folder)
        if os.geteuid() == 0:
            give(self.folder, NOBODY)
        self._control, theirs = socket.socketpair()
        with theirs:
            command = [*namespaces(), sys.executable, INSIDE, theirs.fileno(), self.folder, trusted]
            self._process = subprocess.Popen([str(word) for word in command], pass_fds=[theirs.fileno()])
        self._control.settimeout(ANSWER)
        _, doors, _, _ = socket.recv_fds(self._control, 1, 1)
        assert doors, "the desktop did not start"
        self._door = socket.socket(fileno=doors[0])
        self._answers = self._control.makefile()
        self._program = None

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        self._door.close()
        self._answers.close()
        self._control.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            # What has failed before is the reason, and is what has to be told.
            assert failure, "the desktop does not end"

    async def run(self, *command, check=True):
        """Runs a command to its end; gives its output."""
        done = await self._ask(run=[str(word) for word in command], within=WITHIN)
        if done["status"] is None:
            raise AssertionError(f"{command} does not end: {done['output']}\n{await self.story()}")
        assert not check or done["status"] == 0, f"{command}: {done['output']}\n{await self.story()}"
        return done["output"]

    async def start(self, *command):
        """Leaves the program running that the desktop is for, its output in program.log; gives its process id."""
        self._program = (await self._ask(start=[str(word) for word in command]))["process"]
        return self._program

    async def runs(self):
        """For those who wait for something that the program does: fails when it has ended."""
        assert await self._status() is None, await self.story()

    async def ends(self):
        """Waits until the program has ended by itself, with all its windows and its name on the bus."""
        async def has_ended():
            return await self._status() is not None

        await until(has_ended, "the end of the program")
        assert await self._status() == 0, await self.story()

    async def story(self):
        """How the program is, and what it has said."""
        if self._program is None:
            return "no program was started"
        status = await self._status()
        is_ = "runs" if status is None else f"has ended with {status}"
        return f"the program {is_}, and has written:\n{self.log()}"

    async def shows(self, name):
        """Waits for a window whose name matches the expression."""
        found = await self.run("timeout", PATIENCE, "xdotool", "search", "--sync", "--onlyvisible", "--name", name,
                               check=False)
        assert found, f"no window '{name}'; {await self.story()}"

    async def focus(self, name):
        """Gives the keys to the window of that name, as a window manager would."""
        async def has_it():
            await self.run("xdotool", "search", "--onlyvisible", "--name", f"^{name}$", "windowfocus", check=False)
            return (await self.run("xdotool", "getwindowfocus", "getwindowname", check=False)).strip() == name

        await until(has_it, f"the focus for '{name}'")

    async def has_window(self, name):
        return bool(await self.run("xdotool", "search", "--onlyvisible", "--name", name, check=False))

    async def type(self, line):
        """A line and Enter, into what has the focus."""
        await self.run("xdotool", "type", line)
        await self.press("Return")

    async def press(self, key):
        await self.run("xdotool", "key", key)

    @contextlib.asynccontextmanager
    async def reaches(self, port):
        """Whoever connects to port 5222 in there is connected to this port out here."""
        door = await asyncio.start_server(lambda *client: relay(*client, port), sock=self._door)
        async with door:
            yield

    def log(self):
        log = self.folder / "program.log"
        return log.read_text(errors="replace") if log.exists() else ""

    async def _status(self):
        return (await self._ask(ask=self._program))["status"]

    async def _ask(self, **what):
        return await asyncio.to_thread(self._ask_and_wait, what)

    def _ask_and_wait(self, what):
        self._control.sendall(json.dumps(what).encode() + b"\n")
        return json.loads(self._answers.readline())


async def until(condition, what):
    """Polls for a state that nothing announces, while the other clients go on living. The condition may be a coroutine
    function, and may do something to bring the state about."""
    deadline = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if await result if inspect.isawaitable(result) else result:
            return
        assert time.monotonic() < deadline, f"in vain: {what}"
        await asyncio.sleep(0.1)


def rows(database, query, *values):
    """What a client has in its own database so far."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()
    except sqlite3.OperationalError:
        return []  # it has not made it yet


def give(folder, user):
    for each in (folder, *folder.rglob("*")):
        os.chown(each, user, user)


async def relay(reader, writer, port):
    there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer))


async def copy(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
