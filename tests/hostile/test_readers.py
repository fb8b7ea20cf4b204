# SPDX-License-Identifier: Apache-2.0
"""HOSTILE row A95, the other half: who reads gets everything, however slowly, whoever wrote so much to him and however
much it was at once; who reads nothing is let go in time. Without TLS, so that nothing but TCP is in between."""
import itertools
import socket
import xml.etree.ElementTree as ET

import pytest

from support.friends import befriend
from support.limits import memory_grows_at_most, until
from support.match import CLIENT
from support.raw import WAIT, RawClient, fresh_id, login

SM = "urn:xmpp:sm:3"
MUC = "http://jabber.org/protocol/muc"
MESSAGE = f"{{{CLIENT}}}message"
LONG = 250_000  # bytes; a stanza may have 256 KiB
_rooms = itertools.count(1)


class SlowClient(RawClient):
    """Has small buffers and reads little at a time; with stream management it acknowledges what it has read."""

    def __init__(self, *arguments, **options):
        self.counted = None  # stanzas since <enabled/>
        super().__init__(*arguments, **options)

    @staticmethod
    def _dial(port, source):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        sock.settimeout(WAIT)
        sock.connect(("127.0.0.1", port))
        return sock

    def _receive(self, left):
        whole, self.socket = self.socket, Sips(self.socket)
        try:
            super()._receive(left)
        finally:
            self.socket = whole

    def _is_answered(self, event):
        if isinstance(event, ET.Element) and event.tag == f"{{{SM}}}r":
            self.send(f"<a xmlns='{SM}' h='{self.counted}'/>")
            return True
        if isinstance(event, ET.Element) and self.counted is not None and event.tag.startswith(f"{{{CLIENT}}}"):
            self.counted += 1
        return super()._is_answered(event)

    def enable(self):
        self.send(f"<enable xmlns='{SM}' resume='true'/>")
        token = self.expect(lambda e: e.tag == f"{{{SM}}}enabled", what="<enabled/>").get("id")
        self.counted = 0
        return token

    def resume(self, token, h):
        self.counted = h
        self.send(f"<resume xmlns='{SM}' previd='{token}' h='{h}'/>")
        self.expect(lambda e: e.tag == f"{{{SM}}}resumed", what="<resumed/>")

    def read_messages(self, count):
        """The ids of the next long messages, also inside copies and results."""
        ids = []
        while len(ids) < count:
            element = self.next_stanza()
            inner = element.find(f".//{MESSAGE}")
            message = element if inner is None else inner
            if message.find(f"{{{CLIENT}}}body") is not None:
                assert len(message.find(f"{{{CLIENT}}}body").text) == LONG
                ids.append(message.get("id"))
        return ids


class Sips:
    def __init__(self, sock):
        self._socket = sock

    def recv(self, _):
        return self._socket.recv(8 * 1024)

    def settimeout(self, seconds):
        self._socket.settimeout(seconds)

    def __getattr__(self, name):
        return getattr(self._socket, name)


def arrive(server, account, resource, managed=False, presence="<presence/>"):
    client = logged_in(server, account)
    client.open()
    client.bind_here(resource)
    client.token = client.enable() if managed else None
    if presence:
        client.send(presence)
        client.note_to_self()  # or what comes now waits behind a mailbox that is still being read
    client.settle()
    client.inbox.clear()
    return client


def logged_in(server, account):
    client = SlowClient(server, "plain")
    client.open()
    client.authenticate(account.jid, account.password)
    return client


def come_back(server, account, token, h):
    client = logged_in(server, account)
    client.open()
    client.resume(token, h)
    return client


def long_message(to, identity, kind="chat"):
    return f"<message to='{to}' type='{kind}' id='{identity}'><body>{'x' * LONG}</body></message>"


@pytest.fixture(params=["plain", "managed"])
def managed(request):
    return request.param == "managed"


@pytest.mark.parametrize("as_carbon", [False, True], ids=["direct", "carbons"])
def test_A95_ten_who_write_at_once_do_not_cut_off_who_reads(server, stack, managed, as_carbon):
    account = server.account("reader")
    reader = stack.enter_context(arrive(server, account, "slow", managed))
    to = reader.jid
    if as_carbon:
        other = stack.enter_context(login(server, account, "other", presence=True))
        other.send("<presence type='unavailable'/>")
        reader.ask("set", "<enable xmlns='urn:xmpp:carbons:2'/>")
        to = other.jid
    senders = [stack.enter_context(login(server, each, "desk")) for each in server.accounts(*(f"sender{n}" for n in range(10)))]
    for number, sender in enumerate(senders):
        sender.send(long_message(to, f"m{number}"))
    for sender in senders:
        sender.ping()
    assert sorted(reader.read_messages(10)) == sorted(f"m{number}" for number in range(10))
    senders[0].send(long_message(to, "behind"))
    assert reader.read_messages(1) == ["behind"]
    reader.settle()


@pytest.mark.parametrize("restarted", [False, True], ids=["alive", "restarted"])
def test_A95_what_came_while_the_connection_was_gone_comes_with_the_resumption(attacked, private_server, restarted):
    server = private_server() if restarted else attacked()
    account, stranger = server.accounts("traveller", "stranger")
    with arrive(server, account, "phone", True) as client:
        read = client.counted
    expected = [f"m{number}" for number in range(5)]
    with login(server, stranger, "desk") as sender:
        for identity in expected:
            sender.send(long_message(client.jid, identity))
        sender.ping()
    if restarted:
        server.kill()
        server.start()
    with come_back(server, account, client.token, read) as back:
        assert back.read_messages(5) == expected
        back.ping()


def loud_rooms(server, count, messages=6):
    """Rooms that stay, and in each so many long messages."""
    form = (f"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{MUC}#roomconfig</value></field>"
            "<field var='muc#roomconfig_persistentroom'><value>1</value></field></x>")
    rooms = [f"loud.{next(_rooms)}@conference.localhost" for _ in range(count)]
    with login(server, server.account("owner"), "desk") as owner:
        for room in rooms:
            owner.send(f"<presence to='{room}/owner'><x xmlns='{MUC}'/></presence>")
            owner.expect(lambda e: e.find(f"{{{CLIENT}}}subject") is not None, what="the subject")
            answer = owner.ask("set", f"<query xmlns='{MUC}#owner'>{form}</query>", to=room)
            assert answer.get("type") == "result"
            for number in range(messages):
                owner.send(long_message(room, f"m{number}", "groupchat"))
                owner.expect(lambda e, number=number: e.get("id") == f"m{number}", what="own message")
        owner.ping()
    return rooms


def enter_all(client, rooms):
    """In one go. For each room the ids of its history, which comes before the subject."""
    client.send("".join(f"<presence to='{room}/reader'><x xmlns='{MUC}'/></presence>" for room in rooms))
    heard = {room: [] for room in rooms}
    left = set(rooms)
    while left:
        element = client.next_stanza()
        room = (element.get("from") or "").split("/")[0]
        assert element.get("type") != "error"
        if element.find(f"{{{CLIENT}}}body") is not None:
            heard[room].append(element.get("id"))
        elif element.find(f"{{{CLIENT}}}subject") is not None:
            left.remove(room)
    return heard


def test_A95_a_room_with_long_messages_can_be_entered_also_after_a_restart(private_server, managed):
    server = private_server(history_bytes="1 MiB")
    account = server.account("reader")
    rooms = loud_rooms(server, 6)
    for restarted in (False, True):
        if restarted:
            server.restart()
        with arrive(server, account, "slow", managed) as reader:
            for told in enter_all(reader, rooms).values():
                assert len(told) >= 3, "a megabyte of history"
                assert told == [f"m{number}" for number in range(6)][-len(told):]
            reader.ping()


def test_A95_a_long_roster_reaches_who_reads_and_costs_nothing_when_nobody_does(attacked):
    server = attacked(stall_timeout="1 s", roster_bytes="16 MiB")
    account = server.account("collector")
    groups = "".join(f"<group>{number}{'g' * 1000}</group>" for number in range(50))
    contacts = 100
    with login(server, account, "desk") as collector:
        for number in range(contacts):
            collector.send(f"<iq type='set' id='r{number}'><query xmlns='jabber:iq:roster'>"
                           f"<item jid='c{number}@localhost'>{groups}</item></query></iq>")
        collector.ping()
    roster = "<query xmlns='jabber:iq:roster'/>"
    with arrive(server, account, "slow", presence=None) as reader:
        answer = reader.ask("get", roster)
        assert len(list(answer.iter("{jabber:iq:roster}item"))) == contacts
        assert len(list(answer.iter("{jabber:iq:roster}group"))) == contacts * 50
    with memory_grows_at_most(server, 24 * 2**20):
        deaf = [arrive(server, account, f"deaf{number}", presence=None) for number in range(3)]
        for each in deaf:
            each.send(f"<iq type='get' id='r'>{roster}</iq>")
        until(lambda: server.log().count("client does not read") == len(deaf), "those who do not read are let go")
        until(lambda: not server.ctl_json("sessions", "list", account.jid)["sessions"], "no session is left")
    for each in deaf:
        each.drop()


def test_A95_pages_of_an_archive_asked_for_all_at_once_come_all(server, stack, managed):
    account, friend = server.accounts("reader", "friend")
    with login(server, friend, "desk") as sender:
        for number in range(12):
            sender.send(long_message(account.jid, f"m{number}"))
        sender.ping()
    reader = stack.enter_context(arrive(server, account, "slow", managed, presence=None))
    query = ("<iq type='set' id='{id}'><query xmlns='urn:xmpp:mam:2' queryid='{id}'><set "
             "xmlns='http://jabber.org/protocol/rsm'><max>20</max>{after}</set></query></iq>")
    reader.send("".join(query.format(id=f"q{number}", after="") for number in range(6)))
    for number in range(6):
        assert reader.read_messages(2) == ["m0", "m1"]
        reader.expect(lambda e, number=number: e.get("id") == f"q{number}", what="the end of a page")
    reader.ping()


def test_A95_who_reads_nothing_is_let_go_in_time_and_his_contact_hears_of_it(attacked, stack):
    server = attacked(stall_timeout="1 s", unsent_bytes="16 MiB")
    account, friend = server.accounts("deaf", "friend")
    befriend(server, account, friend)
    sender = stack.enter_context(login(server, friend, "desk", presence=True))
    deaf = stack.enter_context(arrive(server, account, "ear"))
    for number in range(24):  # below what may wait, above the 4 MiB that the kernel takes at most
        sender.send(long_message(deaf.jid, f"m{number}"))
    sender.expect(f"<presence from='{deaf.jid}' type='unavailable'/>")
    assert "client does not read" in server.log()
    assert "reads too slowly" not in server.log()
    sender.ping()


def test_A95_a_presence_is_no_way_to_fill_the_streams_of_contacts(server, attacker, victim):
    for to in ("", f" to='{victim.jid}'"):
        identity = fresh_id("p")
        attacker.send(f"<presence{to} id='{identity}'><status>{'s' * 20_000}</status></presence>")
        attacker.expect_error(identity, "not-acceptable")
    victim.expect_nothing(attacker)
