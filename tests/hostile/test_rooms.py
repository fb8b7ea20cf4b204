# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A56 and A61 (in rooms) and A63 to A71: who gets into a room, what is told there, and how much of it one
may take. Besides the pair that chats outside, two people sit inside the room, and notice nothing but what is said
there."""
import hashlib
import itertools
import time
import xml.etree.ElementTree as ET

import pytest

from support.match import CLIENT, fits, show
from support.raw import check_error, fresh_id, login
from support.server import Account

MUC = "http://jabber.org/protocol/muc"
USER = f"{{{MUC}#user}}"
OCCUPANT_ID = "{urn:xmpp:occupant-id:0}occupant-id"
PRESENCE, MESSAGE = f"{{{CLIENT}}}presence", f"{{{CLIENT}}}message"
NOT_LATE = 5  # seconds; far more than it takes, far less than a queue of an attack would
_numbers = itertools.count(1)


def form(kind, **fields):
    """A submitted form; the fields are those of `kind` (roomconfig, register, request)."""
    given = "".join(f"<field var='muc#{kind}_{name}'><value>{value}</value></field>" for name, value in fields.items())
    return (f"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{MUC}#{kind}</value></field>"
            f"{given}</x>")


def owner_query(inside):
    return f"<query xmlns='{MUC}#owner'>{inside}</query>"


def admin_query(*items):
    return f"<query xmlns='{MUC}#admin'>{''.join(f'<item {item}/>' for item in items)}</query>"


def try_to_enter(session, place, inside=""):
    """Asks to be let in; gives the id of the request."""
    identity = fresh_id("enter")
    session.send(f"<presence to='{place}' id='{identity}'><x xmlns='{MUC}'>{inside}</x></presence>")
    return identity


def enter(session, place, inside=""):
    """Gives all that came up to and including the subject, which comes last (XEP-0045 7.1)."""
    try_to_enter(session, place, inside)
    own = session.expect(f"<presence from='{place}'><x xmlns='{MUC}#user'><status code='110'/></x></presence>")
    subject = session.expect("<message type='groupchat'><subject/></message>")
    told = [*session.inbox, own, subject]
    session.inbox = []
    return told


def create(session, jid, nick, **config):
    enter(session, f"{jid}/{nick}")
    unlock(session, jid, **config)


def unlock(session, jid, **config):
    answer = session.ask("set", owner_query(form("roomconfig", **config)), to=jid)
    assert answer.get("type") == "result", show(answer)
    session.forget()


def new_room_jid(host="localhost"):
    return f"den.{next(_numbers)}@conference.{host}"


def leave_room(session, room):
    """Those inside have heard of it, and of whatever came before."""
    session.send("<presence type='unavailable'/>")
    session.settle()
    room.hear()


class Room:
    """A room with its owner and one more inside."""

    def __init__(self, server, **config):
        owner, mate = server.accounts("olga", "mila")
        self.jid = new_room_jid()
        self.owner = login(server, owner, "throne", presence=True)
        self.mate = login(server, mate, "bench", presence=True)
        create(self.owner, self.jid, "owner", **config)
        if config.get("membersonly"):
            self.set_affiliation(self.mate, "member")
        enter(self.mate, f"{self.jid}/mate")
        self.hear()

    def set_affiliation(self, session, affiliation):
        self.change(f"affiliation='{affiliation}' jid='{session.bare}'")

    def change(self, *items):
        answer = self.owner.ask("set", admin_query(*items), to=self.jid)
        assert answer.get("type") == "result", show(answer)

    def configure(self, **config):
        unlock(self.owner, self.jid, **config)
        self.hear()

    def list_of(self, affiliation):
        answer = self.owner.ask("get", admin_query(f"affiliation='{affiliation}'"), to=self.jid)
        return {item.get("jid") for item in answer.iter(f"{{{MUC}#admin}}item")}

    def hear(self):
        """What both were told besides a line that the owner says now; the room has done all before it then."""
        line = fresh_id("line")
        began = time.monotonic()
        self.owner.send(f"<message to='{self.jid}' type='groupchat' id='{line}'><body>{line}</body></message>")
        told = []
        for session in (self.owner, self.mate):
            session.expect(f"<message from='{self.jid}/owner' type='groupchat' id='{line}'/>")
            told += session.inbox
            session.inbox = []
        assert time.monotonic() - began < NOT_LATE, "the room is held up"
        return told

    def check_undisturbed(self):
        told = self.hear()
        assert told == [], "heard inside: " + "\n  ".join(map(show, told))

    def leave(self):
        self.owner.drop()
        self.mate.drop()


@pytest.fixture
def furnish(server):
    """Makes rooms with settings of the test's own."""
    rooms = []

    def make(at=server, **config):
        rooms.append(Room(at, **config))
        return rooms[-1]

    yield make
    for room in rooms:
        room.leave()


@pytest.fixture
def room(furnish):
    """A room as it is by default; whatever the test does not take out of it must not have come in."""
    made = furnish()
    yield made
    made.check_undisturbed()


# -- A56: whom one has blocked -------------------------------------------------------------------------

def block(session, jid):
    assert session.ask("set", f"<block xmlns='urn:xmpp:blocking'><item jid='{jid}'/></block>").get("type") == "result"
    session.forget()


def archived_bodies(session, to=None):
    queryid = fresh_id("q")
    answer = session.ask("set", f"<query xmlns='urn:xmpp:mam:2' queryid='{queryid}'/>", to=to)
    found = [e.findtext(f".//{{{CLIENT}}}body") for e in session.inbox if e.find("{urn:xmpp:mam:2}result") is not None]
    session.inbox = []
    assert answer.get("type") == "result", show(answer)
    return found


def test_A56_an_occupant_who_is_blocked_is_not_heard_in_private(room, attacker, victim):
    enter(attacker, f"{room.jid}/mallory")
    enter(victim, f"{room.jid}/victor")
    block(victim, f"{room.jid}/mallory")
    attacker.forget()
    attacker.send(f"<message to='{room.jid}/victor' type='chat' id='pm'><body>psst</body></message>")
    attacker.expect_error("pm", "service-unavailable")
    room.hear()
    victim.forget()
    assert "psst" not in archived_bodies(victim)
    for session in (attacker, victim):
        leave_room(session, room)


@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
@pytest.mark.parametrize("config", [{}, {"membersonly": 1}], ids=["open room", "members only"])
def test_A56_a_blocked_sender_does_not_invite_through_a_room(server, attacker, victim, config, online):
    """The room speaks for the inviter; what it carries is his all the same."""
    jid = new_room_jid()
    create(attacker, jid, "mallory", **config)
    block(victim, attacker.bare)
    if not online:
        account = victim.bare
        victim.close()
    to = victim.bare
    attacker.send(f"<message to='{jid}' id='invite'><x xmlns='{MUC}#user'><invite to='{to}'><reason>psst</reason>"
                  "</invite></x></message>")
    attacker.ask("get", "<ping xmlns='urn:xmpp:ping'/>", to=jid)
    attacker.forget()
    if online:
        victim.expect_nothing(attacker)
        return
    with login(server, Account(account), "late") as late:
        seen = [e for e in late.become_available() if e.tag == MESSAGE]
        assert seen == [], [show(e) for e in seen]


def test_A56_nor_directly(attacker, victim):
    block(victim, attacker.bare)
    attacker.send(f"<message to='{victim.bare}' id='invite'>"
                  f"<x xmlns='jabber:x:conference' jid='{new_room_jid()}'/></message>")
    attacker.expect_error("invite", "service-unavailable")
    victim.expect_nothing(attacker)


def test_A56_a_blocked_room_is_silent(room, victim):
    """Who blocks it is seen to leave it (XEP-0191 3.3), and hears nothing more."""
    enter(victim, f"{room.jid}/victor")
    room.hear()
    block(victim, room.jid)
    gone = f"<presence from='{room.jid}/victor' type='unavailable'/>"
    assert [fits(gone, e) for e in room.hear()] == [True, True]
    room.hear()
    victim.expect_nothing(room.owner)


# -- A61: members who are woken ------------------------------------------------------------------------

QUESTIONS = [
    ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/>"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>"),
    ("get", "<query xmlns='jabber:iq:register'/>"),
    ("get", owner_query("")),
    *(("get", admin_query(f"affiliation='{affiliation}'")) for affiliation in ("owner", "admin", "member", "outcast")),
    *(("get", admin_query(f"role='{role}'")) for role in ("moderator", "participant", "visitor")),
]


def all_answers(room, *sessions):
    """What the room answers to these sessions."""
    answers = []
    for session in sessions:
        for kind, question in QUESTIONS:
            answer = session.ask(kind, question, to=room.jid)
            answer.attrib.pop("id")
            answers.append(ET.tostring(answer))
    return answers


def choose(session, room, wake):
    """How a member wants to be woken, and under which nick."""
    wish = (form("register", roomnick="sleeper")[:-len("</x>")]
            + f"<field var='{{urn:stonechat:muc:register:0}}wake'><value>{wake}</value></field></x>")
    answer = session.ask("set", f"<query xmlns='jabber:iq:register'>{wish}</query>", to=room.jid)
    assert answer.get("type") == "result", show(answer)


def notification_for(session, node):
    return session.expect("<iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
                          f"<publish node='{node}'/></pubsub></iq>")


@pytest.mark.parametrize("refused", [False, True], ids=["told", "the push service refuses"])
def test_A61_nobody_learns_whether_a_member_is_woken(server, furnish, attacker, stack, refused):
    """Neither owner, member nor stranger, by whatever question; what the room says is the same too."""
    room, sleeper = furnish(membersonly=1), server.account("sleeper")
    app = stack.enter_context(login(server, server.push_service("app"), "app", presence=True))
    room.change(f"affiliation='member' jid='{sleeper.jid}'")
    asking = (room.owner, room.mate, attacker)
    with login(server, sleeper, "bed", presence=True) as session:
        choose(session, room, "mentions")
        before = all_answers(room, *asking)
        choose(session, room, "always")
        session.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{app.jid}' node='opaque'/>")
        session.close()
    assert all_answers(room, *asking) == before
    room.owner.send(f"<message to='{room.jid}' type='groupchat' id='m'><body>Good night, sleeper</body></message>")
    for inside in (room.owner, room.mate):
        inside.expect(f"<message from='{room.jid}/owner' id='m'/>")
    told = notification_for(app, "opaque")
    if refused:
        app.send(f"<iq type='error' id='{told.get('id')}' to='{told.get('from')}'><error type='cancel'>"
                 "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
    app.ping()
    room.check_undisturbed()
    assert all_answers(room, *asking) == before
    attacker.expect_nothing(room.owner, app)
    text = ET.tostring(told).decode()
    assert not [secret for secret in (room.jid, "owner", "night") if secret in text], text


def test_A61_who_does_not_belong_to_a_room_has_nobody_woken(server, furnish, attacker, victim):
    """Not by writing to it, nor inside by a subject that he may not set or in private."""
    room = furnish()
    room.set_affiliation(victim, "member")
    choose(victim, room, "always")
    app = attacker
    server.name_push_service(app.bare)
    victim.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{app.jid}' node='opaque'/>")
    victim.close()
    attacker.send(f"<message to='{room.jid}' type='groupchat' id='m'><body>sleeper!</body></message>")
    attacker.expect_error("m", "not-acceptable", "modify")
    attacker.expect_nothing(room.owner)
    enter(attacker, f"{room.jid}/mallory")
    attacker.send(f"<message to='{room.jid}' type='groupchat' id='s'><subject>sleeper!</subject></message>")
    attacker.expect_error("s", "forbidden", "auth")
    attacker.send(f"<message to='{room.jid}/mate' type='chat' id='p'><body>sleeper!</body></message>")
    room.mate.expect("<message type='chat' id='p'/>")
    attacker.expect_nothing(room.owner, room.mate)


# -- A63: at the door ----------------------------------------------------------------------------------

DOORS = {
    "nick used": (dict(), "mate", "", "conflict", "cancel"),
    "no nick": (dict(), None, "", "jid-malformed", "modify"),
    "members only": (dict(membersonly=1), "me", "", "registration-required", "auth"),
    "no password": (dict(roomsecret="s3cret"), "me", "", "not-authorized", "auth"),
    "empty password": (dict(roomsecret="s3cret"), "me", "<password/>", "not-authorized", "auth"),
    "wrong password": (dict(roomsecret="s3cret"), "me", "<password>s3cre</password>", "not-authorized", "auth"),
    "password and more": (dict(roomsecret="s3cret"), "me", "<password>s3crets</password>", "not-authorized", "auth"),
    "full": (dict(maxusers=2), "me", "", "service-unavailable", "wait"),
    "blank nick": (dict(), "  ", "", ("not-acceptable", "jid-malformed"), None),
}


def expect_only_refusal(session, room, identity, condition, kind):
    """One error, and not a word about who is there (no presence leaked first)."""
    answer = session.expect_error(identity, condition, kind)
    assert answer.get("from", "").startswith(room.jid)
    assert answer.find(f"{{{CLIENT}}}error").get("by") == room.jid
    session.expect_nothing(room.owner)
    room.check_undisturbed()


# XEP-0045 §7.2.5-1
@pytest.mark.parametrize("door", DOORS)
def test_A63_who_is_not_let_in_learns_nothing(furnish, attacker, door):
    config, nick, inside, condition, kind = DOORS[door]
    room = furnish(membersonly=config.get("membersonly", 0))
    room.configure(**config)
    place = room.jid if nick is None else f"{room.jid}/{nick}"
    expect_only_refusal(attacker, room, try_to_enter(attacker, place, inside), condition, kind)


# XEP-0045 §9.1-1
def test_A63_who_is_banned_is_not_let_in_by_any_device_or_nick(server, furnish):
    room = furnish()
    outcast = server.account("outcast")
    room.change(f"affiliation='outcast' jid='{outcast.jid}'")
    for resource in ("lair", "cave"):
        with login(server, outcast, resource, presence=True) as session:
            for nick in ("mate", "me", "other"):
                expect_only_refusal(session, room, try_to_enter(session, f"{room.jid}/{nick}"), "forbidden", "auth")


# XEP-0045 §7.2.10-1
def test_A63_a_locked_room_is_not_there(server, attacker):
    jid = new_room_jid()
    with login(server, server.account("olga"), "throne", presence=True) as owner:
        enter(owner, f"{jid}/owner")
        attacker.expect_error(try_to_enter(attacker, f"{jid}/me"), "item-not-found", "cancel")
        attacker.expect_nothing(owner)
        owner.expect_nothing(attacker)


def test_A63_the_password_is_not_sent_back_to_third_parties(furnish, attacker, victim):
    """An invitation carries the password to who is invited, and to nobody else."""
    room = furnish()
    room.configure(passwordprotectedroom=1, roomsecret="s3cret")
    told = [room.owner.ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=room.jid),
            attacker.ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=room.jid),
            room.mate.ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=room.jid)]
    room.owner.send(f"<message to='{room.jid}'><x xmlns='{MUC}#user'><invite to='{victim.bare}'/></x></message>")
    victim.expect(f"<message from='{room.jid}'><x xmlns='{MUC}#user'><password>s3cret</password></x></message>")
    told += room.hear()
    assert not any(b"s3cret" in ET.tostring(e) for e in told)


# -- A64: more than one may ----------------------------------------------------------------------------

@pytest.fixture
def staffed(server, furnish, stack):
    """A room with an owner, an admin, a moderator without affiliation, a member and somebody else."""
    room = furnish()
    for name in ("admin", "moderator", "member", "other"):
        session = stack.enter_context(login(server, server.account(name), "chair", presence=True))
        enter(session, f"{room.jid}/{name}")
        setattr(room, name, session)
        if name in ("admin", "member"):
            room.set_affiliation(session, name)
    room.change("role='moderator' nick='moderator'")
    room.hear()
    for name in ("admin", "moderator", "member", "other"):
        getattr(room, name).forget(room.owner)
    return room


TOO_MUCH = [
    ("admin", "affiliation='owner' jid='{other}'", "forbidden"),
    ("admin", "affiliation='admin' jid='{other}'", "forbidden"),
    ("admin", "affiliation='owner' jid='{admin}'", "forbidden"),
    ("admin", "affiliation='none' jid='{owner}'", "forbidden"),
    ("admin", "affiliation='outcast' jid='{owner}'", "not-allowed"),
    ("admin", "affiliation='outcast' jid='{admin}'", "conflict"),
    ("admin", "role='none' nick='owner'", "not-allowed"),
    ("admin", "role='visitor' nick='owner'", "not-allowed"),
    ("admin", "role='participant' nick='owner'", "not-allowed"),
    ("moderator", "role='none' nick='owner'", "not-allowed"),
    ("moderator", "role='none' nick='admin'", "not-allowed"),
    ("moderator", "role='none' nick='member'", "not-allowed"),
    ("moderator", "role='visitor' nick='owner'", "not-allowed"),
    ("moderator", "role='moderator' nick='other'", "forbidden"),
    ("moderator", "affiliation='outcast' jid='{owner}'", ("forbidden", "not-allowed")),
    ("moderator", "affiliation='outcast' jid='{other}'", "forbidden"),
    ("moderator", "affiliation='member' jid='{moderator}'", "forbidden"),
    ("member", "role='none' nick='other'", "forbidden"),
    ("member", "role='moderator' nick='member'", "forbidden"),
    ("member", "affiliation='admin' jid='{member}'", "forbidden"),
    ("other", "role='none' nick='owner'", ("forbidden", "not-allowed")),
    ("other", "affiliation='owner' jid='{other}'", "forbidden"),
    ("owner", "affiliation='none' jid='{owner}'", "conflict"),
    ("owner", "affiliation='admin' jid='{owner}'", "conflict"),
    ("owner", "affiliation='outcast' jid='{owner}'", "conflict"),
]


def standings(room):
    return {affiliation: room.list_of(affiliation) for affiliation in ("owner", "admin", "member", "outcast")}


# XEP-0045 §9-1 §9.1-3
@pytest.mark.parametrize("together", [False, True], ids=["alone", "behind what is allowed"])
@pytest.mark.parametrize("who, item, condition", TOO_MUCH)
def test_A64_who_may_not_changes_nothing(staffed, who, item, condition, together):
    """Of several items either all are carried out or none."""
    names = {name: getattr(staffed, name).bare for name in ("owner", "admin", "moderator", "member", "other")}
    ban, hush = "affiliation='outcast' jid='somebody@localhost'", "role='visitor' nick='other'"
    allowed = {"owner": ban, "admin": ban, "moderator": hush}
    before = standings(staffed)
    items = [item.format(**names)]
    if together:
        items.insert(0, allowed.get(who, "role='none' nick='other'"))
    check_error(getattr(staffed, who).ask("set", admin_query(*items), to=staffed.jid), condition)
    assert standings(staffed) == before
    staffed.check_undisturbed()
    for name in ("admin", "moderator", "member", "other"):
        heard = [e for e in getattr(staffed, name).forget(staffed.owner) if e.tag == PRESENCE]
        assert heard == [], [show(e) for e in heard]


# XEP-0045 §10-1 §10.2-5
def test_A64_the_last_owner_stays_also_by_way_of_the_form(room):
    for config in ({"roomowners": ""}, {"roomowners": "somebody"}):
        answer = room.owner.ask("set", owner_query(form("roomconfig", **config)), to=room.jid)
        assert answer.get("type") == "error", show(answer)
    assert room.list_of("owner") == {room.owner.bare}


# XEP-0045 §10.2-1 §10.9-1
@pytest.mark.parametrize("request_", ["<destroy/>", "<x xmlns='jabber:x:data' type='submit'/>",
                                      "<x xmlns='jabber:x:data' type='cancel'/>",
                                      form("roomconfig", membersonly=1), form("roomconfig", roomowners="{me}")])
def test_A64_who_is_no_owner_neither_configures_nor_destroys(staffed, request_):
    for name in ("admin", "moderator", "member", "other"):
        session = getattr(staffed, name)
        wish = owner_query(request_.format(me=session.bare))
        check_error(session.ask("set", wish, to=staffed.jid), "forbidden", "auth")
        check_error(session.ask("get", owner_query(""), to=staffed.jid), "forbidden", "auth")
    staffed.check_undisturbed()


# -- A65: lists ----------------------------------------------------------------------------------------

# XEP-0045 §9-1
@pytest.mark.parametrize("affiliation", ["owner", "admin", "member", "outcast"])
def test_A65_who_is_no_admin_gets_no_lists(staffed, attacker, affiliation):
    """In a semi-anonymous room they would say who everybody is (XEP-0045 10.5, 10.8; CVE-2021-37601)."""
    staffed.change("affiliation='outcast' jid='outcast@localhost'")
    for session in (attacker, staffed.other, staffed.member):
        answer = session.ask("get", admin_query(f"affiliation='{affiliation}'"), to=staffed.jid)
        check_error(answer, "forbidden", "auth")
        assert b"@localhost'" not in ET.tostring(answer.find(f"{{{CLIENT}}}error"))


# XEP-0045 §8.5-1
@pytest.mark.parametrize("role", ["moderator", "participant", "visitor"])
def test_A65_who_is_no_moderator_gets_no_lists_of_roles(staffed, attacker, role):
    for session in (attacker, staffed.other, staffed.member):
        check_error(session.ask("get", admin_query(f"role='{role}'"), to=staffed.jid), "forbidden", "auth")


@pytest.mark.parametrize("affiliation", ["owner", "admin"])
def test_A65_owners_and_admins_of_a_semi_anonymous_room_are_known_to_owners_only(staffed, affiliation):
    for session in (staffed.moderator, staffed.admin):
        answer = session.ask("get", admin_query(f"affiliation='{affiliation}'"), to=staffed.jid)
        check_error(answer, "forbidden", "auth")


@pytest.mark.parametrize("affiliation", ["owner", "admin", "member", "outcast"])
def test_A65_outsiders_get_none_of_an_open_books_room_either(furnish, attacker, affiliation):
    room = furnish(whois="anyone")
    check_error(attacker.ask("get", admin_query(f"affiliation='{affiliation}'"), to=room.jid), "forbidden", "auth")


# -- A66: who speaks -----------------------------------------------------------------------------------

# XEP-0045 §17.2-1 §7.5-3
@pytest.mark.parametrize("to, kind", [("", "groupchat"), ("", "chat"), ("", "normal"), ("/mate", "chat"),
                                      ("/mate", "normal"), ("/nobody", "chat")])
def test_A66_who_is_outside_says_nothing_inside(room, attacker, to, kind):
    attacker.send(f"<message to='{room.jid}{to}' type='{kind}' id='m'><body>x</body></message>")
    attacker.expect_error("m", "not-acceptable", "modify")
    attacker.expect_nothing(room.owner)


FROM_OUTSIDE = {
    "subject": "<subject>mine</subject>",
    "invitation": f"<x xmlns='{MUC}#user'><invite to='{{to}}'/></x>",
    "voice": form("request", role="participant").replace("muc#request_role", "muc#role"),
}


@pytest.mark.parametrize("what", FROM_OUTSIDE)
def test_A66_nor_has_it_a_subject_or_guests_of_his(room, attacker, victim, what):
    kind = "groupchat" if what == "subject" else "normal"
    payload = FROM_OUTSIDE[what].format(to=victim.bare)
    attacker.send(f"<message to='{room.jid}' type='{kind}' id='m'>{payload}</message>")
    attacker.expect_error("m", "not-acceptable", "modify")
    attacker.expect_nothing(room.owner)
    victim.expect_nothing(attacker)


# XEP-0045 §7.5-1 §7.5-2
@pytest.mark.parametrize("to, kind, condition, type_", [("/nobody", "chat", "item-not-found", "cancel"),
                                                        ("/mate", "groupchat", "bad-request", "modify")])
def test_A66_what_is_no_private_message(room, attacker, to, kind, condition, type_):
    enter(attacker, f"{room.jid}/mallory")
    room.hear()
    attacker.send(f"<message to='{room.jid}{to}' type='{kind}' id='m'><body>x</body></message>")
    attacker.expect_error("m", condition, type_)
    room.check_undisturbed()
    leave_room(attacker, room)


# XEP-0045 §7.4-3
@pytest.mark.parametrize("payload", ["<body>x</body>", "<subject>x</subject>",
                                     "<composing xmlns='http://jabber.org/protocol/chatstates'/>"])
def test_A66_a_visitor_has_no_voice(furnish, attacker, payload):
    room = furnish(moderatedroom=1)
    enter(attacker, f"{room.jid}/mallory")
    room.hear()
    attacker.send(f"<message to='{room.jid}' type='groupchat' id='m'>{payload}</message>")
    attacker.expect_error("m", "forbidden", "auth")
    room.check_undisturbed()


# XEP-0313 §6.1.2-3
def test_A66_what_is_private_is_in_no_archive_or_history_of_the_room(room, attacker, victim):
    enter(attacker, f"{room.jid}/mallory")
    room.hear()
    room.mate.send(f"<message to='{room.jid}/owner' type='chat' id='pm'><body>psst</body></message>")
    room.owner.expect("<message type='chat' id='pm'><body>psst</body></message>")
    told = enter(victim, f"{room.jid}/victor")
    room.hear()
    attacker.forget()
    assert not any(b"psst" in ET.tostring(e) for e in told)
    for session in (room.owner, attacker, victim):
        assert "psst" not in archived_bodies(session, to=room.jid)
    assert "psst" not in archived_bodies(attacker)
    for session in (attacker, victim):
        leave_room(session, room)


# -- A67: what a room tells those outside --------------------------------------------------------------

ASKED = {
    "items": ("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>"),
    "owner": ("get", owner_query("")),
    "members": ("get", admin_query("affiliation='member'")),
    "archive": ("set", "<query xmlns='urn:xmpp:mam:2'/>"),
    "ends": ("get", "<metadata xmlns='urn:xmpp:mam:2'/>"),
    "register": ("get", "<query xmlns='jabber:iq:register'/>"),
    "card": ("get", "<vCard xmlns='vcard-temp'/>"),
    "info": ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
    "destroy": ("set", owner_query("<destroy/>")),
}
LISTED = "<query xmlns='http://jabber.org/protocol/disco#items'/>"


@pytest.mark.parametrize("question", ASKED)
def test_A67_a_room_that_is_not_there_is_not_made_by_asking(attacker, question):
    jid = new_room_jid()
    for _ in range(2):
        check_error(attacker.ask(*ASKED[question], to=jid), "item-not-found", "cancel")
    attacker.expect_nothing()


# XEP-0045 §6.3-1
def test_A67_hidden_rooms_are_in_no_list(server, furnish, attacker):
    hidden, listed = furnish(publicroom=0), furnish(publicroom=1)
    for session in (attacker, hidden.mate, hidden.owner):
        names = {item.get("jid") for item in session.ask("get", LISTED, to="conference.localhost").iter()}
        assert listed.jid in names and hidden.jid not in names


# XEP-0045 §6.5-1
def test_A67_outsiders_see_no_occupants(furnish, attacker):
    for room in (furnish(publicroom=0), furnish(publicroom=1)):
        for question in ("items", "info"):
            text = ET.tostring(attacker.ask(*ASKED[question], to=room.jid)).decode()
            for secret in (room.owner.bare, room.mate.bare, f"{room.jid}/owner", f"{room.jid}/mate"):
                assert secret not in text
        room.check_undisturbed()


def test_A67_a_hidden_room_says_nothing_of_what_goes_on_in_it(furnish, attacker):
    room = furnish(publicroom=0)
    room.owner.send(f"<message to='{room.jid}' type='groupchat' id='s'><subject>Spells</subject></message>")
    room.owner.expect("<message id='s'/>")
    answer = attacker.ask(*ASKED["info"], to=room.jid)
    told = {field.get("var") for field in answer.iter("{jabber:x:data}field")}
    assert not told & {"muc#roominfo_subject", "muc#roominfo_occupants"} and b"Spells" not in ET.tostring(answer)


# XEP-0045 §6.6-1
def test_A67_one_cannot_be_asked_for_by_who_is_outside(room, attacker):
    for question in ("items", "info"):
        for nick in ("mate", "nobody"):
            check_error(attacker.ask(*ASKED[question], to=f"{room.jid}/{nick}"), "bad-request")
    answers = [attacker.ask("get", "<ping xmlns='urn:xmpp:ping'/>", to=f"{room.jid}/{nick}")
               for nick in ("mate", "nobody")]
    errors = {ET.tostring(answer.find(f"{{{CLIENT}}}error")) for answer in answers}
    assert len(errors) == 1, "whether there is such a nick is not to be told by the error"


# -- A68: who it really is -----------------------------------------------------------------------------

@pytest.fixture
def masked(room, attacker):
    """The attacker inside, as a participant of a semi-anonymous room; gives what he was told on entering."""
    told = enter(attacker, f"{room.jid}/mallory")
    room.hear()
    yield told
    leave_room(attacker, room)


def names_somebody(element, room):
    text = ET.tostring(element).decode()
    return any(f"{session.bare.split('@')[0]}@" in text for session in (room.owner, room.mate))


def test_A68_nothing_that_a_room_says_names_addresses(room, attacker, masked):
    room.mate.send(f"<presence to='{room.jid}/matey'/>")
    room.mate.send(f"<presence to='{room.jid}/matey'><show>xa</show></presence>")
    room.owner.expect(f"<presence from='{room.jid}/matey'><show>xa</show></presence>")
    room.mate.send(f"<message to='{room.jid}' type='groupchat'><body>Hail</body></message>")
    room.mate.send(f"<message to='{room.jid}/mallory' type='chat'><body>psst</body></message>")
    room.change("role='visitor' nick='matey'")
    room.change(f"affiliation='member' jid='{room.mate.bare}'")
    room.change("role='none' nick='matey'")
    enter(room.mate, f"{room.jid}/mate")
    room.hear()
    heard = [*masked, *attacker.forget(room.owner, room.mate)]
    assert len(heard) > 10
    assert not any(names_somebody(e, room) for e in heard), [show(e) for e in heard if names_somebody(e, room)]


def test_A68_nor_does_its_archive(room, attacker, masked):
    archived_bodies(room.owner, to=room.jid)
    attacker.send(f"<iq type='set' id='q' to='{room.jid}'><query xmlns='urn:xmpp:mam:2'/></iq>")
    attacker.expect("<iq type='result' id='q'/>")
    found = attacker.forget()
    assert found and not any(names_somebody(e, room) for e in found), [show(e) for e in found]
    by_name = ("<query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='submit'>"
               "<field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>"
               f"<field var='with'><value>{room.mate.bare}</value></field></x></query>")
    assert attacker.ask("set", by_name, to=room.jid).get("type") == "error", "with= asks whether he is the one"


FORGED = ("<x xmlns='http://jabber.org/protocol/muc#user'>"
          "<item affiliation='owner' role='moderator' jid='admin@localhost'/><status code='100'/></x>"
          + "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>" * 2)


# XEP-0045 §17.3-4
# XEP-0313 §6.1.2-6
# XEP-0421 §4-1
@pytest.mark.parametrize("stanza", [
    "<message to='{room}' type='groupchat' id='f'><body>x</body>{forged}</message>",
    "<message to='{room}/mate' type='chat' id='f'><body>x</body>{forged}</message>",
    "<presence to='{room}/mallory' id='f'><status>x</status>{forged}</presence>",
    "<presence to='{room}/other' id='f'><status>x</status>{forged}</presence>",
    "<presence to='{room}/mallory' id='f' type='unavailable'><status>x</status>{forged}</presence>",
])
def test_A68_nobody_puts_on_another_face(room, attacker, masked, stanza):
    attacker.send(stanza.format(room=room.jid, forged=FORGED))
    got = room.mate.expect("<{}/>".format(stanza[1:].split()[0] + " id='f'"))
    assert [e.get("id") for e in got.iter(OCCUPANT_ID)].count("forged") == 0 and len(list(got.iter(OCCUPANT_ID))) <= 1
    assert "admin@localhost" not in ET.tostring(got).decode()
    items = list(got.iter(f"{USER}item"))
    assert {item.get("affiliation") for item in items} <= {"none"}, show(got)
    assert {item.get("role") for item in items} <= {"participant", "none"}, show(got)
    assert "100" not in [code.get("code") for code in got.iter(f"{USER}status")], show(got)


def test_A68_errors_do_not_name_who_made_them(room, attacker, masked):
    attacker.send(f"<message to='{room.jid}/mate' type='chat' id='pm'><body>x</body></message>")
    room.mate.expect("<message type='chat' id='pm'/>")
    room.mate.send(f"<message to='{room.jid}/mallory' type='error' id='pm'><error type='cancel' by='{room.mate.jid}'>"
                   "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")
    answer = attacker.expect_error("pm", "service-unavailable")
    assert answer.get("from") == f"{room.jid}/mate" and not names_somebody(answer, room), show(answer)


PERSONAL = [
    "<vCard xmlns='vcard-temp'/>", "<query xmlns='jabber:iq:version'/>", "<query xmlns='jabber:iq:last'/>",
    "<query xmlns='http://jabber.org/protocol/disco#info'/>", "<unknown xmlns='urn:example:unknown'/>",
    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:avatar:metadata'/></pubsub>",
]


def refuse_what_is_asked(session):
    """As a client does that tells in the error who it is."""
    for asked in [e for e in session.inbox if e.tag == f"{{{CLIENT}}}iq"]:
        session.inbox.remove(asked)
        session.send(f"<iq type='error' id='{asked.get('id')}' to='{asked.get('from')}'>"
                     f"<error type='cancel' by='{session.jid}'>"
                     "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")


# XEP-0045 §17.4-1
@pytest.mark.parametrize("question", PERSONAL)
def test_A68_nor_do_answers(room, attacker, masked, question):
    """A card, a client's answer or a refusal: it comes from the nick."""
    identity = fresh_id("ask")
    attacker.send(f"<iq type='get' id='{identity}' to='{room.jid}/mate'>{question}</iq>")
    deadline = time.monotonic() + NOT_LATE
    answer = None
    while answer is None and time.monotonic() < deadline:
        room.mate.settle(attacker)
        refuse_what_is_asked(room.mate)
        attacker.settle(room.mate)
        answer = next((e for e in attacker.inbox if e.get("id") == identity), None)
    assert answer is not None, "it is answered"
    attacker.inbox = []
    assert answer.get("from") == f"{room.jid}/mate" and not names_somebody(answer, room), show(answer)


def id_of(told, place):
    return next(e.find(OCCUPANT_ID).get("id") for e in told if e.tag == PRESENCE and e.get("from") == place)


# XEP-0421 §4.1-1 §4.1-2
# XEP-0421 §4.1-3
def test_A68_an_occupant_id_is_kept_but_tells_nothing(furnish, attacker):
    """The same for the same person in this room, another one in another, and no plain hash of the address."""
    room, other = furnish(), furnish()
    told = enter(attacker, f"{room.jid}/mallory")
    seen = id_of(told, f"{room.jid}/mate")
    everybody = {id_of(told, f"{room.jid}/{nick}") for nick in ("owner", "mate", "mallory")}
    assert len(everybody) == 3, "two people with one id"
    room.mate.send(f"<presence to='{room.jid}/mate' type='unavailable'/>")
    attacker.expect(f"<presence from='{room.jid}/mate' type='unavailable'/>")
    enter(room.mate, f"{room.jid}/changed")
    back = attacker.expect(f"<presence from='{room.jid}/changed'/>")
    assert back.find(OCCUPANT_ID).get("id") == seen
    there = id_of(enter(room.mate, f"{other.jid}/changed"), f"{other.jid}/changed")
    assert there != seen
    for text in (room.mate.bare, room.mate.jid, room.jid + room.mate.bare, room.mate.bare + room.jid):
        for algorithm in hashlib.algorithms_guaranteed - {"shake_128", "shake_256"}:
            digest = hashlib.new(algorithm, text.encode())
            assert seen.lower() not in (digest.hexdigest(), digest.hexdigest()[:32])
    assert room.mate.bare.split("@")[0] not in seen


# -- A69: too much of everything -----------------------------------------------------------------------

# XEP-0045 §7.2.14-1
@pytest.mark.parametrize("limits", [
    "maxstanzas='1000000000'", "maxstanzas='99999999999999999999999'", "maxstanzas='-1'", "maxstanzas=''",
    "maxchars='99999999999999999999999'", "seconds='99999999999999999999999'", "seconds='-1'",
    "since='0000-00-00T00:00:00Z'", "since='nonsense'"])
def test_A69_history_has_an_end_whatever_one_asks_for(furnish, attacker, limits):
    room = furnish(**{"maxusers": 20})
    for _ in range(25):
        room.hear()
    told = enter(attacker, f"{room.jid}/mallory", f"<history {limits}/>")
    history = [e for e in told if e.find("{urn:xmpp:delay}delay") is not None]
    assert len(history) <= 20


def refusals(session, room, stanzas):
    """Sends them all; the conditions with which some were refused. The room goes on meanwhile."""
    for number, stanza in enumerate(stanzas):
        session.send(stanza)
        if number % 50 == 0:
            room.hear()
    session.ask("get", "<ping xmlns='urn:xmpp:ping'/>", to=room.jid)
    errors = [e for e in session.forget(room.owner) if e.get("type") == "error"]
    for error in errors:
        check_error(error, "resource-constraint", "wait")
    return len(errors)


def test_A69_coming_and_going_all_the_time(furnish, attacker):
    room = furnish()
    place = f"{room.jid}/mallory"
    come, go = f"<presence to='{place}'><x xmlns='{MUC}'/></presence>", f"<presence to='{place}' type='unavailable'/>"
    assert refusals(attacker, room, [come, go] * 100) > 50


def test_A69_a_nick_a_moment(furnish, attacker):
    room = furnish()
    enter(attacker, f"{room.jid}/mallory")
    assert refusals(attacker, room, [f"<presence to='{room.jid}/m{number}'/>" for number in range(200)]) > 100
    told = room.hear()
    assert sum(e.tag == PRESENCE for e in told) < 200


# XEP-0045 §17.3-2
def test_A69_entering_again_and_again_without_leaving(furnish, attacker):
    room = furnish()
    enter(attacker, f"{room.jid}/mallory")
    again = f"<presence to='{room.jid}/mallory'><x xmlns='{MUC}'/></presence>"
    assert refusals(attacker, room, [again] * 200) > 100


# XEP-0205 §4.9-1
def test_A69_a_flood_of_words(furnish, attacker):
    room = furnish()
    enter(attacker, f"{room.jid}/mallory")
    word = f"<message to='{room.jid}' type='groupchat' id='w'><body>x</body></message>"
    assert refusals(attacker, room, [word] * 300) > 100


def test_A69_a_flood_of_whispers(furnish, attacker):
    room = furnish()
    enter(attacker, f"{room.jid}/mallory")
    word = f"<message to='{room.jid}/mate' type='chat' id='w'><body>x</body></message>"
    assert refusals(attacker, room, [word] * 300) > 100


def test_A69_a_status_of_100_kb_is_not_shown_to_everybody(furnish, attacker):
    room = furnish()
    enter(attacker, f"{room.jid}/mallory")
    room.hear()
    attacker.send(f"<presence to='{room.jid}/mallory' id='big'><status>{'x' * 100_000}</status></presence>")
    answer = attacker.expect("<presence id='big'/>")
    assert answer.get("type") == "error", "it is refused"
    check_error(answer, ("resource-constraint", "not-acceptable", "policy-violation"))
    assert all(len(ET.tostring(e)) < 10_000 for e in room.hear())


# XEP-0045 §17.1-1
@pytest.mark.parametrize("nick", ["x" * 1000, "ö" * 500, " ", "\u3000", "a\u202eb"], ids=range(5))
def test_A69_nicks_nobody_can_read(furnish, attacker, nick):
    room = furnish()
    identity = try_to_enter(attacker, f"{room.jid}/{nick}")
    attacker.ask("get", "<ping xmlns='urn:xmpp:ping'/>", to=room.jid)
    answer = attacker.expect(lambda e: e.get("id") == identity)
    check_error(answer, ("not-acceptable", "jid-malformed"))
    room.check_undisturbed()


# -- A70: rooms without end ----------------------------------------------------------------------------

def test_A70_users_own_so_many_rooms_and_no_more(attacked):
    server = attacked(rooms_per_user=3)
    with login(server, server.account("mallory"), "lair", presence=True) as session:
        for number in range(3):
            create(session, f"mine{number}@conference.localhost", "me", persistentroom=1)
        session.expect_error(try_to_enter(session, "mine3@conference.localhost/me"), "not-allowed", "cancel")
        assert session.ask("set", owner_query("<destroy/>"), to="mine0@conference.localhost").get("type") == "result"
        session.forget()
        create(session, "mine3@conference.localhost", "me", persistentroom=1)


def test_A70_rooms_that_nobody_configures_count_too(attacked):
    server = attacked(rooms_per_user=2, shards=1)
    with login(server, server.account("mallory"), "lair", presence=True) as session:
        for number in range(2):
            enter(session, f"mine{number}@conference.localhost/me")
        session.expect_error(try_to_enter(session, "mine2@conference.localhost/me"), "not-allowed", "cancel")
        session.send("<presence to='mine0@conference.localhost/me' type='unavailable'/>")
        session.expect("<presence from='mine0@conference.localhost/me' type='unavailable'/>")
        enter(session, "mine2@conference.localhost/me")


def test_A70_strangers_create_none(attacked):
    server = attacked(room_creation="admins")
    with login(server, server.account("mallory"), "lair", presence=True) as session:
        session.expect_error(try_to_enter(session, "mine@conference.localhost/me"), "not-allowed", "cancel")
        check_error(session.ask(*ASKED["info"], to="mine@conference.localhost"), "item-not-found")
        session.expect_nothing()


@pytest.mark.parametrize("how", ["leaves", "disconnects", "is cut off", "cancels"])
def test_A70_a_locked_room_goes_with_its_creator(server, attacker, victim, how):
    jid = new_room_jid()
    enter(attacker, f"{jid}/me")
    if how == "leaves":
        attacker.send(f"<presence to='{jid}/me' type='unavailable'/>")
        attacker.expect(f"<presence from='{jid}/me' type='unavailable'/>")
    elif how == "cancels":
        cancelled = attacker.ask("set", owner_query("<x xmlns='jabber:x:data' type='cancel'/>"), to=jid)
        assert cancelled.get("type") == "result", show(cancelled)
    elif how == "disconnects":
        attacker.close()
    else:
        attacker.reset()
    deadline = time.monotonic() + NOT_LATE
    while True:
        identity = try_to_enter(victim, f"{jid}/you")
        answer = victim.expect(lambda e: e.get("id") == identity or fits(
            f"<presence from='{jid}/you'><x xmlns='{MUC}#user'><status code='201'/></x></presence>", e))
        if answer.get("type") != "error":
            break
        check_error(answer, "item-not-found")
        assert time.monotonic() < deadline, "the name stays taken"


# -- A71: ghosts ---------------------------------------------------------------------------------------

# XEP-0045 §11.1-1 §18.1.2-1
@pytest.mark.parametrize("condition", ["item-not-found", "recipient-unavailable", "gone", "remote-server-not-found",
                                       "remote-server-timeout"])
def test_A71_who_bounces_what_the_room_says_is_let_go(room, victim, condition):
    enter(victim, f"{room.jid}/victor")
    room.hear()
    victim.send(f"<message to='{room.jid}' type='error' id='x'><error type='cancel'><{condition} "
                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")
    for session in (room.owner, room.mate):
        session.expect(f"<presence from='{room.jid}/victor' type='unavailable'><x xmlns='{MUC}#user'>"
                       "<item role='none'/><status code='333'/></x></presence>")
    victim.expect(f"<presence from='{room.jid}/victor' type='unavailable'><x xmlns='{MUC}#user'>"
                  "<status code='110'/><status code='333'/></x></presence>")


@pytest.mark.parametrize("condition", ["item-not-found", "remote-server-timeout"])
def test_A71_nobody_bounces_another_one_out(room, attacker, condition):
    """Errors from outside, and of one occupant about another, remove nobody."""
    error = (f"<error type='cancel' by='{room.mate.jid}'>"
             f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
    attacker.send(f"<message to='{room.jid}' type='error' id='x'>{error}</message>")
    attacker.send(f"<message to='{room.jid}/mate' type='error' id='x'>{error}</message>")
    attacker.send(f"<presence to='{room.jid}/mate' type='error' id='x'>{error}</presence>")
    attacker.send(f"<iq to='{room.jid}/mate' type='error' id='x'>{error}</iq>")
    attacker.expect_nothing(room.owner)


@pytest.mark.parametrize("how", ["cut off", "closed", "unavailable"])
def test_A71_for_who_has_gone_nothing_is_kept(server, room, how):
    sleeper = server.account("sleeper")
    session = login(server, sleeper, "bed", presence=True)
    enter(session, f"{room.jid}/sleeper")
    room.hear()
    if how == "cut off":
        session.reset()
    elif how == "closed":
        session.close()
    else:
        session.send("<presence type='unavailable'/>")
    for inside in (room.owner, room.mate):
        inside.expect(f"<presence from='{room.jid}/sleeper' type='unavailable'/>")
    for _ in range(3):
        room.check_undisturbed()
    session.drop()
    with login(server, sleeper, "sofa") as awake:
        mail = [e for e in awake.become_available() if e.get("from", "").startswith(room.jid)]
        assert mail == [], [show(e) for e in mail]


def test_A71_a_session_that_is_not_resumed_leaves_the_room_in_time(attacked):
    server = attacked(resume_window="1 s")
    room = Room(server)
    try:
        ghost = login(server, server.account("ghost"), "attic", presence=True)
        ghost.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
        ghost.expect(lambda e: e.tag == "{urn:xmpp:sm:3}enabled", what="<enabled/>")
        try_to_enter(ghost, f"{room.jid}/ghost")
        room.owner.expect(f"<presence from='{room.jid}/ghost'/>")
        room.mate.expect(f"<presence from='{room.jid}/ghost'/>")
        ghost.reset()
        for inside in (room.owner, room.mate):
            inside.expect(f"<presence from='{room.jid}/ghost' type='unavailable'/>")
        room.check_undisturbed()
    finally:
        room.leave()
