# SPDX-License-Identifier: Apache-2.0
"""XEP-0359: what may be read out of the ids of archives."""
import time

from support.raw import login

STANZA_ID = "{urn:xmpp:sid:0}stanza-id"


# XEP-0359 §6-1
def test_an_id_tells_when_it_was_made_and_not_what_else_there_is(server):
    """A first message and a thirtieth one have ids as close to the clock."""
    romeo, juliet, mercutio = server.accounts("romeo", "juliet", "mercutio")
    with login(server, romeo, "orchard", presence=True) as sender, \
            login(server, juliet, "balcony", presence=True) as much, \
            login(server, mercutio, "square", presence=True) as little:
        identities = []
        for reader in [*[much] * 30, little, much]:
            before = time.time_ns() // 1000
            sender.send(f"<message to='{reader.jid}' type='chat'><body>x</body></message>")
            message = reader.expect("<message type='chat'><body>x</body></message>")
            identities.append(int(message.find(STANZA_ID).get("id")))
            assert before <= identities[-1] <= time.time_ns() // 1000
        assert identities == sorted(set(identities))
