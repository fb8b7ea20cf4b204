# SPDX-License-Identifier: Apache-2.0
"""XEP-0115: the server's own hash in the stream features is true; and what it learns of its clients, once."""
import base64
import hashlib

from support.raw import login

CAPS = "{http://jabber.org/protocol/caps}c"
INFO = "http://jabber.org/protocol/disco#info"
FORM = "{jabber:x:data}"


def verification_string(query):
    """XEP-0115 5.1."""
    identities = sorted(f"{i.get('category')}/{i.get('type')}/"
                        f"{i.get('{http://www.w3.org/XML/1998/namespace}lang', '')}/{i.get('name', '')}"
                        for i in query.iter(f"{{{INFO}}}identity"))
    features = sorted(f.get("var") for f in query.iter(f"{{{INFO}}}feature"))
    parts = identities + features
    for kind, fields in sorted(map(form_fields, query.iter(f"{FORM}x"))):
        parts.append(kind)
        for name, values in sorted(fields.items()):
            parts += [name, *sorted(values)]
    return "".join(part + "<" for part in parts)


def form_fields(form):
    fields = {f.get("var"): [v.text or "" for v in f.iter(f"{FORM}value")] for f in form.iter(f"{FORM}field")}
    return fields.pop("FORM_TYPE")[0], fields


# XEP-0115 §6.2-1
def test_the_hash_in_the_features_is_that_of_the_disco_info(server):
    with login(server, server.account("romeo"), "orchard") as romeo:
        caps = romeo.features.find(CAPS)
        assert caps is not None, "XEP-0115 6.3: no caps in the stream features"
        assert caps.get("hash") == "sha-1"
        node = f"{caps.get('node')}#{caps.get('ver')}"
        answer = romeo.ask("get", f"<query xmlns='{INFO}' node='{node}'/>", to=romeo.host)
        query = answer.find(f"{{{INFO}}}query")
        assert query.get("node") == node, "XEP-0115 6.2: the node is echoed"
        digest = hashlib.sha1(verification_string(query).encode()).digest()
        assert caps.get("ver") == base64.b64encode(digest).decode()


# What follows is one client, whose hash is made by other code than the server's.
PING = "urn:xmpp:ping"
CLIENT_INFO = ("<identity category='client' type='phone' name='Phone'/>"
               f"<feature var='urn:xmpp:avatar:metadata+notify'/><feature var='{PING}'/>")
CLIENT_HASH = base64.b64encode(hashlib.sha1(
    f"client/phone//Phone<urn:xmpp:avatar:metadata+notify<{PING}<".encode()).digest()).decode()
SHOWS = f"<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:phone' ver='{CLIENT_HASH}'/></presence>"
ASKED = (f"<iq type='get' from='localhost'><query xmlns='{INFO}' node='urn:phone#{CLIENT_HASH}'/></iq>")


def answer(client, request):
    client.send(f"<iq type='result' to='localhost' id='{request.get('id')}'><query xmlns='{INFO}'"
                f" node='urn:phone#{CLIENT_HASH}'>{CLIENT_INFO}</query></iq>")
    client.ping()


def is_asked(client):
    """Whether its presence makes the server ask, which it does when it has not found the hash in the database."""
    client.send(SHOWS)
    client.ask("get", "<vCard xmlns='vcard-temp'/>")  # is read there too
    client.settle()
    asked = [each for each in client.inbox if each.tag == "{jabber:client}iq" and each.get("type") == "get"]
    client.forget()
    return bool(asked)


def test_one_client_of_all_shards_is_asked_also_after_a_kill(private_server):
    server = private_server(shards=4)
    accounts = server.accounts("romeo", "juliet", "mercutio", "nurse", "paris", "tybalt")
    with login(server, accounts[0], "phone") as first:
        first.send(SHOWS)
        answer(first, first.expect(ASKED))
    for account in accounts:  # each on the shard of its address
        with login(server, account, "phone") as client:
            assert not is_asked(client)
    server.kill()
    server.start()
    for account in accounts:
        with login(server, account, "phone") as client:
            assert not is_asked(client)


def test_a_client_that_does_not_answer_is_left_in_peace(server):
    with login(server, server.account("romeo"), "orchard") as romeo:
        for status in ("one", "two", "three"):
            romeo.send(SHOWS.replace("</presence>", f"<status>{status}</status></presence>").replace("phone", status))
        romeo.settle()
        shown = [each for each in romeo.inbox if each.tag == "{jabber:client}presence"]
        asked = [each for each in romeo.inbox if each.tag == "{jabber:client}iq"]
        assert len(shown) == 3
        assert len(asked) == 1
