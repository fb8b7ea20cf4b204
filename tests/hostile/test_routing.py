# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A48, A49, A53 to A60: whom stanzas claim to come from, loops, and what strangers may learn."""
import xml.etree.ElementTree as ET

import pytest

from support.friends import befriend, roster_item
from support.match import CLIENT, show
from support.raw import RawClient, check_error, login, stream_header

STANZAS = {
    "message": "<message {from_} to='{to}' id='f' type='chat'><body>x</body></message>",
    "presence": "<presence {from_} to='{to}' id='f'/>",
    "iq": "<iq {from_} to='{to}' id='f' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
}
DELAY = "{urn:xmpp:delay}delay"


# -- A48: from -----------------------------------------------------------------------------------------

FORGED = ["{victim}", "{victim}/home", "admin@localhost", "localhost", "someone@elsewhere.example", "{own}/other",
          "not a jid@@", "{own}@localhost"]


# RFC 6120 §8.1.2.1-2
@pytest.mark.parametrize("sender", FORGED)
@pytest.mark.parametrize("kind", STANZAS)
def test_A48_a_forged_from_ends_the_stream(attacker, victim, kind, sender):
    from_ = sender.format(victim=victim.bare, own=attacker.bare)
    attacker.send(STANZAS[kind].format(from_=f"from='{from_}'", to=victim.jid))
    attacker.expect_stream_error("invalid-from")
    victim.expect_nothing()


# RFC 6120 §8.1.2.1-1
@pytest.mark.parametrize("own", ["", "from='{bare}'", "from='{full}'", "from='{upper}'"],
                         ids=["none", "bare", "full", "unprepared"])
def test_A48_the_own_address_is_stamped_in_full(attacker, victim, own):
    from_ = own.format(bare=attacker.bare, full=attacker.jid, upper=attacker.jid.replace("mallory", "MALLORY"))
    attacker.send(STANZAS["message"].format(from_=from_, to=victim.jid))
    victim.expect(f"<message from='{attacker.jid}' id='f'/>")


# -- A49, A54: answers nobody asked for ----------------------------------------------------------------

UNASKED = {
    "iq result": "<iq to='{to}' id='{id}' type='result'><query xmlns='jabber:iq:roster'/></iq>",
    "iq error": "<iq to='{to}' id='{id}' type='error'><error type='cancel'><item-not-found "
                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    "message error": "<message to='{to}' id='{id}' type='error'><error type='cancel'><item-not-found "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    "presence error": "<presence to='{to}' id='{id}' type='error'><error type='cancel'><item-not-found "
                      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
}
NOBODIES = ["localhost", "localhost/x", "nobody@localhost", "nobody@localhost/x", "{victim}/gone"]


def test_A49_a_guessed_result_of_a_third_party_is_dropped(server, attacker, victim):
    """The roster push has an id; somebody else answers it with an error."""
    victim.send("<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='friend@localhost'/></query></iq>")
    push = victim.expect("<iq type='set'><query xmlns='jabber:iq:roster'/></iq>")
    victim.expect("<iq id='s' type='result'/>")
    for kind in ("iq result", "iq error"):
        for to in ("localhost", victim.bare):
            attacker.send(UNASKED[kind].format(to=to, id=push.get("id")))
    attacker.expect_nothing()
    victim.expect_nothing(attacker)
    assert roster_item(victim, "friend@localhost") is not None


# RFC 6120 §8.3.1-1
@pytest.mark.parametrize("to", NOBODIES)
@pytest.mark.parametrize("kind", UNASKED)
def test_A54_errors_and_results_are_never_answered(attacker, victim, kind, to):
    attacker.send(UNASKED[kind].format(to=to.format(victim=victim.bare), id="loop"))
    attacker.expect_nothing()
    victim.expect_nothing(attacker)


def test_A54_an_error_for_a_bounce_ends_there(server, attacker):
    """Two bots that answer each other: the refused one is told once."""
    attacker.send("<message to='nobody@localhost' type='groupchat' id='g'><body>x</body></message>")
    bounced = [e for e in attacker.forget() if e.get("id") == "g"]
    assert len(bounced) <= 1
    attacker.send("<message to='nobody@localhost' type='error' id='g'><error type='cancel'/></message>")
    attacker.expect_nothing()


# -- A53: stamps ---------------------------------------------------------------------------------------

# XEP-0203 §5-1
@pytest.mark.parametrize("domain", ["localhost", "other.example", "LOCALHOST"])
def test_A53_a_forged_delay_of_our_domain_is_removed(server, attacker, victim, domain):
    forged = f"<delay xmlns='urn:xmpp:delay' from='{domain}' stamp='1999-01-01T00:00:00Z'/>"
    honest = "<delay xmlns='urn:xmpp:delay' from='elsewhere.example' stamp='2001-01-01T00:00:00Z'/>"
    attacker.send(f"<message to='{victim.jid}' id='d'><body>x</body>{forged}{forged}{honest}</message>")
    stamps = [e.get("stamp") for e in victim.expect("<message id='d'/>").iter(DELAY)]
    assert stamps == ["2001-01-01T00:00:00Z"]


def test_A53_also_when_the_message_is_kept_for_later(server, attacker):
    sleeper = server.account("sleeper")
    attacker.send(f"<message to='{sleeper.jid}' type='chat' id='d'><body>x</body>"
                  "<delay xmlns='urn:xmpp:delay' from='localhost' stamp='1999-01-01T00:00:00Z'/></message>")
    attacker.ping()
    with login(server, sleeper, "bed") as awake:
        awake.send("<presence/>")
        stamps = [e.get("stamp") for e in awake.expect("<message id='d'/>").iter(DELAY)]
    assert len(stamps) == 1 and not stamps[0].startswith("1999"), stamps


# -- A55, A58: what a stranger may learn ---------------------------------------------------------------

QUESTIONS = {
    "disco info": "<query xmlns='http://jabber.org/protocol/disco#info'/>",
    "disco info, node": "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>",
    "disco items": "<query xmlns='http://jabber.org/protocol/disco#items'/>",
    "commands": "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>",
    "last activity": "<query xmlns='jabber:iq:last'/>",
    "version": "<query xmlns='jabber:iq:version'/>",
    "time": "<time xmlns='urn:xmpp:time'/>",
    "ping": "<ping xmlns='urn:xmpp:ping'/>",
    "vCard": "<vCard xmlns='vcard-temp'/>",
    "archive": "<query xmlns='urn:xmpp:mam:2'/>",
    "archive, its ends": "<metadata xmlns='urn:xmpp:mam:2'/>",
    "archive, choices": "<prefs xmlns='urn:xmpp:mam:2' default='never'/>",
    "block list": "<blocklist xmlns='urn:xmpp:blocking'/>",
    "private data": "<query xmlns='jabber:iq:private'><x xmlns='urn:example:x'/></query>",
    "carbons": "<enable xmlns='urn:xmpp:carbons:2'/>",
    "push": "<enable xmlns='urn:xmpp:push:0' jid='push.example' node='n'/>",
    "unknown": "<q xmlns='urn:example:unknown'/>",
}


def answer_of(attacker, kind, question, to):
    """The answer with everything removed that names the one asked."""
    answer = attacker.ask(kind, question, to=to)
    assert answer.get("from") == to
    for name in ("from", "id"):
        del answer.attrib[name]
    return ET.canonicalize(ET.tostring(answer, encoding="unicode")).replace(to, "TO")


# RFC 6120 §8.3.3.7-1
# XEP-0012 §4-1
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("kind", ["get", "set"])
def test_A55_an_iq_to_a_full_jid_tells_a_stranger_nothing(attacker, victim, kind, question):
    answers = {to: answer_of(attacker, kind, QUESTIONS[question], to)
               for to in (victim.jid, f"{victim.bare}/gone", "nobody@localhost/gone")}
    assert len(set(answers.values())) == 1, answers
    assert "service-unavailable" in answers[victim.jid]
    victim.expect_nothing(attacker)


@pytest.fixture(scope="module")
def neighbours(server):
    """Three addresses a stranger may ask: online, offline, and no account at all. None shows a vCard, which
    would be meant for everybody (XEP-0054)."""
    online, offline = server.accounts("online", "offline")
    session = login(server, online, "home", presence=True)
    login(server, offline, "home").close()
    yield {"online": online.jid, "offline": offline.jid, "unknown": "unknown@localhost"}
    session.drop()


# RFC 6120 §8.3.3.7-1
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("kind", ["get", "set"])
def test_A58_accounts_cannot_be_told_from_nothing(attacker, neighbours, kind, question):
    answers = {name: answer_of(attacker, kind, QUESTIONS[question], jid) for name, jid in neighbours.items()}
    assert len(set(answers.values())) == 1, answers
    refused = 'type="error"' in answers["unknown"]
    assert refused or question in ("disco items", "commands"), "an empty list of items tells nothing either"


SIGNS_OF_LIFE = [
    "<presence to='{to}' type='probe'/>", "<presence to='{to}/home' type='probe'/>",
    "<presence to='{to}' type='unsubscribe'/>", "<presence to='{to}' type='subscribed'/>",
    "<presence to='{to}'/>", "<message to='{to}' type='headline'><body>x</body></message>",
    "<message to='{to}' type='chat' id='s'><body>x</body><request xmlns='urn:xmpp:receipts'/>"
    "<markable xmlns='urn:xmpp:chat-markers:0'/></message>",
    "<message to='{to}/home' type='chat' id='s'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
]


@pytest.mark.parametrize("stanza", SIGNS_OF_LIFE)
def test_A58_presence_cannot_be_told_from_nothing(attacker, neighbours, stanza):
    reactions = {}
    for name, jid in neighbours.items():
        attacker.send(stanza.format(to=jid))
        reactions[name] = [(e.tag, e.get("type")) for e in attacker.forget() if e.get("from", "").startswith(jid)]
    assert reactions["online"] == reactions["offline"] == reactions["unknown"], reactions


@pytest.mark.parametrize("kind, payload", [
    ("get", "<query xmlns='jabber:iq:roster'/>"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='{me}' subscription='both'/></query>"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='{friend}' subscription='remove'/></query>"),
])
@pytest.mark.parametrize("friends", [False, True])
def test_A59_the_roster_of_another_account(server, attacker, kind, payload, friends):
    owner, friend = server.accounts("owner", "friend")
    befriend(server, owner, friend)
    if friends:
        attacker.drop()
        attacker = login(server, friend, "lair", presence=True)
    answer = attacker.ask(kind, payload.format(me=attacker.bare, friend=friend.jid), to=owner.jid)
    check_error(answer, "forbidden")
    with login(server, owner) as session:
        assert roster_item(session, friend.jid).get("subscription") == "both"
        assert friends or roster_item(session, attacker.bare) is None


def test_A59_a_forged_roster_push_is_not_delivered(attacker, victim):
    attacker.send(f"<iq type='set' id='p' to='{victim.jid}'><query xmlns='jabber:iq:roster'>"
                  f"<item jid='{attacker.bare}' subscription='both'/></query></iq>")
    attacker.expect_error("p", ("service-unavailable", "forbidden"))
    victim.expect_nothing(attacker)


# -- A56: blocking -------------------------------------------------------------------------------------

BLOCKED = {
    "chat": "<message to='{to}' type='chat' id='b'><body>x</body></message>",
    "normal": "<message to='{to}' id='b'><body>x</body></message>",
    "headline": "<message to='{to}' type='headline' id='b'><body>x</body></message>",
    "groupchat": "<message to='{to}' type='groupchat' id='b'><body>x</body></message>",
    "available": "<presence to='{to}'/>",
    "unavailable": "<presence to='{to}' type='unavailable'/>",
    "subscribe": "<presence to='{to}' type='subscribe'/>",
    "probe": "<presence to='{to}' type='probe'/>",
    "iq": "<iq to='{to}' type='get' id='b'><ping xmlns='urn:xmpp:ping'/></iq>",
}


@pytest.mark.parametrize("resource", ["", "/home"])
@pytest.mark.parametrize("kind", BLOCKED)
def test_A56_a_blocked_sender_is_not_heard(attacker, victim, kind, resource):
    victim.ask("set", f"<block xmlns='urn:xmpp:blocking'><item jid='{attacker.bare}'/></block>")
    victim.forget()
    attacker.send(BLOCKED[kind].format(to=victim.bare + resource))
    returned = [e for e in attacker.forget() if e.get("from", "").startswith(victim.bare)]
    if "presence" in BLOCKED[kind]:
        assert returned == [], [show(e) for e in returned]
    elif kind != "headline" or returned:
        assert len(returned) == 1
        check_error(returned[0], "service-unavailable", "cancel")
    victim.expect_nothing(attacker)


def test_A56_nothing_is_kept_of_a_blocked_sender(server, attacker):
    sleeper = server.account("sleeper")
    with login(server, sleeper, "bed") as session:
        session.ask("set", f"<block xmlns='urn:xmpp:blocking'><item jid='{attacker.bare}'/></block>")
        session.close()
    for kind in BLOCKED:
        attacker.send(BLOCKED[kind].format(to=sleeper.jid))
    attacker.forget()
    with login(server, sleeper, "bed") as session:
        session.ask("set", "<unblock xmlns='urn:xmpp:blocking'/>")
        seen = [e for e in session.become_available() if e.get("from", "").startswith(attacker.bare)]
        assert seen == [], [show(e) for e in seen]
        assert roster_item(session, attacker.bare) is None


# -- A57: components -----------------------------------------------------------------------------------

def test_A57_a_component_is_not_served_on_the_clients_port(server):
    """There is no component listener, so no secret to guess and no domain to win."""
    with RawClient(server) as client:
        client.send(stream_header(xmlns="jabber:component:accept", version=None))
        client.expect_stream_error("invalid-namespace", "unsupported-version")


def test_A57_a_component_handshake_is_not_known(attacker):
    attacker.send("<handshake xmlns='jabber:component:accept'>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>")
    attacker.expect_stream_error("unsupported-stanza-type")


# -- A60: subscription floods --------------------------------------------------------------------------

def test_A60_pending_requests_are_capped(attacked):
    server = attacked(pending_requests=5)
    sleeper = server.account("sleeper")
    for number in range(9):
        with login(server, server.account("fan"), "door", roster=True) as fan:
            fan.send(f"<presence to='{sleeper.jid}' type='subscribe' id='s{number}'/>")
            fan.ping()
            answers = [e.get("type") for e in fan.inbox if e.tag == f"{{{CLIENT}}}presence"]
            assert answers == [], "what is over the cap is refused in silence"
            fan.close()
    with login(server, sleeper, "bed") as session:
        assert session.ask("get", "<query xmlns='jabber:iq:roster'/>").get("type") == "result"
        requests = [e.get("from") for e in session.become_available() if e.get("type") == "subscribe"]
        assert len(requests) == 5 == len(set(requests)), requests


def test_A60_a_repeated_request_takes_no_second_place(attacked):
    server = attacked(pending_requests=5)
    sleeper, fan = server.accounts("sleeper", "fan")
    with login(server, fan, "door") as session:
        for _ in range(20):
            session.send(f"<presence to='{sleeper.jid}' type='subscribe'/>")
        session.ping()
    with login(server, server.account("second"), "door") as session:
        session.send(f"<presence to='{sleeper.jid}' type='subscribe'/>")
        session.ping()
    with login(server, sleeper, "bed") as session:
        assert len([e for e in session.become_available() if e.get("type") == "subscribe"]) == 2
