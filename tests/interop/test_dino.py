# SPDX-License-Identifier: Apache-2.0
"""Dino, on a desktop of its own: logs in over TLS with a verified certificate, chats with receipts both ways, and
meets others in a room."""
import contextlib
import sqlite3

import pytest

from support.desktop import need, rows, until
from support.desktop_client import logs_in_chats_and_meets_in_a_room, refuses_an_unknown_certificate

ACCOUNTS = """CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, bare_jid TEXT UNIQUE NOT NULL,
    resourcepart TEXT, password TEXT, alias TEXT, enabled INTEGER, roster_version TEXT, mam_earliest_synced INTEGER)"""
DATABASE = ".local/share/dino/dino.db"
RECEIVED = 1


@pytest.fixture(scope="module", autouse=True)
def dino():
    need("dino-im")


class Dino:
    def __init__(self, desktop):
        self.desktop = desktop
        self._database = desktop.folder / DATABASE

    @staticmethod
    def furnish(folder, account):
        """An account that logs in by itself; Dino makes the rest of its database."""
        (folder / DATABASE).parent.mkdir(parents=True)
        with contextlib.closing(sqlite3.connect(folder / DATABASE)) as database, database:
            database.execute(ACCOUNTS)
            database.execute("INSERT INTO account (bare_jid, resourcepart, password, enabled) VALUES (?, 'dino', ?, 1)",
                             (account.jid, account.password))

    async def start(self):
        await self.desktop.start("dino-im")
        await self.desktop.shows("^Dino$")

    async def has_refused(self):
        await until(lambda: "G_TLS_CERTIFICATE_UNKNOWN_CA" in self.desktop.log(), "a refusal of the certificate")

    async def say_to(self, jid, words):
        await self.desktop.run("dino-im", f"xmpp:{jid}?message")
        # Dino shows a conversation in the same breath in which it notes it as active.
        await until(lambda: rows(self._database, "SELECT 1 FROM conversation JOIN jid ON jid.id = jid_id "
                                                 "WHERE bare_jid = ? AND active", jid), "an open conversation")
        await self.desktop.focus("Dino")
        await self.desktop.type(words)

    async def enter(self, room, is_inside):
        await self.desktop.run("dino-im", f"xmpp:{room}?join")
        await self.desktop.shows("Join Channel")
        await self.desktop.focus("Join Channel")
        await self.desktop.press("shift+Tab")  # from the first field back to the button
        await self.desktop.press("Return")
        await until(is_inside, "entering the room")

        async def shows_the_room():
            return not await self.desktop.has_window("Join Channel")

        await until(shows_the_room, "an end of the dialogue")
        await self.desktop.focus("Dino")

    async def say_in(self, _, words):
        await self.desktop.type(words)

    def history(self):
        return [body for body, in rows(self._database, "SELECT body FROM message ORDER BY id")]

    def is_received(self, words):
        return (RECEIVED,) in rows(self._database, "SELECT marked FROM message WHERE body = ?", words)


def test_login_chat_and_room(server, tmp_path):
    logs_in_chats_and_meets_in_a_room(Dino, server, tmp_path)


def test_an_unknown_certificate_is_not_accepted(server, tmp_path):
    refuses_an_unknown_certificate(Dino, server, tmp_path)
