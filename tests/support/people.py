# SPDX-License-Identifier: Apache-2.0
"""People who use slixmpp: a client library that nobody here wrote, over STARTTLS with a verified certificate."""
import asyncio
import contextlib
import logging
import ssl

import slixmpp

from support.raw import WAIT

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)

PLUGINS = ("xep_0004", "xep_0012", "xep_0030", "xep_0049", "xep_0050", "xep_0054", "xep_0077", "xep_0092",
           "xep_0133", "xep_0191", "xep_0199", "xep_0202", "xep_0203")


class Person(slixmpp.ClientXMPP):
    """A client whose events are waited for. `heard`, `refused`, `seen`, `asked` and `pushed` collect
    messages, bounced messages, presence, subscription requests and roster pushes in order."""

    def __init__(self, account, server, resource):
        super().__init__(f"{account.jid}/{resource}", account.password)
        self._home = server
        # slixmpp's own context trusts what the machine trusts, and our certificate on top of it.
        self.ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ca_certs = server.certificate
        self.auto_authorize = None
        self.auto_subscribe = False
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        self.heard, self.seen, self.asked = [], [], []
        self._news = asyncio.Condition()
        self.refused, self.pushed = [], []
        self.add_event_handler("message", lambda stanza: self._note(self.heard, stanza))
        self.add_event_handler("message_error", lambda stanza: self._note(self.refused, stanza))
        self.add_event_handler("roster_update", lambda stanza: self._note(self.pushed, stanza))
        self.add_event_handler("presence_subscribe", lambda stanza: self._note(self.asked, stanza))
        for kind in ("presence_available", "presence_unavailable", "presence_subscribed", "presence_unsubscribed"):
            self.add_event_handler(kind, lambda stanza: self._note(self.seen, stanza))

    def _note(self, list_, stanza):
        list_.append(stanza)
        asyncio.ensure_future(self._tell())

    async def _tell(self):
        async with self._news:
            self._news.notify_all()

    async def come(self, available=True):
        """Logs in; fails when the certificate does not verify or the password is wrong."""
        outcome = asyncio.get_running_loop().create_future()

        def settle(problem):
            if not outcome.done():
                outcome.set_result(problem)

        self.add_event_handler("session_start", lambda _: settle(None))
        self.add_event_handler("failed_auth", lambda _: settle("the password was refused"))
        self.add_event_handler("ssl_invalid_chain", lambda error: settle(f"the certificate does not verify: {error}"))
        self.connect(address=("127.0.0.1", self._home.starttls_port))
        problem = await asyncio.wait_for(outcome, WAIT)
        assert problem is None, problem
        await self.get_roster()
        if available:
            self.send_presence()

    async def wait_for(self, condition, what):
        async def satisfied():
            async with self._news:
                await self._news.wait_for(condition)
        try:
            await asyncio.wait_for(satisfied(), WAIT)
        except asyncio.TimeoutError:
            raise AssertionError(f"{self.boundjid}: {what} did not come") from None

    async def hears(self, words):
        """A message with that body; gives the stanza."""
        await self.wait_for(lambda: any(m["body"] == words for m in self.heard), f"'{words}'")
        return next(m for m in self.heard if m["body"] == words)

    async def sees(self, jid, kind="available"):
        await self.wait_for(lambda: any(str(p["from"]).startswith(str(jid)) and p["type"] == kind for p in self.seen),
                            f"presence {kind} of {jid}")

    async def is_asked_by(self, jid):
        await self.wait_for(lambda: any(p["from"].bare == jid for p in self.asked), f"a request of {jid}")

    async def subscription_becomes(self, jid, wanted):
        await self.wait_for(lambda: self.client_roster[jid]["subscription"] == wanted, f"subscription {wanted}")

    async def leave(self):
        self.disconnect()
        await asyncio.wait_for(self.disconnected, WAIT)


def with_rooms(*people):
    """They hear what is said in rooms, see who is there, and collect invitations in `invited`."""
    for person in people:
        for plugin in ("xep_0045", "xep_0059", "xep_0313", "xep_0249"):
            person.register_plugin(plugin)
        person.add_event_handler("groupchat_message", lambda stanza, person=person: person._note(person.heard, stanza))
        person.invited = []
        for kind in ("groupchat_invite", "groupchat_direct_invite"):
            person.add_event_handler(kind, lambda stanza, person=person: person._note(person.invited, stanza))
        person.add_event_handler("groupchat_presence", lambda stanza, person=person: person._note(person.seen, stanza))
        person.add_event_handler("groupchat_subject", lambda stanza, person=person: person._note(person.heard, stanza))


async def configure(owner, room, **fields):
    """Fills in the form of a room, by the ends of the fields' names."""
    form = await owner["xep_0045"].get_room_config(room)
    form["type"] = "submit"
    values = form.get_values()
    values.update({f"muc#roomconfig_{name}": value for name, value in fields.items()})
    answer = owner["xep_0004"].make_form(ftype="submit")
    for var, value in values.items():
        answer.add_field(var=var, value=str(int(value)) if isinstance(value, bool) else value)
    await owner["xep_0045"].set_room_config(room, answer)


def with_nodes(*people):
    """They can use nodes of services and accounts, and collect the messages with events in `events`."""
    for person in people:
        for plugin in ("xep_0060", "xep_0115", "xep_0163"):
            person.register_plugin(plugin)
        person.events = []
        for kind in ("publish", "retract", "purge", "delete", "config", "subscription"):
            person.add_event_handler(f"pubsub_{kind}",
                                     lambda stanza, person=person: person._note(person.events, stanza))


def with_receipts(person):
    """Collects the receipts that come in `receipts`, by the id of what was received."""
    person.register_plugin("xep_0184")
    person.receipts = []
    person.add_event_handler("receipt_received", lambda stanza: person._note(person.receipts, stanza["receipt"]))


@contextlib.asynccontextmanager
async def together(server, *names, available=True):
    """New accounts of these names, all logged in."""
    people = [Person(account, server, "phone") for account in server.accounts(*names)]
    try:
        for person in people:
            await person.come(available)
        yield people
    finally:
        for person in people:
            if person.is_connected():
                await person.leave()
