# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A95 to A100: what one client, or one account, may take of memory, disk and log."""
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


# -- A100: what one account holds of memory ------------------------------------------------------------

MUC = "http://jabber.org/protocol/muc"


def long_address(number):
    return f"{number}".ljust(900, "x") + "@localhost"


def until_refused(session, count, ask):
    """How many of so many requests are answered well before the first that is refused for want of room."""
    for number in range(count):
        answer = session.ask("set", *ask(number))
        if answer.get("type") == "error":
            check_error(answer, "resource-constraint")
            return number
    return count


def test_A100_what_waits_for_all_clients_of_an_account_is_bounded(attacked, stack):
    """Who reads is not the one to go."""
    server = attacked(unsent_bytes="1 MiB", account_unsent_bytes="2 MiB")
    sender, account = server.accounts("sender", "many")
    speaker = stack.enter_context(login(server, sender, "mouth"))
    deaf = [stack.enter_context(login(server, account, f"deaf{number}")) for number in range(4)]
    for each in deaf:
        each.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
        each.ping()
        each.drop()
    reader = stack.enter_context(login(server, account, "reader", presence=True))
    for number in range(9):  # 900 kB for each: less than one alone may have
        for to in (*(each.jid for each in deaf), reader.jid):
            speaker.send(f"<message to='{to}' type='chat' id='m{number}'><body>{'x' * 100_000}</body></message>")
        speaker.ping()
        reader.expect(f"<message id='m{number}'/>")
    left = {each["jid"].split("/")[1] for each in server.ctl_json("sessions", "list", account.jid)["sessions"]}
    assert len(left) == 3 and "reader" in left, "of four times 900 kB at most 2 MiB may wait"
    reader.ping()


def test_A100_before_a_resource_is_bound_little_is_read(server, stack):
    """Connections that have logged in and bind nothing are not counted as sessions."""
    client = stack.enter_context(RawClient(server, "plain"))
    account = server.account("eager")
    client.open()
    client.authenticate(account.jid, account.password)
    client.open()
    client.send_until_refused("<message to='x@localhost'><body>" + "x" * 20_000)
    client.expect_stream_error("policy-violation", application="stanza-too-big")


def test_A100_what_is_sent_behind_the_bind_request_may_be_long(server, stack):
    client = stack.enter_context(RawClient(server, "plain"))
    account = server.account("eager")
    client.open()
    client.authenticate(account.jid, account.password)
    client.open()
    client.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind>"
                f"</iq><message to='{account.jid}/r' type='chat' id='long'><body>{'x' * 100_000}</body></message>")
    client.expect("<iq type='result' id='bind'/>")
    client.expect("<message id='long'/>")


def test_A100_addresses_of_directed_presence_are_bounded_in_bytes(attacked, stack):
    server = attacked(directed_bytes="4 KiB")
    session = stack.enter_context(login(server, server.account("everywhere"), "here"))
    for number in range(5):
        session.send(f"<presence to='{long_address(number)}' id='p{number}'/>")
    session.expect_error("p4", "resource-constraint")
    assert not [e for e in session.forget() if e.get("id") in ("p0", "p1", "p2", "p3") and e.get("type") == "error"]


def test_A100_a_roster_is_bounded_in_bytes_by_whichever_way_contacts_come(attacked, stack):
    server = attacked(roster_bytes="4 KiB")
    session = stack.enter_context(login(server, server.account("collector"), "here"))
    for number in range(5):
        session.send(f"<presence to='{long_address(number)}' type='subscribe' id='s{number}'/>")
    session.expect_error("s4", "resource-constraint")
    answer = session.ask("get", "<query xmlns='jabber:iq:roster'/>")
    assert len(answer[0]) == 4


def test_A100_many_short_groups_are_not_for_nothing(attacked, stack):
    """A group of one letter takes the memory of a longer one."""
    server = attacked(roster_bytes="8 KiB")
    session = stack.enter_context(login(server, server.account("sorter"), "here"))
    groups = "".join(f"<group>{chr(97 + n)}</group>" for n in range(20))
    taken = until_refused(session, 20, lambda number: [
        f"<query xmlns='jabber:iq:roster'><item jid='c{number}@localhost'>{groups}</item></query>"])
    assert 8 <= taken <= 12


def test_A100_a_block_list_is_bounded_in_bytes(attacked, stack):
    server = attacked(blocked_bytes="4 KiB")
    session = stack.enter_context(login(server, server.account("blocker"), "here"))
    taken = until_refused(session, 8, lambda number: [
        f"<block xmlns='urn:xmpp:blocking'><item jid='{long_address(number)}'/></block>"])
    assert taken == 4


def enter_own_room(session, room, presence=""):
    session.send(f"<presence to='{room}/{session.jid.split('/')[1]}'><x xmlns='{MUC}'/>{presence}</presence>")


def test_A100_what_a_room_remembers_of_people_is_bounded_in_bytes(attacked, stack):
    server = attacked(members_bytes="16 KiB")
    owner = stack.enter_context(login(server, server.account("owner"), "desk"))
    room = "grudges@conference.localhost"
    enter_own_room(owner, room)
    owner.ask("set", f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'/></query>", to=room)

    def ban(number, jid):
        return (f"<query xmlns='{MUC}#admin'><item affiliation='outcast' jid='{jid}'>"
                "<reason>r</reason></item></query>", room)
    taken = until_refused(owner, 20, lambda number: ban(number, long_address(number)))
    assert 4 <= taken <= 8, "16 KiB are enough for a few addresses of 900 bytes"
    shorter = owner.ask("set", *ban(0, "somebody@localhost"))
    assert shorter.get("type") == "result", "there is room for a short one"
    assert owner.ask("set", f"<query xmlns='{MUC}#admin'><item affiliation='none' jid='{long_address(0)}'/></query>",
                     to=room).get("type") == "result"
    assert owner.ask("set", *ban(0, long_address(99))).get("type") == "result", "there is room again"


@pytest.mark.parametrize("content", ["<a b='{}'/>", "<a>{}</a>", "<a><b c='{}'/></a>"])
def test_A100_whatever_a_presence_carries_into_a_room_counts(attacked, stack, content):
    server = attacked(room_presence_bytes="1 KiB")
    session = stack.enter_context(login(server, server.account("owner"), "desk"))
    enter_own_room(session, "quiet@conference.localhost", content.format("x" * 1200))
    answer = session.expect("<presence type='error'/>")
    check_error(answer, "not-acceptable")


def test_A100_presences_in_rooms_take_what_they_are_long_and_not_what_they_are_as_trees(attacked, stack):
    server = attacked()
    account = server.account("owner")
    sessions = [stack.enter_context(login(server, account, f"s{number}")) for number in range(5)]
    rooms = [f"r{number}@conference.localhost" for number in range(10)]
    many = "<b/>" * 1800
    for room in rooms:
        enter_own_room(sessions[0], room)
        sessions[0].ask("set", f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'/></query>", to=room)
    with memory_grows_at_most(server, 5 * 2**20):  # fifty of 7 kB, each in up to three forms; as trees 10 MB
        for session in sessions[1:]:
            for room in rooms:
                enter_own_room(session, room, many)
            session.forget()
        for session in sessions:
            session.forget()


def test_A100_a_subject_has_its_bounds(attacked, stack):
    server = attacked(subject_bytes="1 KiB")
    session = stack.enter_context(login(server, server.account("owner"), "desk"))
    room = "topical@conference.localhost"
    enter_own_room(session, room)
    session.ask("set", f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'/></query>", to=room)
    session.send(f"<message to='{room}' type='groupchat' id='long'><subject>{'s' * 1100}</subject></message>")
    session.expect_error("long", "not-acceptable", "modify")
    session.send(f"<message to='{room}' type='groupchat' id='short'><subject>short</subject></message>")
    session.expect(lambda e: e.get("id") == "short" and e.get("type") == "groupchat", what="the subject")
