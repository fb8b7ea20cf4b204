# SPDX-License-Identifier: Apache-2.0
"""XEP-0398: what a scene cannot show: the log, and a server that was killed."""
import base64
import hashlib
import time

from support.raw import login

IMAGE = b"GIF89a smile"
HASH = hashlib.sha1(IMAGE).hexdigest()
PHOTO = "{vcard-temp:x:update}photo"


def publish(client, node, item, payload):
    answer = client.ask("set", "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
                        f"<publish node='urn:xmpp:avatar:{node}'><item id='{item}'>{payload}</item></publish></pubsub>")
    assert answer.get("type") == "result"


def publish_avatar(client, item):
    image = base64.b64encode(IMAGE).decode()
    publish(client, "data", item, f"<data xmlns='urn:xmpp:avatar:data'>{image}</data>")
    publish(client, "metadata", item, "<metadata xmlns='urn:xmpp:avatar:metadata'>"
            f"<info id='{item}' bytes='{len(IMAGE)}' type='image/gif'/></metadata>")


def hash_shown_to_self(client):
    """The hash in the first presence of the client that has one."""
    shown = client.expect(lambda element: next(element.iter(PHOTO), None) is not None, what="an avatar")
    return next(shown.iter(PHOTO)).text


def lines_about(server, client):
    return [line for line in server.log().splitlines() if "avatar not converted" in line and client.bare in line]


def test_an_image_with_a_wrong_id_is_logged_once(server):
    account = server.account("mislabelled")
    with login(server, account, "desktop", presence=True) as client:
        publish_avatar(client, "0" * 40)
        deadline = time.monotonic() + 60
        while not lines_about(server, client) and time.monotonic() < deadline:
            time.sleep(0.02)
        publish_avatar(client, HASH)
        assert hash_shown_to_self(client) == HASH
        assert len(lines_about(server, client)) == 1, server.log_tail()


def test_the_hash_is_known_after_the_server_was_killed(private_server):
    server = private_server()
    account = server.account("romeo")
    with login(server, account, "desktop", presence=True) as client:
        publish_avatar(client, HASH)
    server.kill()
    server.start()
    with login(server, account, "desktop") as client:
        client.send("<presence/>")
        assert hash_shown_to_self(client) == HASH
