# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A19 to A31: XML and addresses that are not what they seem."""
import xml.etree.ElementTree as ET

import pytest

from support.limits import SLACK, cpu_used, memory_grows_at_most
from support.match import CLIENT, parse, show
from support.raw import RawClient, check_error, login, stream_header

DECLARATION = "<?xml version='1.0'?>"

# -- A19, A20: document types --------------------------------------------------------------------------

DOCTYPES = {
    "unfinished": "<!DOCTYPE stream:stream [",
    "billion laughs": "<!DOCTYPE lolz [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
                      "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>",
    "external entity": "<!DOCTYPE x [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
    "external subset": "<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x.dtd'>",
    "parameter entity": "<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/x'>%p;]>",
}


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_A19_doctype_is_restricted_xml(server, doctype):
    with RawClient(server) as client:
        client.send(DECLARATION + DOCTYPES[doctype])
        client.expect_stream_error("restricted-xml")


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_A19_doctype_inside_the_stream(attacker, doctype):
    attacker.send(DOCTYPES[doctype])
    attacker.expect_stream_error("restricted-xml", "not-well-formed")


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_A19_doctype_at_a_stream_restart(server, doctype):
    account = server.account("restarter")
    with RawClient(server) as client:
        client.open()
        client.authenticate(account.jid, account.password)
        client.send(DECLARATION + DOCTYPES[doctype])
        client.expect_stream_error("restricted-xml")


def test_A20_attributes_from_a_doctype_are_never_seen(server):
    with RawClient(server) as client:
        client.send(f"{DECLARATION}<!DOCTYPE stream:stream [<!ATTLIST message from CDATA 'admin@localhost'>]>"
                    + stream_header(declaration=False))
        client.expect_stream_error("restricted-xml")


# -- A21: other constructs XMPP does without -----------------------------------------------------------

RESTRICTED = {
    "comment": "<!-- a remark -->",
    "processing instruction": "<?php echo 1 ?>",
    "second declaration": "<?xml version='1.0'?>",
    "undefined entity": "<message><body>&foo;</body></message>",
    "comment in a stanza": "<message><body>a<!-- b -->c</body></message>",
    "processing instruction in a stanza": "<message><?go?><body>a</body></message>",
}


# RFC 6120 §11.1-1
@pytest.mark.parametrize("construct", RESTRICTED)
def test_A21_restricted_xml_ends_the_stream(attacker, construct):
    attacker.send(RESTRICTED[construct])
    attacker.expect_stream_error("restricted-xml", "not-well-formed")


@pytest.mark.parametrize("construct", ["<!-- a remark -->", "<?php echo 1 ?>"])
def test_A21_restricted_xml_before_the_header(server, construct):
    with RawClient(server) as client:
        client.send(DECLARATION + construct + stream_header(declaration=False))
        client.expect_stream_error("restricted-xml", "not-well-formed")


# -- A22 to A24: characters ----------------------------------------------------------------------------

ENCODINGS = {
    "UTF-16 LE": stream_header().encode("utf-16-le"),
    "UTF-16 BE": stream_header().encode("utf-16-be"),
    "UTF-16 LE with BOM": b"\xff\xfe" + stream_header().encode("utf-16-le"),
    "UTF-16 BE with BOM": b"\xfe\xff" + stream_header().encode("utf-16-be"),
    "declared ISO-8859-1": b"<?xml version='1.0' encoding='ISO-8859-1'?>" + stream_header(declaration=False).encode(),
    "declared UTF-16": b"<?xml version='1.0' encoding='UTF-16'?>" + stream_header(declaration=False).encode(),
}


# RFC 6120 §11.6-1
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_A22_only_utf_8_is_spoken(server, encoding):
    with RawClient(server) as client:
        client.send(ENCODINGS[encoding])
        client.expect_stream_error("unsupported-encoding")


def test_A22_declared_utf_8_is_fine(server):
    with RawClient(server) as client:
        client.send("<?xml version='1.0' encoding='UTF-8'?>" + stream_header(declaration=False))
        client.expect_features()


INVALID_UTF8 = {
    "overlong slash": b"\xc0\xaf", "overlong NUL": b"\xc0\x80", "overlong in 3": b"\xe0\x80\xaf",
    "overlong in 4": b"\xf0\x80\x80\xaf", "surrogate": b"\xed\xa0\x80", "surrogate pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "above U+10FFFF": b"\xf4\x90\x80\x80", "F5": b"\xf5\x80\x80\x80", "FF": b"\xff", "lone continuation": b"\x80",
    "cut short": b"\xe2\x82", "Latin-1": b"\xe9",
}


@pytest.mark.parametrize("place", ["<message to='%s' id='i'><body>a%sb</body></message>",
                                   "<message to='%s' id='a%sb'><body>c</body></message>"], ids=["text", "attribute"])
@pytest.mark.parametrize("sequence", INVALID_UTF8)
def test_A23_invalid_utf_8_ends_the_stream(attacker, victim, sequence, place):
    attacker.send(place.encode() % (victim.jid.encode(), INVALID_UTF8[sequence]))
    attacker.expect_stream_error("not-well-formed", "bad-format")
    victim.expect_nothing()


def in_pieces(client, data):
    """Byte by byte: each is a TLS record of its own, so characters are cut across reads."""
    for index in range(len(data)):
        client.send(data[index:index + 1])


@pytest.mark.parametrize("sequence", ["surrogate", "overlong in 4", "cut short"])
def test_A23_invalid_utf_8_cut_across_reads(attacker, victim, sequence):
    in_pieces(attacker, b"<message to='%s'><body>a" % victim.jid.encode() + INVALID_UTF8[sequence])
    attacker.send_until_refused(b"b</body></message>")
    attacker.expect_stream_error("not-well-formed", "bad-format")
    victim.expect_nothing()


def test_A23_valid_utf_8_cut_across_reads_arrives(attacker, victim):
    words = "ßéあ🎭\U0010fffd"
    in_pieces(attacker, f"<message to='{victim.jid}' id='u'><body>{words}</body></message>".encode())
    assert victim.expect("<message id='u'/>").find(f"{{{CLIENT}}}body").text == words


FORBIDDEN_CHARACTERS = {
    "NUL": b"\0", "U+0001": b"\x01", "U+0008": b"\x08", "U+000B": b"\x0b", "U+001F": b"\x1f",
    "U+FFFE": b"\xef\xbf\xbe", "U+FFFF": b"\xef\xbf\xbf", "&#0;": b"&#0;", "&#1;": b"&#1;",
    "&#xD800;": b"&#xD800;", "&#xFFFE;": b"&#xFFFE;", "&#x110000;": b"&#x110000;",
}


@pytest.mark.parametrize("character", FORBIDDEN_CHARACTERS)
def test_A24_forbidden_characters_end_the_stream(attacker, victim, character):
    attacker.send(b"<message to='%s'><body>a%sb</body></message>"
                  % (victim.jid.encode(), FORBIDDEN_CHARACTERS[character]))
    attacker.expect_stream_error("not-well-formed")
    victim.expect_nothing()


# -- A25, A29, A30: names and values -------------------------------------------------------------------

@pytest.mark.parametrize("separator", ["&#1;", "\x01"], ids=["reference", "raw"])
def test_A25_the_parsers_separator_cannot_be_smuggled(attacker, victim, separator):
    attacker.send(f"<message to='{victim.jid}'><x xmlns='urn:a{separator}body'/></message>")
    attacker.expect_stream_error("not-well-formed")
    victim.expect_nothing()


TRICKY_PAYLOADS = {
    "space in a namespace": "<x xmlns='jabber:client message'/>",
    "newline in a namespace": "<x xmlns='jabber:client&#10;body'/>",
    "brace in a namespace": "<x xmlns='{jabber:client'/>",
    "markup in text": "<x xmlns='urn:x'>&lt;message&gt; &amp;amp; &amp; ' \"</x>",
    "markup in an attribute": "<x xmlns='urn:x' a='&lt;b c=&quot;d&quot; e=&apos;f&apos;&gt; &amp;#10;'/>",
    "white space in an attribute": "<x xmlns='urn:x' a='&#9;&#10;&#13; end'/>",
    "white space in text": "<x xmlns='urn:x'>&#9;&#10;&#13;\n end </x>",
    "CDATA": "<x xmlns='urn:x'><![CDATA[<a>&amp;]]]]><![CDATA[></a>]]></x>",
    "end of CDATA in text": "<x xmlns='urn:x'>]]&gt;</x>",
    "reused prefixes": "<a:x xmlns:a='urn:1'><a:y xmlns:a='urn:2'><a:z a:b='c' xmlns:b='urn:3'/></a:y><a:w/></a:x>",
    "two prefixes, one namespace": "<a:x xmlns:a='urn:1' xmlns:b='urn:1'><b:y a:c='1' d='2'/></a:x>",
    "no namespace": "<x xmlns=''><y/></x>",
    "xml attributes": "<x xmlns='urn:x' xml:lang='de' xml:space='preserve'> </x>",
    "stream error as a payload": "<stream:error><x xmlns='urn:x'/></stream:error>",
    "message as a payload": "<body><message to='nobody@localhost'><body>inner</body></message></body>",
    "mixed content": "<x xmlns='urn:x'>a<y/>b<z>c</z>d</x>",
    "large code points": "<x xmlns='urn:x'>&#x1F600;\U0001f600&#x85;</x>",
}


def canonical(element):
    text = ET.tostring(element, encoding="unicode")
    return ET.canonicalize(text, strip_text=False)


# RFC 6120 §8.4-1 §11.3-2
# RFC 6120 §4.8.5-2
@pytest.mark.parametrize("name", TRICKY_PAYLOADS)
def test_A30_what_is_sent_arrives_equal(attacker, victim, name):
    payload = TRICKY_PAYLOADS[name]
    attacker.send(f"<message to='{victim.jid}' id='p'>{payload}</message>")
    message = victim.expect("<message id='p'/>")
    # What has a body is archived, and its recipient is told under which id.
    sent = [child for child in message if child.tag != "{urn:xmpp:sid:0}stanza-id"]
    assert [canonical(child) for child in sent] == [canonical(parse(payload))], show(message)


@pytest.mark.parametrize("name", TRICKY_PAYLOADS)
def test_A30_what_is_stored_arrives_equal(server, attacker, name):
    sleeper = server.account("sleeper")
    payload = TRICKY_PAYLOADS[name]
    attacker.send(f"<message to='{sleeper.jid}' id='p' type='chat'><body>words</body>{payload}</message>")
    attacker.ping()
    with login(server, sleeper, "bed") as awake:
        awake.send("<presence/>")
        message = awake.expect("<message id='p'/>")
        awake.close()
    present = [canonical(child) for child in message]
    assert canonical(parse(payload)) in present, show(message)


# RFC 6120 §4.8.5-2 §8.4-1
def test_A29_a_prefixed_stanza_is_the_same_stanza(attacker, victim):
    attacker.send(f"<x:message xmlns:x='jabber:client' to='{victim.jid}' id='x'><x:body>hi</x:body></x:message>")
    victim.expect(f"<message from='{attacker.jid}' id='x'><body>hi</body></message>")


# RFC 6120 §4.8.3-1
@pytest.mark.parametrize("element", [
    "<message xmlns='jabber:server' to='{to}'><body>x</body></message>",
    "<message xmlns='jabber:component:accept' to='{to}'><body>x</body></message>",
    "<message xmlns='' to='{to}'><body>x</body></message>",
    "<iq xmlns='jabber:server' type='get' id='1'><q/></iq>",
    "<stream:message to='{to}'><body>x</body></stream:message>",
])
def test_A29_stanzas_of_a_foreign_namespace_end_the_stream(attacker, victim, element):
    attacker.send(element.format(to=victim.jid))
    attacker.expect_stream_error("policy-violation" if element.startswith("<stream:") else "invalid-namespace")
    victim.expect_nothing()


def test_A29_a_payload_is_never_promoted_to_a_stanza(attacker, victim):
    attacker.send(f"<message to='{attacker.jid}' id='outer'><body><message to='{victim.jid}' from='admin@localhost'>"
                  "<body>inner</body></message></body><stream:error/></message>")
    attacker.expect("<message id='outer'/>")
    attacker.ping()
    victim.expect_nothing(attacker)


# -- A26 to A28: size and shape ------------------------------------------------------------------------

def test_A26_a_trickled_token_costs_no_more_than_other_bytes(server, stack):
    """A parser that starts over with each byte takes hundreds of times as long."""
    size = 64 * 1024
    session = stack.enter_context(login(server, server.account("drip"), "tap", transport="plain"
                                        if server.plain_port else "tls"))

    def spaces():
        in_pieces(session, b" " * size)
        session.ping()

    def attribute():
        session.send(b"<message to='nobody.here@localhost' id='")
        in_pieces(session, b"x" * size)
        session.send(b"'/>")
        session.ping()

    plain = cpu_used(server, spaces)
    trickled = cpu_used(server, attribute)
    assert trickled < 4 * plain + 0.3 * SLACK, f"{trickled:.2f} s of CPU, {plain:.2f} s for as many spaces"


def test_A27_idle_streams_give_back_what_long_attributes_took(server, stack):
    sessions = [stack.enter_context(login(server, server.account("idler"), "here")) for _ in range(20)]

    def wave():
        for session in sessions:
            session.send(f"<message to='nobody.here@localhost' id='{'x' * 60000}'/>")
            session.ping()

    wave()
    with memory_grows_at_most(server, 2 * 2**20):
        wave()
        wave()


def test_A27_unique_names_do_not_pile_up(server, attacker):
    def names(start):
        for number in range(start, start + 1000):
            inner = "".join(f"<e{number}x{i} a{number}x{i}='1' xmlns='urn:n:{number}:{i}'/>" for i in range(20))
            attacker.send(f"<message to='nobody.here@localhost'>{inner}</message>")
        attacker.forget()

    names(0)
    with memory_grows_at_most(server, 3 * 2**20):
        names(1000)


SHAPES = {
    "500000 nested elements": "<message>" + "<a>" * 500_000,
    "nested one too deep": "<message>" + "<a>" * 64,
    "65 attributes": "<message><x xmlns='urn:x' " + " ".join(f"a{i}='1'" for i in range(65)) + "/></message>",
    "20000 attributes": "<message><x xmlns='urn:x' " + " ".join(f"a{i}='1'" for i in range(20_000)) + "/></message>",
    "33 namespaces": "<message><x " + " ".join(f"xmlns:a{i}='urn:{i}'" for i in range(33)) + "/></message>",
    "20000 elements": "<message><x xmlns='urn:x'>" + "<a/>" * 20_000 + "</x></message>",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_A28_depth_and_breadth_are_limited(attacker, shape):
    attacker.send_until_refused(SHAPES[shape])
    attacker.expect_stream_error("policy-violation")


def test_A28_fewer_than_the_limit_pass(attacker, victim):
    payload = ("<x xmlns='urn:x' " + " ".join(f"a{i}='1'" for i in range(60)) + ">" + "<a>" * 55 + "</a>" * 55
               + "<b/>" * 3000 + "</x>")
    attacker.send(f"<message to='{victim.jid}' id='s'>{payload}</message>")
    message = victim.expect("<message id='s'/>")
    assert canonical(message[0]) == canonical(parse(payload))


# -- A31: addresses ------------------------------------------------------------------------------------

BAD_ADDRESSES = {
    "localpart too long": "a" * 1024 + "@localhost",
    "localpart too long in bytes": "ä" * 512 + "@localhost",
    "domain too long": "juliet@" + "a" * 1024,
    "resource too long": "juliet@localhost/" + "a" * 1024,
    "empty localpart": "@localhost",
    "empty domain": "juliet@",
    "empty resource": "juliet@localhost/",
    "only a slash": "/",
    "fullwidth at sign": "juliet\uff20localhost",
    "fullwidth slash in the localpart": "ju\uff0fliet@localhost",
    "space in the localpart": "ju liet@localhost",
    "quote in the localpart": "ju&quot;liet@localhost",
    "angle bracket in the localpart": "ju&lt;liet@localhost",
    "mixed directions": "\u05d0juliet1@localhost",
    "space in the domain": "juliet@local host",
    "two at signs": "a@b@localhost",
    "control in the resource": "juliet@localhost/\u007f",
}


# RFC 6120 §8.3.3.8-1
# RFC 6121 §3.1.2-1
@pytest.mark.parametrize("stanza", ["<message to='{to}' id='j'><body>x</body></message>",
                                    "<presence to='{to}' id='j'/>",
                                    "<iq to='{to}' id='j' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"],
                         ids=["message", "presence", "iq"])
@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_A31_an_impossible_address_is_jid_malformed(attacker, address, stanza):
    attacker.send(stanza.format(to=BAD_ADDRESSES[address]))
    check_error(attacker.expect("<{} id='j' type='error'/>".format(stanza[1:].split(" ")[0])),
                "jid-malformed", "modify")
    attacker.expect_nothing()


@pytest.mark.parametrize("change", ["{user}@{host}.", "{USER}@{host}", "{user}@LOCALHOST", "{fullwidth}@{host}"],
                         ids=["trailing dot", "upper case localpart", "upper case domain", "fullwidth letters"])
def test_A31_equal_addresses_are_one(attacker, victim, change):
    """RFC 7622: the server prepares addresses before it compares them."""
    user, host = victim.bare.split("@")
    wide = "".join(chr(ord(c) + 0xfee0) if c.isascii() and c.isalnum() else c for c in user)
    to = change.format(user=user, USER=user.upper(), host=host, fullwidth=wide)
    attacker.send(f"<message to='{to}' id='eq' type='chat'><body>x</body></message>")
    victim.expect("<message id='eq'/>")
