# SPDX-License-Identifier: Apache-2.0
"""What a client announces in its presence (XEP-0115), and what it answers when the server asks for it."""
import base64
import hashlib
import itertools

from support.match import CLIENT

DISCO_INFO = "http://jabber.org/protocol/disco#info"
NODE = "https://client.example"
_numbers = itertools.count(1)


class Capabilities:
    """Features of a client that nobody has seen before: the server has to ask for them once."""

    def __init__(self, features):
        self._features = sorted({DISCO_INFO, "http://jabber.org/protocol/caps", *features})
        self._name = f"Client {next(_numbers)}"
        text = "".join(f"{part}<" for part in (f"client/pc//{self._name}", *self._features))
        self.version = base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()
        self.was_asked = False

    @classmethod
    def interested_in(cls, nodes):
        """Those of a client that wants the events of these pubsub nodes (XEP-0163 4.2)."""
        return cls(f"{node}+notify" for node in nodes)

    def element(self):
        return f"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='{NODE}' ver='{self.version}'/>"

    def answer(self, request):
        self.was_asked = True
        features = "".join(f"<feature var='{feature}'/>" for feature in self._features)
        return (f"<iq type='result' id='{request.get('id')}' to='{request.get('from')}'>"
                f"<query xmlns='{DISCO_INFO}' node='{NODE}#{self.version}'>"
                f"<identity category='client' type='pc' name='{self._name}'/>{features}</query></iq>")


def version_asked_for(element):
    """The version that a request is about, or None."""
    query = element.find(f"{{{DISCO_INFO}}}query")
    if element.tag != f"{{{CLIENT}}}iq" or element.get("type") != "get" or query is None:
        return None
    return query.get("node", "").removeprefix(f"{NODE}#")
