# SPDX-License-Identifier: Apache-2.0
"""Which messages count as sent once more (XEP-0359, XEP-0198 section 5; docs/reliability.md): only those with an
<origin-id/> whose first copy came on an earlier stream that was not closed in good order. In a room each other one is
reflected (XEP-0045 §7.4-1)."""
import contextlib

import pytest

from support.match import CLIENT
from support.raw import fresh_id, login

MUC = "http://jabber.org/protocol/muc"
ORIGIN = "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>"
YES = "<body>yes</body>"
WORDS = ("yes", "no", "another")  # others are of the tests themselves


def enter(session, place):
    session.send(f"<presence to='{place}'><x xmlns='{MUC}'><history maxstanzas='0'/></x></presence>")
    session.expect(f"<presence from='{place}'><x xmlns='{MUC}#user'><status code='110'/></x></presence>")
    session.expect("<message type='groupchat'><subject/></message>")
    session.inbox = []


def archived(session, to=None):
    queryid = fresh_id("q")
    session.ask("set", f"<query xmlns='urn:xmpp:mam:2' queryid='{queryid}'/>", to=to)
    bodies = [e.findtext(f".//{{{CLIENT}}}body") for e in session.inbox if e.find("{urn:xmpp:mam:2}result") is not None]
    session.inbox = []
    return [body for body in bodies if body in WORDS]


def words(session):
    """What somebody has heard by now."""
    session.settle()
    heard = [e.findtext(f"{{{CLIENT}}}body") for e in session.inbox if e.tag == f"{{{CLIENT}}}message"]
    session.inbox = []
    return [each for each in heard if each in WORDS]


class Somebody:
    """Comes again and again, on streams that end one way or the other, to somebody or into a room, where he speaks to
    all or to one."""

    def __init__(self, server, stack, in_room, in_private=False):
        self.server, self.account, self.other_account = server, *server.accounts("romeo", "juliet")
        self.other = stack.enter_context(login(server, self.other_account, "balcony", presence=True))
        self.room = f"{fresh_id('den')}@conference.localhost" if in_room else None
        self.in_private = in_private
        if in_room:
            self._make_room()
        self.session = None

    def _make_room(self):
        self.other.send(f"<presence to='{self.room}/jul'><x xmlns='{MUC}'/></presence>")
        self.other.ask("set", f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'><field "
                       f"var='FORM_TYPE'><value>{MUC}#roomconfig</value></field><field "
                       "var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>", to=self.room)
        self.other.inbox = []

    def comes(self):
        self.session = login(self.server, self.account, fresh_id("r"), presence=True)
        if self.room:
            enter(self.session, f"{self.room}/{fresh_id('rom')}")
        return self

    def says(self, inside):
        to, kind = (self.room, "groupchat") if self.room else (self.other.bare, "chat")
        if self.in_private:
            to, kind = f"{self.room}/jul", "chat"
        self.session.send(f"<message to='{to}' type='{kind}' id='s1'>{inside}</message>")
        self.session.ping()
        return self

    def is_cut_off(self):
        self.session.reset()
        self.server.ctl("sessions", "kick", self.session.jid, check=False)  # the server knows by now
        return self

    def heard(self):
        return words(self.other)

    def heard_later(self):
        """What is in the archive, of the room or of the other."""
        return archived(self.other, to=None if self.in_private else self.room)


@pytest.fixture(params=["chat", "room", "in private in a room"])
def romeo(request, server):
    with contextlib.ExitStack() as stack:
        yield Somebody(server, stack, request.param != "chat", request.param == "in private in a room")


def test_on_one_stream_nothing_is_a_repetition(romeo):
    romeo.comes()
    for inside in (YES, YES, YES + ORIGIN, YES + ORIGIN):
        romeo.says(inside)
    assert romeo.heard() == ["yes"] * 4


def test_markers_that_differ_in_an_attribute_are_two(romeo):
    romeo.comes()
    for identity in ("a", "b"):
        romeo.says(f"<displayed xmlns='urn:xmpp:chat-markers:0' id='{identity}'/>{ORIGIN}")
    romeo.other.settle(romeo.session)
    found = [e.find("{urn:xmpp:chat-markers:0}displayed") for e in romeo.other.inbox]
    assert [each.get("id") for each in found if each is not None] == ["a", "b"]


def test_what_was_said_on_a_stream_that_broke_is_a_repetition(romeo):
    romeo.comes().says(YES + ORIGIN).is_cut_off()
    assert romeo.heard() == ["yes"]
    romeo.comes().says(YES + ORIGIN)
    assert romeo.heard() == []
    assert romeo.heard_later() == ["yes"]


def test_who_says_it_again_in_a_room_hears_himself(server):
    with contextlib.ExitStack() as stack:
        romeo = Somebody(server, stack, in_room=True)
        romeo.comes().says(YES + ORIGIN)
        first = romeo.session.expect("<message type='groupchat' id='s1'><body>yes</body></message>")
        romeo.is_cut_off().comes().says(YES + ORIGIN)
        again = romeo.session.expect("<message type='groupchat' id='s1'><body>yes</body></message>")
        place = "{urn:xmpp:sid:0}stanza-id"
        assert again.find(place).get("id") == first.find(place).get("id")


def test_of_a_private_message_in_a_room_no_device_of_its_recipient_hears_it_again(server):
    with contextlib.ExitStack() as stack:
        romeo = Somebody(server, stack, in_room=True, in_private=True)
        second = stack.enter_context(login(server, romeo.other_account, "window", presence=True))
        enter(second, f"{romeo.room}/jul")
        for heard in (["yes"], []):
            romeo.comes().says(YES + ORIGIN).is_cut_off()
            assert (romeo.heard(), words(second)) == (heard, heard)


def test_without_origin_id_nothing_is(romeo):
    for _ in range(2):
        romeo.comes().says(YES).is_cut_off()
    assert romeo.heard() == ["yes"] * 2


def test_other_words_under_the_same_origin_id_are_another_message(romeo):
    romeo.comes().says(YES + ORIGIN).is_cut_off()
    romeo.comes().says("<body>no</body>" + ORIGIN)
    assert romeo.heard() == ["yes", "no"]


def test_what_was_said_on_a_stream_that_was_closed_in_good_order_is_none(romeo):
    romeo.comes().says(YES + ORIGIN).session.close()
    romeo.comes().says(YES + ORIGIN)
    assert romeo.heard() == ["yes"] * 2


@pytest.mark.parametrize("in_room", [False, True], ids=["chat", "room"])
def test_it_holds_after_the_server_was_killed(private_server, in_room):
    server = private_server()
    with contextlib.ExitStack() as stack:
        romeo = Somebody(server, stack, in_room)
        romeo.comes().says(YES + ORIGIN)
        server.kill()
        server.start()
        romeo.session = login(server, romeo.account, "again", presence=True)
        if in_room:
            enter(romeo.session, f"{romeo.room}/rom")
        romeo.says(YES + ORIGIN).says("<body>another</body>" + ORIGIN)
        assert archived(romeo.session, to=romeo.room) == ["yes", "another"]
