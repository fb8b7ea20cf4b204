# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A44 to A46: stream management (XEP-0198) in the hands of somebody who means harm."""
import re

import pytest

from support.match import STREAM
from support.raw import STANZA_ERRORS, STREAM_ERRORS, RawClient, login

SM = "urn:xmpp:sm:3"


def enable(client, resume=True):
    """The id by which the session can be resumed."""
    client.send(f"<enable xmlns='{SM}'{' resume=' + repr('true') if resume else ''}/>")
    return client.expect(lambda e: e.tag == f"{{{SM}}}enabled", what="<enabled/>").get("id")


def logged_in(server, account):
    """A stream on which a resource could be bound."""
    client = RawClient(server, sni=account.jid.split("@")[1])
    client.open(account.jid.split("@")[1])
    client.authenticate(account.jid, account.password)
    client.open()
    return client


def resume(client, previd, h="0"):
    client.send(f"<resume xmlns='{SM}' previd='{previd}' h='{h}'/>")


def expect_failed(client, condition):
    answer = client.expect(lambda e: e.tag == f"{{{SM}}}failed", what="<failed/>")
    assert [child.tag for child in answer] == [f"{{{STANZA_ERRORS}}}{condition}"]
    return answer


def expect_resumed(client):
    return client.expect(lambda e: e.tag == f"{{{SM}}}resumed", what="<resumed/>")


@pytest.fixture
def account(server):
    return server.account("traveller")


# XEP-0198 §10-1 §3-3
def test_A44_nobody_resumes_before_he_has_logged_in(server, account, client):
    with login(server, account, "phone") as owner:
        token = enable(owner)
        resume(client, token)
        assert expect_failed(client, "unexpected-request").get("h") is None, "a stranger learns a count"
        client.send(f"<enable xmlns='{SM}' resume='true'/>")
        expect_failed(client, "unexpected-request")
        client.authenticate(account.jid, account.password)
        owner.ping()


# XEP-0198 §10-1
def test_A44_nobody_resumes_the_session_of_another(server, account):
    with login(server, account, "phone") as owner, logged_in(server, server.account("thief")) as thief:
        token = enable(owner)
        resume(thief, token)
        assert expect_failed(thief, "item-not-found").get("h") is None, "a stranger learns a count"
        thief.bind_here("lair")
        resume(thief, token)
        expect_failed(thief, "unexpected-request")
        thief.ping()
        owner.ping()


# XEP-0198 §5-1
def test_A44_ids_cannot_be_guessed(server, account):
    with login(server, account, "one") as one, login(server, account, "two") as two:
        tokens = [enable(one), enable(two)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22,}", token) for token in tokens)
    assert sum(a != b for a, b in zip(*tokens)) > 10


def test_A44_of_several_who_resume_at_once_one_wins(server, account, victim):
    old = login(server, account, "phone", presence=True)
    token = enable(old)
    racing = [logged_in(server, account) for _ in range(5)]
    for each in racing:
        resume(each, token)
    for each in racing:
        expect_resumed(each)
    old.expect_stream_error("conflict")
    victim.send(f"<message to='{old.jid}' id='prize' type='chat'><body>for one</body></message>")
    ends = [each.expect(lambda e: e.get("id") == "prize" or e.tag == f"{{{STREAM}}}error") for each in racing]
    assert [end.get("id") for end in ends].count("prize") == 1
    assert sum(end.find(f"{{{STREAM_ERRORS}}}conflict") is not None for end in ends) == len(racing) - 1
    for each in racing:
        each.drop()


# XEP-0198 §5-3
@pytest.mark.parametrize("previd", ["", "x", "x" * 5000, "'\"<>", "../../etc"])
def test_A44_what_is_no_id_is_not_found(server, account, previd):
    from xml.sax.saxutils import quoteattr
    with logged_in(server, account) as client:
        client.send(f"<resume xmlns='{SM}' previd={quoteattr(previd)} h='0'/>")
        expect_failed(client, "item-not-found")
        client.bind_here("phone")
        client.ping()


# XEP-0198 §6-2
@pytest.mark.parametrize("h", ["h='1'", "h='-1'", "h='4294967295'", "h='4294967296'", "h='1e3'", "h=''", "", "h='٣'"])
def test_A45_a_count_that_cannot_be_ends_the_stream(server, account, victim, h):
    client = login(server, account, "phone")
    enable(client)
    client.send(f"<a xmlns='{SM}' {h}/>")
    error = client.expect_stream_error("undefined-condition", application="handled-count-too-high")
    assert error.find(f"{{{SM}}}handled-count-too-high").get("send-count") == "0"
    victim.ping()


def test_A45_nothing_goes_that_was_not_received(server, account, victim):
    client = login(server, account, "phone", presence=True)
    enable(client)
    for number in range(5):
        victim.send(f"<message to='{client.bare}' id='m{number}' type='chat'><body>{number}</body></message>")
    client.expect(lambda e: e.get("id") == "m4", what="the last message")
    client.send(f"<a xmlns='{SM}' h='2'/><a xmlns='{SM}' h='1'/><a xmlns='{SM}' h='99'/>")
    client.expect_stream_error("undefined-condition", application="handled-count-too-high")
    with login(server, account, "phone") as again:
        again.send("<presence/>")
        for number in range(2, 5):
            again.expect(lambda e, number=number: e.get("id") == f"m{number}", what=f"message {number}")
        again.note_to_self()
        assert not [e for e in again.inbox if e.get("id") in ("m0", "m1")], "what was acknowledged comes again"


def test_A46_who_acknowledges_nothing_is_cut_off_and_loses_nothing(attacked):
    server = attacked(unacknowledged=50, offline_per_sender=1000)
    account = server.account("deaf")
    client = login(server, account, "phone", presence=True)
    token = enable(client)
    with login(server, server.account("talker"), "desk") as talker:
        for number in range(300):
            talker.send(f"<message to='{client.jid}' id='m{number}' type='chat'><body>{number}</body></message>")
        talker.ping()
        client.expect_stream_error("resource-constraint")
        talker.send(f"<message to='{client.bare}' id='m300' type='chat'><body>one more</body></message>")
        talker.ping()
        with logged_in(server, account) as back:
            resume(back, token)
            expect_failed(back, "item-not-found")
            back.bind_here("phone")
            back.send("<presence/>")
            came = set()
            back.expect(lambda e: came.add(e.get("id")) or len([x for x in came if x and x[0] == "m"]) == 301,
                        what="all messages")
