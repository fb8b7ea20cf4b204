# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A52, A78 to A80 and A100: forged ids, other people's archives, queries that ask for too much,
and what an archive may take."""
import re

import pytest

from support.friends import befriend
from support.limits import until
from support.match import CLIENT, show
from support.raw import check_error, fresh_id, login

MAM = "{urn:xmpp:mam:2}"
RSM = "{http://jabber.org/protocol/rsm}"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"
OCCUPANT_ID = "{urn:xmpp:occupant-id:0}occupant-id"


def field(var, *values):
    return f"<field var='{var}'>{''.join(f'<value>{value}</value>' for value in values)}</field>"


def form(*fields):
    return ("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>"
            f"{''.join(fields)}</x>")


def rsm(inside):
    return f"<set xmlns='http://jabber.org/protocol/rsm'>{inside}</set>"


def query(inside="", queryid=""):
    return f"<query xmlns='urn:xmpp:mam:2' queryid='{queryid}'>{inside}</query>"


def pages(session, inside=""):
    """The results of one query, and its answer."""
    queryid = fresh_id("q")
    answer = session.ask("set", query(inside, queryid))
    results = [e.find(f"{MAM}result") for e in session.inbox]
    session.inbox = []
    return [r for r in results if r is not None and r.get("queryid") == queryid], answer


def said(results):
    """What they carry, without the barriers that clients send to themselves."""
    return [body for body in (r.findtext(f".//{{{CLIENT}}}body") for r in results) if body != "note"]


def fill_archive(sender, recipient, count, size=1):
    """`count` messages that both have in their archives."""
    batch = fresh_id("fill")
    for number in range(count):
        sender.send(f"<message to='{recipient.bare}' type='chat' id='{batch}-{number}'>"
                    f"<body>{number} {'x' * size}</body></message>")
        if size > 1000 or number % 100 == 0:
            recipient.forget(sender)  # who does not read is let go
    recipient.forget(sender)


# -- A52: forged ids -----------------------------------------------------------------------------------

# XEP-0359 §3-2 §3-4
@pytest.mark.parametrize("kind", ["chat", "normal", "headline"])
def test_A52_forged_ids_of_ours_are_all_stripped(attacker, victim, kind):
    forged = "".join(f"<stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='forged'/>"
                     for by in [victim.bare, victim.bare, victim.bare.upper(), victim.jid, "localhost",
                                "other.example", attacker.bare])
    occupants = "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>" * 3
    attacker.send(f"<message to='{victim.bare}' type='{kind}' id='f'><body>x</body>{forged}{occupants}</message>")
    got = victim.expect("<message id='f'/>")
    stamps = [(e.get("by"), e.get("id")) for e in got.iter(STANZA_ID)]
    assert got.find(OCCUPANT_ID) is None, show(got)
    assert all(by == victim.bare and identity != "forged" for by, identity in stamps), stamps
    assert len(stamps) == (0 if kind == "headline" else 1)


def test_A52_the_copy_in_the_archive_and_the_offline_copy_are_as_clean(server, attacker):
    sleeper = server.account("sleeper")
    forged = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{sleeper.jid}' id='forged'/>" * 2
    attacker.send(f"<message to='{sleeper.jid}' type='chat' id='f'><body>x</body>{forged}</message>")
    attacker.ping()
    with login(server, sleeper, "bed") as awake:
        results, _ = pages(awake)
        assert [e.get("id") for e in results[0].iter(STANZA_ID)] == []
    with login(server, sleeper, "sofa") as awake:
        awake.send("<presence/>")
        ids = [e.get("id") for e in awake.expect("<message id='f'/>").iter(STANZA_ID)]
        assert "forged" not in ids and len(ids) <= 1


# -- A78: other people's archives ----------------------------------------------------------------------

REQUESTS = [("get", "<query xmlns='urn:xmpp:mam:2'/>"), ("set", query()),
            ("set", query(form(field("with", "someone@localhost")))), ("get", "<metadata xmlns='urn:xmpp:mam:2'/>"),
            ("get", "<prefs xmlns='urn:xmpp:mam:2'/>"), ("set", "<prefs xmlns='urn:xmpp:mam:2' default='never'/>"),
            ("get", "<unknown xmlns='urn:xmpp:mam:2'/>")]


# XEP-0313 §8.1-1
@pytest.mark.parametrize("kind, request_", REQUESTS)
def test_A78_another_ones_archive_is_forbidden_whether_there_is_one_or_not(attacker, victim, kind, request_):
    attacker.send(f"<message to='{victim.bare}' type='chat' id='m'><body>x</body></message>")
    victim.expect("<message id='m'/>")
    for to in (victim.bare, "nobody@localhost", "nobody@other.example"):
        check_error(attacker.ask(kind, request_, to=to), "forbidden", "auth")
    attacker.expect_nothing()
    victim.expect_nothing()
    check = victim.ask("get", "<prefs xmlns='urn:xmpp:mam:2'/>").find(f"{MAM}prefs")
    assert check.get("default") == "always"


@pytest.mark.parametrize("to", ["localhost", "{victim}/home", "localhost/x"])
def test_A78_nor_is_there_another_door_to_it(attacker, victim, to):
    answer = attacker.ask("set", query(), to=to.format(victim=victim.bare))
    assert answer.get("type") == "error"
    attacker.expect_nothing()
    victim.forget()


# -- A79: what nobody here knows -----------------------------------------------------------------------

UNKNOWN_IDS = ["1", "0", "-1", "18446744073709551616", "28482-98726-73623", "1 OR 1=1", "'; DROP TABLE message; --",
               "9" * 500]


# XEP-0313 §4.1.3-1 §4.3.2-1
# XEP-0313 §4-1
@pytest.mark.parametrize("identity", UNKNOWN_IDS, ids=lambda identity: identity[:20])
def test_A79_an_unknown_id_is_never_an_empty_complete_page(attacker, victim, identity):
    fill_archive(attacker, victim, 2)
    for inside in (rsm(f"<after>{identity}</after>"), rsm(f"<before>{identity}</before>"),
                   form(field("after-id", identity)), form(field("before-id", identity)),
                   form(field("ids", identity))):
        results, answer = pages(victim, inside)
        assert results == []
        check_error(answer, "item-not-found", "cancel")
    assert said(pages(victim)[0]) == ["0 x", "1 x"]


def test_A79_an_id_of_another_archive_is_unknown_too(attacker, victim):
    fill_archive(attacker, victim, 1)
    attacker.note_to_self()
    own = pages(attacker)[0][-1].get("id")
    check_error(pages(victim, form(field("ids", own)))[1], "item-not-found", "cancel")


# XEP-0313 §4.1.5-3
@pytest.mark.parametrize("var", ["{urn:example}x", "WITH", "with ", "node"])
def test_A79_an_unknown_field_is_not_ignored(victim, var):
    check_error(pages(victim, form(field(var, "x")))[1], "feature-not-implemented", "cancel")


@pytest.mark.parametrize("broken", [
    form(field("with", "@@")), form(field("start", "now")), form(field("end", "2010-13-40T00:00:00Z")),
    form(field("with", "a@b", "c@d")), form(field("with", "a@b")).replace("urn:xmpp:mam:2", "urn:xmpp:mam:1"),
    rsm("<max>-1</max>"), rsm("<max>1e9</max>")])
def test_A79_a_broken_query_is_refused(victim, broken):
    check_error(pages(victim, broken)[1], "bad-request", "modify")


# -- A80: too much -------------------------------------------------------------------------------------

@pytest.fixture
def full(server, stack):
    """Somebody with more messages than a page has."""
    owner, friend = server.accounts("owner", "friend")
    owner = stack.enter_context(login(server, owner, "home", presence=True))
    fill_archive(stack.enter_context(login(server, friend, "desk")), owner, 230)
    return owner


@pytest.mark.parametrize("most", ["1000000000", "9" * 100, "101"])
def test_A80_a_page_has_its_limit_and_says_that_there_is_more(full, most):
    results, answer = pages(full, rsm(f"<max>{most}</max>"))
    assert len(results) == 100
    assert answer.find(f"{MAM}fin").get("complete") in (None, "false")


def test_A80_page_by_page_everything_comes_once(full):
    seen, last = [], ""
    while True:
        results, answer = pages(full, rsm("<max>70</max>" + (f"<after>{last}</after>" if last else "")))
        seen += results
        fin = answer.find(f"{MAM}fin")
        if fin.get("complete") == "true":
            break
        last = fin.findtext(f"{RSM}set/{RSM}last")
    assert len({r.get("id") for r in seen}) == len(seen)
    assert said(seen) == [f"{number} x" for number in range(230)]


def test_A80_a_page_of_large_messages_is_cut(server, stack):
    owner, friend = server.accounts("owner", "friend")
    owner = stack.enter_context(login(server, owner, "home", presence=True))
    fill_archive(stack.enter_context(login(server, friend, "desk")), owner, 20, size=100_000)
    results, answer = pages(owner)
    assert 1 <= len(results) <= 6
    assert answer.find(f"{MAM}fin").get("complete") in (None, "false")


@pytest.mark.parametrize("text", ["x*", "(x+x+)+y", "%", "\"", "NEAR(x y)", "body:x OR 1", "a AND NOT", "*" * 500,
                                  "x " * 400], ids=lambda text: text[:12])
def test_A80_a_search_is_words_and_nothing_else(full, text):
    results, answer = pages(full, form(field("{urn:xmpp:fulltext:0}fulltext", text)))
    assert answer.get("type") == "result", show(answer)
    assert len(results) <= 100


def test_A80_a_search_has_its_length(full):
    check_error(pages(full, form(field("{urn:xmpp:fulltext:0}fulltext", "x" * 2000)))[1], "bad-request", "modify")


def test_A80_a_long_queryid_does_not_come_back_a_hundred_times(full):
    answer = full.ask("set", query("", "q" * 50_000))
    check_error(answer, "bad-request", "modify")
    assert full.inbox == []


def test_A80_a_hundred_queries_at_once_are_answered_or_refused_and_others_go_on(full, victim):
    identities = [fresh_id("many") for _ in range(100)]
    full.send("".join(f"<iq type='set' id='{identity}'>{query(rsm('<max>100</max>'))}</iq>"
                      for identity in identities))
    victim.ping()
    victim.note_to_self()
    answers = {identity: full.expect(lambda e, i=identity: e.tag == f"{{{CLIENT}}}iq" and e.get("id") == i)
               for identity in identities}
    for answer in answers.values():
        if answer.get("type") == "error":
            check_error(answer, "resource-constraint", "wait")
    served = [a for a in answers.values() if a.get("type") == "result"]
    assert len(full.inbox) == 100 * len(served) >= 200
    assert all(re.fullmatch(r"\d+", e.find(f"{MAM}result").get("id")) for e in full.inbox)
    full.inbox = []


# -- A100: archives without end ------------------------------------------------------------------------

@pytest.fixture
def small(private_server):
    """A server where archives may take little."""
    return private_server(archive_quota=50_000, room_quota=50_000)


def shown_bytes(server, account):
    return server.ctl_json("user", "show", account.jid)["archive"]["bytes"]


def test_A100_an_archive_has_a_quota_and_the_oldest_goes(small, stack):
    owner, friend = small.accounts("owner", "friend")
    befriend(small, owner, friend)
    home = stack.enter_context(login(small, owner, "home", presence=True))
    desk = stack.enter_context(login(small, friend, "desk"))
    fill_archive(desk, home, 100, size=2000)
    until(lambda: shown_bytes(small, owner) <= 50_000, "a smaller archive")
    newest, _ = pages(home, rsm("<before/><max>5</max>"))
    assert [text.split()[0] for text in said(newest)] == ["95", "96", "97", "98", "99"]


def test_A100_a_stranger_does_not_drive_out_what_friends_have_written(small, stack):
    owner, friend, stranger = small.accounts("owner", "friend", "stranger")
    befriend(small, owner, friend)
    home = stack.enter_context(login(small, owner, "home", presence=True))
    fill_archive(stack.enter_context(login(small, friend, "desk")), home, 15, size=2000)
    enemy = stack.enter_context(login(small, stranger, "lair"))
    fill_archive(enemy, home, 100, size=2000)
    assert shown_bytes(small, owner) <= 50_000
    of_friend, _ = pages(home, form(field("with", friend.jid)))
    assert [text.split()[0] for text in said(of_friend)] == [str(number) for number in range(15)]
    # What he writes comes all the same.
    enemy.send(f"<message to='{home.bare}' type='chat' id='last'><body>still here</body></message>")
    home.expect("<message id='last'><body>still here</body></message>")


def test_A100_the_archive_of_a_room_has_a_quota(small, stack):
    (owner,) = small.accounts("owner")
    home = stack.enter_context(login(small, owner, "home", presence=True))
    room = f"{fresh_id('cellar')}@conference.localhost"
    home.send(f"<presence to='{room}/owner'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
    home.ask("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/>"
                    "</query>", to=room)
    for number in range(40):
        home.send(f"<message to='{room}' type='groupchat' id='m{number}'><body>{number} {'x' * 2000}</body></message>")
        home.expect(lambda e, n=number: e.get("id") == f"m{n}" and e.get("from") == f"{room}/owner")

    def kept():
        home.forget()
        queryid = fresh_id("q")
        home.ask("set", query(rsm("<max>100</max>"), queryid), to=room)
        return said(e.find(f"{MAM}result") for e in home.forget() if e.find(f"{MAM}result") is not None)

    until(lambda: len(kept()) < 26, "a smaller archive")
    assert kept()[-1].startswith("39 ") and len(kept()) > 10
