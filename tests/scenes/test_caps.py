# SPDX-License-Identifier: Apache-2.0
"""XEP-0115: the server's own hash in the stream features is true."""
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
