# SPDX-License-Identifier: Apache-2.0
"""RFC 6120 sections 4 to 7 as a client meets them: headers, features, restarts, the end."""
import pytest

from support.match import STREAM, show
from support.raw import BIND_NS, SASL_NS, TLS_NS, Closed, RawClient, login

TRANSPORTS = ["tls", "tcp", "plain"]


def names(features):
    return [child.tag for child in features]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_4_7_the_servers_header_says_who_answers(server, transport):
    with RawClient(server, transport) as client:
        client.open(xml_lang="de")
        assert client.header["from"] == "localhost" and client.header["version"] == "1.0"
        assert client.header["{http://www.w3.org/XML/1998/namespace}lang"]


def test_4_7_3_stream_ids_do_not_repeat(server):
    identities = set()
    account = server.account("romeo")
    for _ in range(5):
        with RawClient(server) as client:
            client.open()
            identities.add(client.header["id"])
            client.authenticate(account.jid, account.password)
            client.open()
            identities.add(client.header["id"])
    assert len(identities) == 10 and min(map(len, identities)) >= 16


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_features_at_each_step(server, transport):
    account = server.account("romeo")
    with RawClient(server, transport) as client:
        if transport == "tcp":
            client.open()
            assert names(client.features)[0] == f"{{{TLS_NS}}}starttls" and client.mechanisms() == []
            client.features = None
            client.drop()
            client = RawClient(server, "tcp")
            client.starttls()
        features = client.open()
        assert client.mechanisms() and features.find(f"{{{TLS_NS}}}starttls") is None
        assert features.find(f"{{{BIND_NS}}}bind") is None
        client.authenticate(account.jid, account.password)
        features = client.open()
        assert features.find(f"{{{BIND_NS}}}bind") is not None
        assert features.find(f"{{{SASL_NS}}}mechanisms") is None
        client.drop()


def test_5_4_2_starttls_then_login(server):
    with login(server, server.account("romeo"), "orchard", transport="tcp") as session:
        assert session.jid.endswith("/orchard")


def test_7_6_the_server_makes_a_resource_when_none_is_asked_for(server):
    account = server.account("romeo")
    with login(server, account) as one, login(server, account) as other:
        assert one.jid.startswith(f"{account.jid}/") and one.jid != other.jid


def test_7_7_the_asked_resource_is_bound(server):
    with login(server, server.account("romeo"), "Orchard Üb") as session:
        assert session.jid.endswith("/Orchard Üb")


def test_4_4_closing_is_answered_by_closing(server):
    with login(server, server.account("romeo"), "orchard") as session:
        session.send("<iq type='get' id='last' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq></stream:stream>")
        assert session.next_stanza().get("id") == "last", "what was asked before is answered before"
        assert isinstance(session.next_event(), Closed)
        session.expect_end()


def test_4_6_1_white_space_between_stanzas_is_nothing(server):
    with login(server, server.account("romeo"), "orchard") as session:
        session.send(" \n\t \r\n ")
        session.ping()
        session.expect_nothing()


def test_4_7_4_two_stanzas_in_one_write_and_one_in_two(server):
    with login(server, server.account("romeo"), "orchard") as session:
        ping = "<iq type='get' id='{}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
        session.send(ping.format("a") + ping.format("b") + ping.format("c")[:20])
        session.send(ping.format("c")[20:])
        assert [session.next_stanza().get("id") for _ in range(3)] == ["a", "b", "c"]


def test_a_wrong_prefix_for_the_stream_namespace_is_as_good(server):
    """XML namespaces: what counts is the name, not the prefix (RFC 6120 4.8.5 lets a server insist)."""
    with RawClient(server) as client:
        client.send(f"<?xml version='1.0'?><s:stream xmlns='jabber:client' xmlns:s='{STREAM}' to='localhost' "
                    "version='1.0'>")
        event = client.next_event()
        first = client.next_stanza()
        assert first.tag in (f"{{{STREAM}}}features", f"{{{STREAM}}}error"), f"{event} {show(first)}"


def test_rfc_3921_a_session_request_is_answered(server):
    """Old clients ask for a session; it is announced as optional or not at all."""
    with login(server, server.account("romeo"), "orchard") as session:
        answer = session.ask("set", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>")
        assert answer.get("type") == "result", show(answer)


def test_tls_versions_1_2_and_1_3_are_spoken(server):
    import ssl
    from support.raw import trusting_context
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = trusting_context()
        context.minimum_version = context.maximum_version = version
        with RawClient(server, context=context) as client:
            client.open()
