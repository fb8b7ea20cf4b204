# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A95 to A99: what one client may take of memory, disk and log."""
import socket

import pytest

from support.friends import befriend
from support.limits import memory_grows_at_most
from support.raw import RawClient, check_error, login
from support.server import PASSWORD


# -- A95: readers who stop -----------------------------------------------------------------------------

def test_A95_who_stops_reading_is_let_go_and_the_sender_goes_on(server, stack):
    sender, deaf = server.accounts("sender", "deaf")
    befriend(server, sender, deaf)
    listener = stack.enter_context(login(server, deaf, "ear", presence=True))
    listener.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    speaker = stack.enter_context(login(server, sender, "mouth", presence=True))
    gone = "<presence from='{}' type='unavailable'/>".format(listener.jid)
    with memory_grows_at_most(server, 24 * 2**20):
        for _ in range(400):
            speaker.send(f"<message to='{listener.jid}'><body>{'x' * 100_000}</body></message>")
            speaker.ping()
            if any(e.get("type") == "unavailable" and e.get("from") == listener.jid for e in speaker.inbox):
                break
        speaker.expect(gone)
    speaker.ping()


def test_A95_a_fast_sender_to_a_slow_reader_loses_nothing_below_the_limit(server, attacker, victim):
    count = 500
    for number in range(count):
        attacker.send(f"<message to='{victim.jid}' id='n{number}'><body>{'y' * 1000}</body></message>")
    attacker.ping()
    seen = [e.get("id") for e in victim.forget() if e.get("id", "").startswith("n")]
    assert seen == [f"n{number}" for number in range(count)]


# -- A96, A97: quotas ----------------------------------------------------------------------------------

def leave_mail(session, jid, name):
    """The error condition, or None when it was taken."""
    session.send(f"<message to='{jid}' type='chat' id='{name}'><body>{name}</body></message>")
    session.ping()
    errors = [e for e in session.forget() if e.get("id") == name]
    for error in errors:
        check_error(error, "resource-constraint", "wait")
    return bool(errors)


def mail_of(server, account):
    with login(server, account, "late") as session:
        return [e.get("id") for e in session.become_available() if e.tag.endswith("message")]


def test_A96_one_sender_has_a_share_of_the_mailbox(attacked, stack):
    server = attacked(offline_per_sender=5, offline_per_user=8)
    sleeper, greedy, modest, last = server.accounts("sleeper", "greedy", "modest", "last")
    first, second, third = (stack.enter_context(login(server, each, "here")) for each in (greedy, modest, last))
    assert [leave_mail(first, sleeper.jid, f"g{number}") for number in range(7)] == [False] * 5 + [True] * 2
    assert [leave_mail(second, sleeper.jid, f"m{number}") for number in range(4)] == [False] * 3 + [True]
    assert leave_mail(third, sleeper.jid, "l0"), "the mailbox is full"
    assert mail_of(server, sleeper) == ["g0", "g1", "g2", "g3", "g4", "m0", "m1", "m2"], "old mail is not evicted"
    assert not leave_mail(third, sleeper.jid, "l1"), "there is room again"


QUOTAS = {
    "roster": (dict(roster_items=5), "<query xmlns='jabber:iq:roster'><item jid='c{n}@localhost'/></query>"),
    "private XML": (dict(private_bytes=4096),
                    "<query xmlns='jabber:iq:private'><x xmlns='urn:x:{n}'>{kilobyte}</x></query>"),
    "vCard": (dict(vcard_bytes=4096), "<vCard xmlns='vcard-temp'><DESC>{growing}</DESC></vCard>"),
}


@pytest.mark.parametrize("store", QUOTAS)
def test_A97_each_store_has_a_quota(attacked, stack, store):
    settings, payload = QUOTAS[store]
    server = attacked(**settings)
    session = stack.enter_context(login(server, server.account("hoarder"), "here"))
    outcomes = []
    for number in range(8):
        text = payload.format(n=number, kilobyte="k" * 1024, growing="g" * 1024 * number)
        answer = session.ask("set", text)
        if answer.get("type") == "error":
            check_error(answer, ("resource-constraint", "not-acceptable"))
        outcomes.append(answer.get("type"))
    assert outcomes[0] == "result" and outcomes[-1] == "error", outcomes
    assert outcomes == sorted(outcomes, reverse=True), "once full, it stays full"


def test_A97_a_roster_within_its_limits_can_be_read_as_a_whole(attacker):
    """What may be kept may also be read (who reads slowly: test_readers.py)."""
    groups = "".join(f"<group>{'g' * 1000}{number}</group>" for number in range(50))
    for number in range(20):
        answer = attacker.ask("set", "<query xmlns='jabber:iq:roster'>"
                                     f"<item jid='c{number}@localhost'>{groups}</item></query>")
        assert answer.get("type") == "result"
    answer = attacker.ask("get", "<query xmlns='jabber:iq:roster'/>")
    assert len(answer[0]) == 20


# -- A98: the log --------------------------------------------------------------------------------------

def test_A98_bad_input_does_not_flood_the_log(attacked):
    server = attacked()
    owner = server.account("owner")
    server.log_path.read_text()
    before = len(server.log().splitlines())
    for _ in range(200):
        with RawClient(server, "tcp") as client:
            client.send_until_refused("<nonsense>")
            client.expect_stream_error("invalid-namespace", "bad-format", "invalid-xml", "not-well-formed")
    with login(server, owner, "here") as session:
        for number in range(200):
            session.send("<iq type='get' id='x' to='nobody@localhost'><secret-body xmlns='urn:x'/></iq>")
        session.forget()
    added = server.log().splitlines()[before:]
    assert len(added) < 100, f"{len(added)} lines for 400 pieces of bad input"


def test_A98_no_bodies_and_no_secrets_in_the_log(server, attacker, victim):
    attacker.send(f"<message to='{victim.jid}' id='l'><body>a very secret body</body></message>")
    victim.expect("<message id='l'/>")
    attacker.send("<message to='nobody@localhost'><body>a very secret body</body></message>")
    attacker.send("<message><body>a very secret body")
    attacker.send("</wrong>")
    attacker.expect_stream_error("not-well-formed")
    assert "secret body" not in server.log() and PASSWORD not in server.log()


# -- A99: memory ---------------------------------------------------------------------------------------

def test_A99_above_the_memory_mark_no_new_streams(attacked, stack):
    server = attacked()
    account = server.account("early")
    inside = stack.enter_context(login(server, account, "in"))
    server.configure({"memory_bytes": 1})
    server.ctl("reload")
    with RawClient(server, "tcp") as late:
        late.send_until_refused("<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='localhost' "
                                "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>")
        late.expect_stream_error("resource-constraint")
    inside.ping()
    server.configure({"memory_bytes": 0})
    server.ctl("reload")
    login(server, account, "later").close()
