# SPDX-License-Identifier: Apache-2.0
"""Dino on a desktop of its own, driven by links and keys; what it keeps is read in its database."""
import base64
import contextlib
import re
import sqlite3

from support.desktop import rows, until

ACCOUNTS = """CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, bare_jid TEXT UNIQUE NOT NULL,
    resourcepart TEXT, password TEXT, alias TEXT, enabled INTEGER, roster_version TEXT, mam_earliest_synced INTEGER)"""
DATABASE = ".local/share/dino/dino.db"
AVATARS = ".local/share/dino/avatars"
KEYS = ".local/share/dino/omemo.db"
RECEIVED = 1
OMEMO = 2


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
        """A Dino that is asked to open a link leaves that to the one that owns the name on the bus; without an owner it
        would be the one that stays."""
        process = await self.desktop.start("dino-im")

        async def owns_the_name():
            await self.desktop.runs()
            return await self._owner() == process

        await until(owns_the_name, "Dino's name on the bus")
        await self.desktop.shows("^Dino$")

    async def has_refused(self):
        await until(lambda: "G_TLS_CERTIFICATE_UNKNOWN_CA" in self.desktop.log(), "a refusal of the certificate")

    async def quit(self):
        """Dino has a window for a while when its name is gone, which must not be taken for that of the next one."""
        await self.desktop.focus("Dino")
        await self.desktop.press("ctrl+q")
        await self.desktop.ends()

    async def open_conversation(self, jid):
        await self.desktop.runs()
        await self.desktop.run("dino-im", f"xmpp:{jid}?message")
        # Dino shows a conversation in the same breath in which it notes it as active.
        await until(lambda: rows(self._database, "SELECT 1 FROM conversation JOIN jid ON jid.id = jid_id "
                                                 "WHERE bare_jid = ? AND active", jid), "an open conversation")
        await self.desktop.focus("Dino")

    async def say_to(self, jid, words):
        await self.open_conversation(jid)
        await self.desktop.type(words)

    def encrypt(self):
        """Chooses OMEMO for each conversation so far, as its menu does, and closes it, so that one can see when it is
        open again; while Dino is not running."""
        with contextlib.closing(sqlite3.connect(self._database)) as database, database:
            assert database.execute("UPDATE conversation SET encryption = ?, active = 0", (OMEMO,)).rowcount

    async def enter(self, room, is_inside):
        await self.desktop.runs()
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

    def fingerprint(self):
        """As people compare it, of the keys that Dino has made: without the byte for the kind of key."""
        (key,), = rows(self.desktop.folder / KEYS, "SELECT identity_key_public_base64 FROM identity")
        return "-".join(re.findall("." * 8, base64.b64decode(key)[1:].hex()))

    async def is_told_of_keys(self, own, *others):
        """Waits until Dino knows the list of its own account's devices and the keys of the others. What is written
        while it still asks for lists on both sides may wait for ever."""
        def knows_all():
            keys = self.desktop.folder / KEYS
            listed = rows(keys, "SELECT 1 FROM identity_meta WHERE address_name = ?", own)
            return listed and all(rows(keys, "SELECT 1 FROM identity_meta WHERE address_name = ? AND "
                                             "identity_key_public_base64 IS NOT NULL", jid) for jid in others)

        await until(knows_all, f"keys of {others} and the devices of {own}")

    def pictures(self):
        """The avatars that Dino has fetched to show them."""
        return [path.read_bytes() for path in (self.desktop.folder / AVATARS).glob("*")]

    def forget_pictures(self):
        """As if it had never seen one; while Dino is not running."""
        for path in (self.desktop.folder / AVATARS).glob("*"):
            path.unlink()

    def history(self):
        return [body for body, in rows(self._database, "SELECT body FROM message ORDER BY id")]

    def is_received(self, words):
        return (RECEIVED,) in rows(self._database, "SELECT marked FROM message WHERE body = ?", words)

    async def _owner(self):
        """The process that owns Dino's name, if there is one."""
        answer = await self.desktop.run(
            "dbus-send", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/",
            "org.freedesktop.DBus.GetConnectionUnixProcessID", "string:im.dino.Dino", check=False)
        found = re.search(r"uint32 (\d+)", answer)
        return int(found.group(1)) if found else None
