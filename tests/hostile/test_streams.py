# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A13 to A18: stream headers, what may stand in a stream and when, sizes, the shape of an iq."""
import pytest

from support.limits import memory_grows_at_most
from support.match import show
from support.raw import RawClient, check_error, login, stream_header

UNKNOWN_HOSTS = ["elsewhere.example", "localhost.example", "LOCAL HOST"]


# RFC 6120 §4.9.1.2-1 §4.9.1.3-1
@pytest.mark.parametrize("host", UNKNOWN_HOSTS)
@pytest.mark.parametrize("transport", ["tls", "tcp"])
def test_A13_a_stream_to_an_unknown_host(server, transport, host):
    with RawClient(server, transport) as client:
        client.send_header(host)
        assert client.next_event().attributes["from"] in server.hosts
        client.expect_stream_error("host-unknown", "improper-addressing" if " " in host else "host-unknown")


# RFC 6120 §4.9.1.3-1
def test_A13_a_stream_to_nobody(server):
    with RawClient(server) as client:
        client.send(stream_header(to=None))
        assert client.next_event().attributes["from"] in server.hosts
        client.expect_stream_error("improper-addressing", "host-unknown")


def test_A13_the_host_is_not_changed_by_a_restart(server):
    account = server.account("wanderer")
    with RawClient(server, sni=None) as client:
        client.open()
        client.authenticate(account.jid, account.password)
        client.send_header("other.example")
        client.expect_stream_error("not-authorized")


HEADERS = {
    "stream namespace": (dict(stream="urn:example:streams"), ("invalid-namespace",)),
    "no stream namespace": (dict(stream=""), ("invalid-namespace", "bad-namespace-prefix", "not-well-formed")),
    "server namespace": (dict(xmlns="jabber:server"), ("invalid-namespace",)),
    "other content namespace": (dict(xmlns="urn:example:content"), ("invalid-namespace",)),
    "no version": (dict(version=None), ("unsupported-version",)),
    "version 0.9": (dict(version="0.9"), ("unsupported-version",)),
    "version x": (dict(version="x"), ("unsupported-version",)),
}


# RFC 6120 §4.8.1-1 §4.7.5-2 §4.9.1.1-1
@pytest.mark.parametrize("case", HEADERS)
def test_A14_a_wrong_stream_header(server, case):
    attributes, conditions = HEADERS[case]
    with RawClient(server) as client:
        client.send(stream_header(**attributes))
        client.expect_stream_error(*conditions)


def test_A14_a_root_that_is_no_stream(server):
    with RawClient(server) as client:
        client.send("<html xmlns='http://www.w3.org/1999/xhtml'>")
        client.expect_stream_error("invalid-namespace", "bad-format", "invalid-xml")


# RFC 6120 §7.3.2-1
def test_A15_a_second_stream_header_without_a_restart(attacker):
    attacker.send(stream_header(declaration=False))
    attacker.expect_stream_error("policy-violation", "unsupported-stanza-type")


# RFC 6120 §4.8.4-1 §4.9.1.1-1
@pytest.mark.parametrize("element", ["<surprise xmlns='urn:example:surprise'/>", "<surprise/>",
                                     "<stream:features/>"])
def test_A15_an_unknown_first_level_element(attacker, element):
    attacker.send(element)
    of_the_stream = ("policy-violation",) if element.startswith("<stream:") else ()
    attacker.expect_stream_error("unsupported-stanza-type", *of_the_stream)


STANZAS = {
    "message": "<message to='{to}'><body>early</body></message>",
    "presence": "<presence to='{to}'/>",
    "iq": "<iq to='{to}' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
}


# RFC 6120 §4.3.5-1 §4.9.3.12-1
# XEP-0205 §4.3-1
@pytest.mark.parametrize("stanza", STANZAS)
def test_A16_a_stanza_before_login(server, client, victim, stanza):
    client.send(STANZAS[stanza].format(to=victim.jid))
    client.expect_stream_error("not-authorized")
    victim.expect_nothing()


@pytest.mark.parametrize("stanza", STANZAS)
def test_A16_a_stanza_before_a_resource_is_bound(server, victim, stanza):
    account = server.account("hasty")
    with RawClient(server) as client:
        client.open()
        client.authenticate(account.jid, account.password)
        client.open()
        client.send(STANZAS[stanza].format(to=victim.jid))
        client.expect_stream_error("not-authorized")
    victim.expect_nothing()


LIMIT = 256 * 1024
ENDLESS = {
    "text": b"<message to='%s'><body>",
    "attribute": b"<message to='%s' id='",
    "element name": b"<message to='%s'><",
    "comment-free whitespace": b"<message to='%s' ",
}


# XEP-0205 §4.5-1
# RFC 6120 §8-1
@pytest.mark.parametrize("token", ENDLESS)
def test_A17_a_stanza_over_the_limit_also_as_one_endless_token(server, attacker, victim, token):
    filler = b" " if "whitespace" in token else b"x"
    with memory_grows_at_most(server, 8 * 2**20):
        attacker.send(ENDLESS[token] % victim.jid.encode())
        for _ in range(64):
            attacker.send_until_refused(filler * LIMIT)
        attacker.expect_stream_error("policy-violation", application="stanza-too-big")
    victim.expect_nothing()


def test_A17_a_stanza_below_the_limit_passes(attacker, victim):
    body = "x" * (LIMIT - 4096)
    attacker.send(f"<message to='{victim.jid}' id='big'><body>{body}</body></message>")
    assert len(victim.expect("<message id='big'/>").find("{jabber:client}body").text) == len(body)


def test_A17_the_limit_is_lower_before_login(client):
    client.send_until_refused(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{'A' * 20000}</auth>")
    client.expect_stream_error("policy-violation")


def test_A17_the_limit_is_announced(client, attacker):
    """XEP-0478."""
    limit = "{urn:xmpp:stream-limits:0}limits/{urn:xmpp:stream-limits:0}max-bytes"
    assert int(client.features.find(limit).text) < LIMIT
    assert int(attacker.features.find(limit).text) == LIMIT


BAD_IQS = {
    "no id": "<iq type='get'{to}><ping xmlns='urn:xmpp:ping'/></iq>",
    "no type": "<iq id='{id}'{to}><ping xmlns='urn:xmpp:ping'/></iq>",
    "unknown type": "<iq id='{id}' type='ask'{to}><ping xmlns='urn:xmpp:ping'/></iq>",
    "get without child": "<iq id='{id}' type='get'{to}/>",
    "set without child": "<iq id='{id}' type='set'{to}/>",
    "get with two children": "<iq id='{id}' type='get'{to}><ping xmlns='urn:xmpp:ping'/><a xmlns='urn:x'/></iq>",
}


# RFC 6120 §8.2.3-1
@pytest.mark.parametrize("receiver", ["nobody", "server", "victim"])
@pytest.mark.parametrize("case", BAD_IQS)
def test_A18_an_iq_of_the_wrong_shape(attacker, victim, case, receiver):
    to = {"nobody": "", "server": " to='localhost'", "victim": f" to='{victim.jid}'"}[receiver]
    attacker.send(BAD_IQS[case].format(id="bad", to=to))
    answer = attacker.expect("<iq type='error'/>")
    check_error(answer, "bad-request", "modify")
    assert answer.get("id") == (None if case == "no id" else "bad"), show(answer)
    attacker.expect_nothing()
    victim.expect_nothing(attacker)


ANSWERS = ["<iq id='r' type='result'{to}/>", "<iq id='r' type='result'{to}><q xmlns='urn:x'/><p xmlns='urn:y'/></iq>",
           "<iq id='r' type='error'{to}><error type='cancel'><item-not-found "
           "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", "<iq id='r' type='error'{to}/>"]


# RFC 6120 §8.2.3-3
@pytest.mark.parametrize("to", ["", " to='localhost'", " to='nobody@localhost'", " to='nobody@localhost/x'"])
@pytest.mark.parametrize("stanza", ANSWERS)
def test_A18_a_result_or_error_is_never_answered(attacker, stanza, to):
    attacker.send(stanza.format(to=to))
    attacker.expect_nothing()
