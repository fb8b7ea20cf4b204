# SPDX-License-Identifier: Apache-2.0
"""RFC 6120 sections 4 to 7 as a client meets them: headers, features, restarts, the end."""
import math
import re

import pytest
from cryptography import x509

from support.match import STREAM, show
from support.raw import BIND_NS, SASL_NS, TLS_NS, WAIT, Closed, RawClient, check_error, login
from support.scram import Scram, b64, unb64

TRANSPORTS = ["tls", "tcp", "plain"]


def names(features):
    return [child.tag for child in features]


def varied_bits(texts):
    """How many bits at least are not the same in all: few where there is a counter, a clock or a name."""
    return sum(math.log2(len(set(column))) for column in zip(*texts))


# RFC 6120 §4.7.1-1 §4.7.4-1
# XEP-0115 §6.3-1
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_4_7_the_servers_header_says_who_answers(server, transport):
    with RawClient(server, transport) as client:
        client.open(xml_lang="de")
        assert client.header["from"] == "localhost" and client.header["version"] == "1.0"
        assert client.header["{http://www.w3.org/XML/1998/namespace}lang"]


def sent_up_to_the_header(client):
    """What the server sends on a stream that has just been opened, byte by byte."""
    client.send_header()
    client.socket.settimeout(WAIT)
    received = b""
    while not re.search(rb"<stream:stream[^>]*>", received):
        some = client.socket.recv(65536)
        assert some, received
        received += some
    return received


# RFC 6120 §11.5-1
@pytest.mark.parametrize("stage", ["first", "inside TLS", "logged in"])
def test_11_5_each_header_comes_behind_an_xml_declaration(server, stage):
    account = server.account("romeo")
    with RawClient(server, "tls" if stage == "logged in" else "tcp") as client:
        if stage == "inside TLS":
            client.starttls()
        if stage == "logged in":
            client.open()
            client.authenticate(account.jid, account.password)
        declaration = rb"""<\?xml version=['"]1\.0['"]( encoding=['"](?i:utf-8)['"])?\s*\?>\s*<stream:stream """
        received = sent_up_to_the_header(client)
        assert re.match(declaration, received), received


# RFC 6120 §4.7.3-1
def test_4_7_3_stream_ids_cannot_be_guessed(server):
    identities = []
    for _ in range(40):
        with RawClient(server, "plain") as client:
            client.open()
            identities.append(client.header["id"])
    assert len(set(identities)) == 40
    assert varied_bits(identities) > 80, identities


# RFC 6120 §4.7.3-1
# RFC 6120 §4.3.3-1
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


# RFC 6120 §5.4.3.1-1
@pytest.mark.parametrize("host", ["localhost", "other.example"])
def test_5_4_3_1_without_sni_the_certificate_is_that_of_the_streams_host(server, host):
    with RawClient(server, "tcp") as client:
        client.open(host)
        client.send(f"<starttls xmlns='{TLS_NS}'/>")
        assert client.next_stanza().tag == f"{{{TLS_NS}}}proceed"
        client.wrap_tls(sni=None)
        shown = x509.load_der_x509_certificate(client.socket.getpeercert(binary_form=True))
        named = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert named.get_values_for_type(x509.DNSName) == [host]
        client.open(host)
        assert client.header["from"] == host


# RFC 6120 §4.3.2-1 §4.3.4-1 §5.3.1-1 §5.4.1-1 §5.4.3.3-2 §7.4-1 §6.4.1-1
# XEP-0368 §3-1
# RFC 6120 §6.3.2-1
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_features_at_each_step(server, transport):
    account = server.account("romeo")
    with RawClient(server, transport) as client:
        if transport == "tcp":
            client.open()
            assert names(client.features) == [f"{{{TLS_NS}}}starttls"], "what else there is comes inside TLS"
            assert client.features.find("*/*").tag == f"{{{TLS_NS}}}required"
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


# RFC 6120 §5.4.2.1-1 §5.3.2-1
def test_5_4_2_starttls_then_login(server):
    with login(server, server.account("romeo"), "orchard", transport="tcp") as session:
        assert session.jid.endswith("/orchard")


# RFC 6120 §7.6-1 §7.6.1-1
def test_7_6_the_server_makes_a_resource_when_none_is_asked_for(server):
    account = server.account("romeo")
    with login(server, account) as one, login(server, account) as other:
        assert one.jid.startswith(f"{account.jid}/") and one.jid != other.jid


# RFC 6120 §7.6-1
def test_7_6_the_resource_that_the_server_makes_is_random(server):
    account = server.account("romeo")
    resources = []
    for _ in range(24):
        with login(server, account, transport="plain") as session:
            resources.append(session.jid.split("/", 1)[1])
            session.close()
    assert len(set(resources)) == 24
    assert varied_bits(resources) > 40, resources


# RFC 6120 §7.7.1-1
def test_7_7_the_asked_resource_is_bound(server):
    with login(server, server.account("romeo"), "Orchard Üb") as session:
        assert session.jid.endswith("/Orchard Üb")


# RFC 6120 §4.4-1
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


# RFC 6120 §8-1
def test_4_7_4_two_stanzas_in_one_write_and_one_in_two(server):
    with login(server, server.account("romeo"), "orchard") as session:
        ping = "<iq type='get' id='{}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
        session.send(ping.format("a") + ping.format("b") + ping.format("c")[:20])
        session.send(ping.format("c")[20:])
        assert [session.next_stanza().get("id") for _ in range(3)] == ["a", "b", "c"]


# RFC 6120 §4.8.5-2
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


# RFC 6120 §4.7.2-1
@pytest.mark.parametrize("own, told", [("romeo@localhost", "romeo@localhost"), (None, None)])
def test_4_7_2_the_header_is_addressed_to_who_named_himself(server, own, told):
    with RawClient(server) as client:
        client.open(**({"from": own} if own else {}))
        assert client.header.get("to") == told


# RFC 6120 §4.7.3-2
def test_4_7_3_an_id_in_the_clients_header_is_ignored(server):
    with RawClient(server) as client:
        client.open(id="mine")
        assert client.header["id"] != "mine"


# RFC 6120 §4.7.5-1
@pytest.mark.parametrize("version", ["1.0", "1.9", "1.10", "2.0", "01.00"])
def test_4_7_5_the_lower_version_is_spoken(server, version):
    with RawClient(server) as client:
        client.open(version=version)
        assert client.header["version"] == "1.0"


# RFC 6120 §4.7.4-2 §4.7.4-3
def test_4_7_4_the_language_of_the_stream_is_that_of_its_stanzas(server):
    romeo, juliet = server.accounts("romeo", "juliet")
    with login(server, juliet, "balcony", presence=True) as balcony, RawClient(server) as german:
        german.open()
        german.authenticate(romeo.jid, romeo.password)
        german.open(xml_lang="de")
        german.bind_here("orchard")
        german.send(f"<message to='{balcony.jid}' id='none'><body>Ach</body></message>"
                    f"<message to='{balcony.jid}' id='own' xml:lang='it'><body>Ah</body></message>")
        languages = {}
        while len(languages) < 2:
            message = balcony.next_stanza()
            languages[message.get("id")] = message.get("{http://www.w3.org/XML/1998/namespace}lang")
        assert languages == {"none": "de", "own": "it"}


# RFC 6120 §5.4.2.2-1
def test_5_4_2_2_where_there_is_no_tls_starttls_fails_and_the_stream_ends(server):
    with RawClient(server, "plain") as client:
        client.open()
        client.send(f"<starttls xmlns='{TLS_NS}'/>")
        assert client.next_stanza().tag == f"{{{TLS_NS}}}failure"
        assert isinstance(client.next_event(), Closed)
        client.expect_end()


# RFC 6120 §6.4.6-1
def test_6_4_6_who_logs_in_as_somebody_else_than_the_header_said_is_refused(server):
    romeo, juliet = server.accounts("romeo", "juliet")
    with RawClient(server) as client:
        client.open()
        client.authenticate(romeo.jid, romeo.password)
        client.send_header(**{"from": juliet.jid})
        client.expect_stream_error("invalid-from")


# RFC 6120 §6.4.6-1
@pytest.mark.parametrize("claim", ["{juliet}@localhost", "{romeo}@other.example"])
def test_6_4_6_a_login_does_not_succeed_when_the_header_before_it_named_somebody_else(server, claim):
    romeo, juliet = server.accounts("romeo", "juliet")
    with RawClient(server) as client:
        client.open(**{"from": claim.format(romeo=romeo.user, juliet=juliet.user)})
        scram = Scram("SCRAM-SHA-256", romeo.user, romeo.password)
        challenge = client.begin_sasl(scram.mechanism, scram.first())
        client.send(f"<response xmlns='{SASL_NS}'>{b64(scram.final(unb64(challenge.text).decode()))}</response>")
        event = client.next_stanza()
        assert event.tag == f"{{{STREAM}}}error", show(event)
        assert event.find("{urn:ietf:params:xml:ns:xmpp-streams}invalid-from") is not None, show(event)
        client.expect_end()


# RFC 6120 §6.4.6-1
@pytest.mark.parametrize("transport, claim", [
    ("tls", "{romeo}@localhost"), ("tls", "{ROMEO}@LocalHost"), ("tls", "localhost"), ("plain", "{juliet}@localhost")])
def test_6_4_6_a_header_that_is_right_proves_nothing_or_came_in_clear_does_not_keep_anybody_out(server, transport,
                                                                                             claim):
    romeo, juliet = server.accounts("romeo", "juliet")
    with RawClient(server, transport) as client:
        client.open(**{"from": claim.format(romeo=romeo.user, ROMEO=romeo.user.upper(), juliet=juliet.user)})
        client.authenticate(romeo.jid, romeo.password)
        assert client.bind("orchard") == f"{romeo.jid}/orchard"


# RFC 6120 §11.6-2
def test_11_6_a_byte_order_mark_inside_is_a_character(server):
    with login(server, server.account("romeo"), "orchard", presence=True) as session:
        session.send(f"<message to='{session.jid}' id='bom'><body>a\ufeffb</body></message>")
        message = session.expect(lambda e: e.get("id") == "bom", what="own message")
        assert message.find("{jabber:client}body").text == "a\ufeffb"


# RFC 6120 §10.5.1-1
@pytest.mark.parametrize("to", ["localhost", "localhost/resource"])
def test_10_5_the_domain_itself_answers_what_it_knows_and_refuses_the_rest(server, to):
    with login(server, server.account("romeo"), "orchard") as session:
        answer = session.ask("get", "<query xmlns='urn:example:nobody-knows'/>", to=to)
        assert answer.get("type") == "error" and answer.get("from") == to, show(answer)


# RFC 6120 §4.4-2
def test_4_4_tls_is_closed_with_an_alert_before_the_connection_goes(server):
    with login(server, server.account("romeo"), "orchard") as session:
        session.socket.suppress_ragged_eofs = False  # an end without the alert is an error then
        session.send("</stream:stream>")
        assert isinstance(session.next_event(), Closed)
        assert session.next_event().why == "eof"


# RFC 6120 §7.7.3-1
def test_7_7_3_who_never_finds_a_resource_is_sent_away(server):
    account = server.account("romeo")
    with RawClient(server) as client:
        client.open()
        client.authenticate(account.jid, account.password)
        client.open()
        too_long = f"<bind xmlns='{BIND_NS}'><resource>{'x' * 1024}</resource></bind>"
        for _ in range(10):
            check_error(client.ask("set", too_long), "bad-request", "modify")
        client.send(f"<iq type='set' id='b'>{too_long}</iq>")
        client.expect_stream_error("policy-violation")
