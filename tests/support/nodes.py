# SPDX-License-Identifier: Apache-2.0
"""People who are told what others, or their own other devices, keep in nodes of their accounts (XEP-0163)."""
import contextlib

from support.people import Person, with_nodes

AVATAR, NICK = "urn:xmpp:avatar:metadata", "http://jabber.org/protocol/nick"
TOLD_OF = {AVATAR: "xep_0084", NICK: "xep_0172"}


def curious(account, server, resource="phone", about=(AVATAR, NICK)):
    """Somebody who asks for events about that, by capabilities (XEP-0115)."""
    person = Person(account, server, resource)
    with_nodes(person)
    for node in about:
        if node in TOLD_OF:
            person.register_plugin(TOLD_OF[node])
        else:
            person["xep_0163"].add_interest(node)
    return person


@contextlib.asynccontextmanager
async def present(*people):
    for person in people:
        await person.come()
    yield
    for person in people:
        await person.leave()


def told(person, node, whom):
    """The payloads of the events that have come."""
    return [item["payload"] for message in person.events if message["from"] == whom.jid
            and message["pubsub_event"]["items"]["node"] == node
            for item in message["pubsub_event"]["items"]]


async def is_told(person, node, whom, count=1):
    await person.wait_for(lambda: len(told(person, node, whom)) >= count, f"an event of {node}")
    return told(person, node, whom)
