# SPDX-License-Identifier: Apache-2.0
"""A client made of slixmpp-omemo, run by the Python of build/venv (see omemo_library.py): does what it is told, a line
of JSON per command, and tells what happens to it in the same way, until there are no more commands.

    {"jid": JID, "password": WORDS, "port": NUMBER, "certificate": FILE, "keys": FILE}    comes first
    {"trust": [JID, FINGERPRINT]}    {"say": [JID, WORDS]}

    {"fingerprint": FINGERPRINT}    the keys are published    {"said": WORDS}
    {"heard": WORDS, "from": JID, "encrypted": TRUE OR FALSE}    {"failed": REASON}
"""
import asyncio
import json
import pathlib
import ssl
import sys

import slixmpp
from omemo.storage import Just, Nothing, Storage
from slixmpp.plugins.base import register_plugin
from slixmpp_omemo import XEP_0384, TrustLevel


class Keys(Storage):
    """In a file, so that the next run has them too."""

    def __init__(self, file):
        super().__init__()
        self._file = pathlib.Path(file)
        self._kept = json.loads(self._file.read_text()) if self._file.exists() else {}

    async def _load(self, key):
        return Just(self._kept[key]) if key in self._kept else Nothing()

    async def _store(self, key, value):
        self._kept[key] = value
        self._file.write_text(json.dumps(self._kept))

    async def _delete(self, key):
        self._kept.pop(key, None)
        self._file.write_text(json.dumps(self._kept))


class Omemo(XEP_0384):
    default_config = {**XEP_0384.default_config, "keys": None}

    def plugin_init(self):
        self._storage = Keys(self.keys)
        self.compared = set()
        super().plugin_init()

    @property
    def storage(self):
        return self._storage

    @property
    def _btbv_enabled(self):
        return False

    async def _prompt_manual_trust(self, manually_trusted, identifier):
        """Nothing but what was compared is trusted."""
        session = await self.get_session_manager()
        for device in manually_trusted:
            known = (device.bare_jid, fingerprint(session, device)) in self.compared
            level = TrustLevel.TRUSTED if known else TrustLevel.DISTRUSTED
            await session.set_trust(device.bare_jid, device.identity_key, level.name)

    async def own_fingerprint(self):
        session = await self.get_session_manager()
        device, _ = await session.get_own_device_information()
        return fingerprint(session, device)


register_plugin(Omemo)


def fingerprint(session, device):
    return "-".join(session.format_identity_key(device.identity_key))


def tell(**what):
    print(json.dumps(what), flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self, told):
        super().__init__(f"{told['jid']}/library", told["password"])
        self.ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ca_certs = told["certificate"]
        self.register_plugin("xep_0384", {"keys": told["keys"]}, module=sys.modules[__name__])
        self.add_event_handler("session_start", self._come)
        self.add_event_handler("omemo_initialized", self._tell_fingerprint)
        self.add_event_handler("message", self._hear)
        self.add_event_handler("failed_auth", lambda _: tell(failed="the password was refused"))

    async def obey(self, told):
        if "trust" in told:
            self["xep_0384"].compared.add(tuple(told["trust"]))
        else:
            await self._say(*told["say"])

    async def _come(self, _):
        await self.get_roster()
        self.send_presence()

    async def _tell_fingerprint(self, _):
        tell(fingerprint=await self["xep_0384"].own_fingerprint())

    async def _say(self, to, words):
        plain = self.make_message(to, words, mtype="chat")
        encrypted, problems = await self["xep_0384"].encrypt_message(plain, slixmpp.JID(to))
        if problems or encrypted is None:
            tell(failed=f"not said: {[str(problem) for problem in problems]}")
        else:
            encrypted.send()
            tell(said=words)

    async def _hear(self, message):
        keys = self["xep_0384"]
        encrypted = bool(keys.is_encrypted(message))
        if encrypted:
            message, _ = await keys.decrypt_message(message)
        if message["body"]:
            tell(heard=message["body"], **{"from": message["from"].bare}, encrypted=encrypted)


async def main():
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, story: tell(failed=f"{story['message']}: {story.get('exception')!r}"))
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    first = json.loads(await commands.readline())
    client = Client(first)
    client.connect("127.0.0.1", first["port"])
    async for line in commands:
        try:
            await client.obey(json.loads(line))
        except Exception as problem:
            tell(failed=repr(problem))
    await client.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
