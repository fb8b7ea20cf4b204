# SPDX-License-Identifier: Apache-2.0
"""Gajim on a desktop of its own, driven over its bus and by keys; what it keeps is read in its database."""
import asyncio
import contextlib
import json
import sqlite3

from support.desktop import rows, until

SETTINGS = """CREATE TABLE settings (name TEXT UNIQUE, settings TEXT);
    CREATE TABLE account_settings (account TEXT UNIQUE, settings TEXT);"""
DATABASE = ".local/share/gajim/logs.db"
AVATARS = ".cache/gajim/avatars"
# How Gajim calls the account, which says nothing to the server.
ACCOUNT = "mine"
RECEIVED = 0
# Activates an action of the application or of a window, as a menu does.
ACTIVATE = """
import sys
from gi.repository import Gio, GLib
path, action, *words = sys.argv[1:]
Gio.bus_get_sync(Gio.BusType.SESSION).call_sync(
    "org.gajim.Gajim", f"/org/gajim/Gajim{path}", "org.gtk.Actions", "Activate",
    GLib.Variant("(sava{sv})", (action, [GLib.Variant("s", word) for word in words], {})), None, 0, -1)
"""
# Of the display, where no window reaches.
CORNER = (1279, 799)
# Longer than a button looks pressed, and than the list of rooms waits for more to be typed.
MOMENT = 1


class Gajim:
    DIALOG = "Start / Join Chat"
    CHOOSER = "Choose Avatar…"
    QUESTION = "SSL Certificate Verification Error"

    def __init__(self, desktop):
        self.desktop = desktop
        self._database = desktop.folder / DATABASE
        self._profiles = 0

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

    async def quit(self):
        await self._activate("", "quit")
        await self.desktop.ends()

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
        """The dialogue looks for the room, then shows it with a button to enter it, and nothing tells when. A key that
        comes before it has looked goes to somebody else's row in its list, and closes it."""
        async def is_entered():
            if not await self.desktop.has_window(self.DIALOG):
                await self.desktop.run("gajim", f"xmpp:{room}?join")
                await self.desktop.shows(self.DIALOG)
            await asyncio.sleep(MOMENT)
            await self.desktop.press("Return")
            await asyncio.sleep(MOMENT)
            return is_inside()

        async def is_closed():
            if await self.desktop.has_window(self.DIALOG):
                await self.desktop.press("Escape")
            return not await self.desktop.has_window(self.DIALOG)

        await until(is_entered, "entering the room")
        await until(is_closed, "an end of the dialogue")

    async def say_in(self, room, words):
        await self.desktop.run("gajim-remote", "send_groupchat_message", room, words, ACCOUNT)

    async def open_profile(self):
        """In a window of its own, numbered after all before it."""
        self._profiles += 1
        await self._activate("", f"{ACCOUNT}-profile", ACCOUNT)
        await self.desktop.shows("^Profile$")
        await self.desktop.focus("Profile")

    async def edit_profile(self, nickname, note, picture):
        """Behind the button `Edit` there are, by Tab, the buttons to remove and to choose a picture, the nickname, and
        the entry that is added. The picture is a file in the home of the desktop. Nothing tells when the window has
        its data and when a button has acted, so this may fail on a busy machine: look at what is published."""
        await self._press_button("alt+e")
        await self._activate(f"/window/{1 + self._profiles}", "add-note")
        await self._press(*4 * ["Tab"])
        await self.desktop.run("xdotool", "type", note)
        await self._press("ctrl+shift+Tab", "ctrl+a")
        await self.desktop.run("xdotool", "type", nickname)
        await self._press("shift+Tab", "Return")
        if await self._choose(picture):
            await self.desktop.focus("Profile")
            await self._press("Tab", "Return")  # from `Cancel` to `Update`, below the picture
            await self._press_button("alt+s")

    async def save_profile_again(self):
        await self._press_button("alt+e")
        await self._press_button("alt+s")

    async def close_profile(self):
        await self.desktop.focus("Profile")
        await self.desktop.press("Escape")

    def pictures(self):
        """The avatars that Gajim has, its own among them."""
        return [path.read_bytes() for path in (self.desktop.folder / AVATARS).glob("*")]

    def history(self):
        return [body for body, in rows(self._database, "SELECT message FROM logs WHERE message IS NOT NULL "
                                                       "ORDER BY log_line_id")]

    def is_received(self, words):
        return (RECEIVED,) in rows(self._database, "SELECT marker FROM logs WHERE message = ?", words)

    async def _activate(self, where, action, *words):
        await self.desktop.run("/usr/bin/python3", "-c", ACTIVATE, where, action, *words)

    async def _choose(self, picture):
        """In a dialogue that is deaf to Return while it looks at the folder. When it is closed, a key too many goes to
        what is under the pointer: nothing."""
        async def is_chosen():
            if await self.desktop.has_window(f"^{self.CHOOSER}$"):
                await self.desktop.press("Return")
            return not await self.desktop.has_window(f"^{self.CHOOSER}$")

        await self.desktop.run("xdotool", "mousemove", *CORNER)
        await asyncio.sleep(MOMENT)
        if not await self.desktop.has_window(f"^{self.CHOOSER}$"):
            return False
        await self.desktop.focus(self.CHOOSER)
        await self.desktop.run("xdotool", "type", picture)
        await until(is_chosen, "a choice of the picture")
        return True

    async def _press_button(self, key):
        """A button that is pressed by its key shows that before it acts."""
        await self.desktop.press(key)
        await asyncio.sleep(MOMENT)

    async def _press(self, *keys):
        for key in keys:
            await self.desktop.press(key)
