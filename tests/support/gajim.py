# SPDX-License-Identifier: Apache-2.0
"""Gajim on a desktop of its own, driven over its bus and by keys; what it keeps is read in its database."""
import contextlib
import json
import sqlite3

from support.desktop import rows, until

SETTINGS = """CREATE TABLE settings (name TEXT UNIQUE, settings TEXT);
    CREATE TABLE account_settings (account TEXT UNIQUE, settings TEXT);"""
DATABASE = ".local/share/gajim/logs.db"
# How Gajim calls the account, which says nothing to the server.
ACCOUNT = "mine"
RECEIVED = 0


class Gajim:
    DIALOG = "Start / Join Chat"
    QUESTION = "SSL Certificate Verification Error"

    def __init__(self, desktop):
        self.desktop = desktop
        self._database = desktop.folder / DATABASE

    @staticmethod
    def furnish(folder, account):
        """An account that logs in by itself, and commands over the session's bus."""
        app = {"remote_control": True, "use_keyring": False, "check_for_update": False, "sounds_on": False}
        mine = {"name": account.user, "hostname": "localhost", "password": account.password, "active": True}
        settings = folder / ".config/gajim/settings.sqlite"
        settings.parent.mkdir(parents=True)
        with contextlib.closing(sqlite3.connect(settings)) as database, database:
            database.executescript(SETTINGS)
            for name, value in {"app": app, "soundevents": {}, "status_presets": {}, "proxies": {},
                                "plugins": {}}.items():
                database.execute("INSERT INTO settings VALUES (?, ?)", (name, json.dumps(value)))
            database.execute("INSERT INTO account_settings VALUES (?, ?)",
                             (ACCOUNT, json.dumps({"account": mine, "contact": {}, "group_chat": {}})))

    async def start(self):
        await self.desktop.start("gajim")
        await self.desktop.shows("^Gajim$")

        async def obeys():
            return ACCOUNT in await self.desktop.run("gajim-remote", "list_accounts", check=False)

        await until(obeys, "Gajim's remote control")

    async def has_refused(self):
        await self.desktop.shows(self.QUESTION)

    async def trust(self, password):
        """Ticks the box in the dialogue, and connects. Then Gajim has forgotten that it knew the password."""
        await self.desktop.focus(self.QUESTION)
        for key in ("space", "Tab", "Tab", "Return"):
            await self.desktop.press(key)
        await self.desktop.shows("Password Required")
        await self.desktop.focus("Password Required")
        await self.desktop.type(password)

    async def say_to(self, jid, words):
        await self.desktop.run("gajim-remote", "send_chat_message", jid, words, ACCOUNT)

    async def enter(self, room, is_inside):
        await self.desktop.run("gajim", f"xmpp:{room}?join")
        await self.desktop.shows(self.DIALOG)

        async def is_entered():
            """The room is looked for, then shown with a button to enter it, and nothing tells when."""
            if await self.desktop.has_window(self.DIALOG):
                await self.desktop.press("Return")
            return is_inside()

        await until(is_entered, "entering the room")

    async def say_in(self, room, words):
        await self.desktop.run("gajim-remote", "send_groupchat_message", room, words, ACCOUNT)

    def history(self):
        return [body for body, in rows(self._database, "SELECT message FROM logs WHERE message IS NOT NULL "
                                                       "ORDER BY log_line_id")]

    def is_received(self, words):
        return (RECEIVED,) in rows(self._database, "SELECT marker FROM logs WHERE message = ?", words)
