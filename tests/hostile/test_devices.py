# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A50, A51, A61 and A62: what only an account may say to its devices, and what others learn of them."""
import re
import xml.etree.ElementTree as ET

import pytest

from support.friends import befriend, bring_to
from support.match import show
from support.raw import login

FORWARDED = ("<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{friend}' to='{victim}' "
             "type='chat'><body>forged</body></message></forwarded>")
WRAPPERS = {
    "sent": "<sent xmlns='urn:xmpp:carbons:2'>{inside}</sent>",
    "received": "<received xmlns='urn:xmpp:carbons:2'>{inside}</received>",
    "an old carbon": "<received xmlns='urn:xmpp:carbons:1'>{inside}</received>",
    "result": "<result xmlns='urn:xmpp:mam:2' id='1' queryid='q'>{inside}</result>",
    "an old result": "<result xmlns='urn:xmpp:mam:1' id='1'>{inside}</result>",
}
PUSHES = {
    "roster": "<query xmlns='jabber:iq:roster'><item jid='{me}' subscription='both'/></query>",
    "block": "<block xmlns='urn:xmpp:blocking'><item jid='friend@localhost'/></block>",
    "unblock": "<unblock xmlns='urn:xmpp:blocking'/>",
}


def wrapper(kind, victim):
    inside = FORWARDED.format(friend="friend@localhost/home", victim=victim.jid)
    return WRAPPERS[kind].format(inside=inside)


@pytest.mark.parametrize("type_", ["chat", "normal", "headline"])
@pytest.mark.parametrize("to", ["jid", "bare"])
@pytest.mark.parametrize("kind", WRAPPERS)
def test_A50_a_forged_wrapper_is_taken_off_and_the_rest_delivered(attacker, victim, kind, to, type_):
    victim.ask("set", "<enable xmlns='urn:xmpp:carbons:2'/>")
    attacker.send(f"<message to='{getattr(victim, to)}' type='{type_}' id='f'>{wrapper(kind, victim)}"
                  f"<body>mine, {kind} {to} {type_}</body></message>")
    message = victim.expect(f"<message from='{attacker.jid}' id='f'><body>mine, {kind} {to} {type_}</body></message>")
    assert not any("forwarded" in child.tag for child in message.iter())


@pytest.mark.parametrize("kind", WRAPPERS)
def test_A50_a_message_that_is_nothing_else_is_dropped_in_silence(attacker, victim, kind):
    attacker.send(f"<message to='{victim.jid}' type='chat' id='f'>{wrapper(kind, victim)}</message>")
    attacker.expect_nothing()
    victim.expect_nothing(attacker)


def test_A50_nothing_of_it_is_kept_for_later(server, attacker):
    sleeper = server.account("sleeper")
    forged = "<received xmlns='urn:xmpp:carbons:2'>x</received>"
    attacker.send(f"<message to='{sleeper.jid}' type='chat' id='f'>{forged}</message>")
    attacker.send(f"<message to='{sleeper.jid}' type='chat' id='g'>{forged}<body>mine</body></message>")
    attacker.ping()
    with login(server, sleeper, "bed") as awake:
        awake.send("<presence/>")
        message = awake.expect(f"<message from='{attacker.jid}' id='g'><body>mine</body></message>")
        assert not any("carbons" in child.tag for child in message)
        assert not [e for e in awake.forget(attacker) if e.tag.endswith("}message")]


@pytest.mark.parametrize("known", [False, True], ids=["stranger", "contact"])
@pytest.mark.parametrize("kind", PUSHES)
def test_A51_a_forged_push_is_refused_and_not_delivered(attacker, victim, kind, known):
    if known:
        bring_to("Both", attacker, victim)
        attacker.forget(victim)
        victim.forget(attacker)
    attacker.send(f"<iq type='set' id='p' to='{victim.jid}'>{PUSHES[kind].format(me=attacker.bare)}</iq>")
    attacker.expect_error("p", "service-unavailable")
    victim.expect_nothing(attacker)


# XEP-0357 §9-1
def test_A61_a_push_service_learns_a_count_and_its_node_and_nothing_else(server, attacker, stack):
    """The attacker is the service; what it is sent says whose device it is for, and no more."""
    owner = server.account("owner")
    server.name_push_service(attacker.bare)
    friend = stack.enter_context(login(server, server.account("friend"), "home", presence=True))
    with login(server, owner, "phone", presence=True) as phone:
        answer = phone.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{attacker.jid}' node='opaque'/>")
        assert answer.get("type") == "result"
    friend.send(f"<message to='{owner.jid}' type='chat' id='m'><body>the plans are in the cellar</body></message>")
    notification = attacker.expect("<iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub'/></iq>")
    text = ET.tostring(notification, encoding="unicode")
    for secret in (friend.bare.split("@")[0], "cellar", "phone"):
        assert not re.search(rf"\b{re.escape(secret)}\b", text), secret
    values = [v.text for v in notification.iter("{jabber:x:data}value")]
    assert values == ["urn:xmpp:push:summary", "1"]
    assert notification.get("from") == owner.jid


def test_A61_only_the_owner_registers_for_an_account(server, attacker, victim):
    for whom in (victim.bare, "nobody@localhost"):
        answer = attacker.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{attacker.jid}' node='n'/>", to=whom)
        assert answer.find(".//{*}service-unavailable") is not None
    victim.expect_nothing(attacker)


def test_A61_nobody_is_made_a_push_service_against_his_will(server, attacker, victim):
    """Text of the attacker's choice would come to the victim, in our host's name or in the attacker's."""
    form = ("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub"
            "#publish-options</value></field><field var='secret'><value>send me money</value></field></x>")
    for whom in (victim.jid, victim.bare, "nobody@localhost", "room@conference.localhost/nick"):
        answer = attacker.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{whom}' node='Urgent!'>{form}</enable>")
        assert answer.find(".//{*}not-allowed") is not None, show(answer)
    attacker.send("<inactive xmlns='urn:xmpp:csi:0'/>")
    victim.send(f"<message to='{attacker.bare}' type='chat' id='m'><body>hello</body></message>")
    attacker.expect("<message id='m'/>")
    victim.expect_nothing(attacker)


def test_A61_a_service_that_never_answers_is_not_flooded(server, attacker, stack):
    owner = server.account("owner")
    server.name_push_service(attacker.bare)
    friend = stack.enter_context(login(server, server.account("friend"), "home", presence=True))
    with login(server, owner, "phone", presence=True) as phone:
        phone.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{attacker.jid}' node='opaque'/>")
    for number in range(50):
        friend.send(f"<message to='{owner.jid}' type='chat' id='m{number}'><body>{number}</body></message>")
    friend.ping()
    attacker.expect("<iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub'/></iq>")
    attacker.expect_nothing()


# XEP-0352 §6-1
def test_A62_client_state_is_seen_by_nobody(server, stack):
    one, other = server.account("one"), server.account("other")
    befriend(server, one, other)
    watcher = stack.enter_context(login(server, other, "home", presence=True))
    watched = stack.enter_context(login(server, one, "phone", presence=True))
    watcher.expect(f"<presence from='{watched.jid}'/>")
    watcher.forget()
    watched.send("<inactive xmlns='urn:xmpp:csi:0'/>")
    watched.ping()
    watcher.expect_nothing()
    watcher.send(f"<presence to='{one.jid}' type='probe'/>")
    shown = watcher.expect(f"<presence from='{watched.jid}'/>")
    assert shown.get("type") is None
    answer = watcher.ask("get", "<query xmlns='jabber:iq:last'/>", to=one.jid)
    assert answer.find("{jabber:iq:last}query").get("seconds") == "0"


def test_A62_a_session_that_waits_to_be_resumed_looks_online(server, stack):
    one, other = server.account("one"), server.account("other")
    befriend(server, one, other)
    watcher = stack.enter_context(login(server, other, "home", presence=True))
    watched = login(server, one, "phone", presence=True)
    watched.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
    watched.expect("<enabled xmlns='urn:xmpp:sm:3'/>")
    watcher.expect(f"<presence from='{watched.jid}'/>")
    watcher.forget()
    watched.reset()
    watcher.expect_nothing()
    watcher.send(f"<presence to='{one.jid}' type='probe'/>")
    shown = watcher.expect(f"<presence from='{watched.jid}'/>")
    assert shown.get("type") is None
    answer = watcher.ask("get", "<query xmlns='jabber:iq:last'/>", to=one.jid)
    assert answer.find("{jabber:iq:last}query").get("seconds") == "0"
