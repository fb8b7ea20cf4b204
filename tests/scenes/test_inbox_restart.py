# SPDX-License-Identifier: Apache-2.0
"""What was read stays read in the inbox (XEP-0430) when the server is killed right after it has confirmed the read
mark (XEP-0490)."""
from support.raw import login

INBOX = "urn:xmpp:inbox:1"
MARKS = "urn:xmpp:mds:displayed:0"
PUBSUB = "http://jabber.org/protocol/pubsub"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"


def unread(client):
    answer = client.ask("get", f"<inbox xmlns='{INBOX}' messages='false'/>")
    return int(answer.find(f"{{{INBOX}}}fin").get("all-unread"))


def mark(client, contact, archive_id):
    stanza_id = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{client.bare}' id='{archive_id}'/>"
    answer = client.ask("set", f"<pubsub xmlns='{PUBSUB}'><publish node='{MARKS}'><item id='{contact}'>"
                               f"<displayed xmlns='{MARKS}'>{stanza_id}</displayed></item></publish></pubsub>")
    assert answer.get("type") == "result"


def test_a_confirmed_mark_counts_after_a_kill(private_server):
    server = private_server()
    romeo, juliet = server.accounts("romeo", "juliet")
    for number in range(3):
        with login(server, romeo, "orchard", presence=True) as reader, login(server, juliet, "balcony") as writer:
            writer.send(f"<message to='{romeo.jid}' type='chat' id='m{number}'><body>Art thou there?</body></message>")
            message = reader.expect(f"<message id='m{number}'/>")
            assert unread(reader) == 1
            mark(reader, juliet.jid, message.find(STANZA_ID).get("id"))
            server.kill()
        server.start()
        with login(server, romeo, "orchard") as reader:
            assert unread(reader) == 0
