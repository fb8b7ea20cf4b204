# SPDX-License-Identifier: Apache-2.0
"""stonechatctl room: an administrator looks after rooms that he need not be in."""
import contextlib
import itertools
import json
import re

import pytest

from support.raw import login
from support.tables import DATE, rows_of

MUC_USER = "http://jabber.org/protocol/muc#user"
_numbers = itertools.count(1)


class Cave:
    """A stored room of its own with its owner in it."""

    def __init__(self, server, owner, session, **fields):
        self.server, self.owner, self.session = server, owner, session
        self.name = f"cave{next(_numbers)}"
        self.jid = f"{self.name}@conference.{server.hosts[0]}"
        self.enters(session, "crone")
        form = "".join(f"<field var='muc#roomconfig_{name}'><value>{value}</value></field>"
                       for name, value in fields.items())
        answer = session.ask("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data'"
                             " type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig"
                             f"</value></field>{form}</x></query>", to=self.jid)
        assert answer.get("type") == "result"

    def enters(self, session, nick):
        session.send(f"<presence to='{self.jid}/{nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        session.expect(f"<message from='{{any}}' type='groupchat'><subject/></message>")


@pytest.fixture
def cave(server):
    """Makes rooms; everybody leaves at the end."""
    with contextlib.ExitStack() as stack:
        def make(**fields):
            owner = server.account("crone")
            session = stack.enter_context(login(server, owner, "desktop", presence=True))
            return Cave(server, owner, session, **fields)
        yield make


def refused(server, *arguments):
    """The error of a command, as a program sees it, once it is clear that people see the same."""
    done = server.ctl("room", *arguments, "--json", check=False)
    assert done.returncode == 1, done
    error = json.loads(done.stdout)["error"]
    assert server.ctl("room", *arguments, check=False).stderr == f"stonechatctl: {error['message']}\n"
    return error


def row_of(server, cave):
    rows = [each for each in server.ctl_json("room", "list", server.hosts[0])["rooms"] if each["room"] == cave.jid]
    return rows[0] if rows else None


def configuration(server, cave):
    facts = server.ctl_json("room", "show", cave.jid)
    return {each["field"].split("_")[-1]: each["values"] for each in facts["configuration"]}


# -- list ------------------------------------------------------------------------------------------------


def test_a_list_tells_of_each_room_how_it_is(server, cave):
    room = cave(roomname="A Dark Cave", persistentroom=1, publicroom=0, membersonly=1)
    row = row_of(server, room)
    assert row["stored"] > 1_700_000_000
    assert row == {"room": room.jid, "name": "A Dark Cave", "occupants": 1, "members_only": True, "persistent": True,
                   "hidden": True, "stored": row["stored"]}
    shown = server.ctl("room", "list", server.hosts[0]).stdout
    (line,) = rows_of(shown, ROOM=room.jid)
    assert re.fullmatch(DATE, line.pop("SINCE (UTC)"))
    assert line == {"ROOM": room.jid, "NAME": "A Dark Cave", "THERE": "1", "KIND": "members-only, persistent, hidden"}
    assert re.fullmatch(r"\d+ rooms?", shown.splitlines()[-1])


def test_a_room_that_nobody_is_in_is_listed_too(private_server):
    server = private_server()
    with login(server, server.account("crone"), "desktop", presence=True) as session:
        room = Cave(server, None, session, persistentroom=1, publicroom=1)
    server.restart()
    row = row_of(server, room)
    assert (row["occupants"], row["persistent"], row["hidden"]) == (0, True, False)
    assert server.ctl_json("room", "show", room.jid)["occupants"] == []


def test_a_room_that_its_owner_has_not_configured_yet_is_listed_as_such(server):
    with login(server, server.account("crone"), "desktop", presence=True) as session:
        jid = f"young{next(_numbers)}@conference.localhost"
        session.send(f"<presence to='{jid}/crone'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        session.expect(f"<message from='{jid}' type='groupchat'><subject/></message>")
        rows = {each["room"]: each for each in server.ctl_json("room", "list")["rooms"]}
        assert rows[jid]["stored"] is None and rows[jid]["occupants"] == 1
        assert server.ctl_json("room", "show", jid)["configured"] is False
        (line,) = rows_of(server.ctl("room", "list").stdout, ROOM=jid)
        assert line["SINCE (UTC)"] == "not configured yet"


def test_rooms_are_listed_by_host_by_service_or_all(server, cave):
    room = cave(persistentroom=1)
    for arguments in ([], ["localhost"], ["conference.localhost"]):
        assert room.jid in {each["room"] for each in server.ctl_json("room", "list", *arguments)["rooms"]}
    elsewhere = server.ctl_json("room", "list", "other.example")["rooms"]
    assert room.jid not in {each["room"] for each in elsewhere}
    rooms = {each["name"]: each["rooms"] for each in server.ctl_json("status")["hosts"]}
    assert rooms == {"localhost": "conference.localhost", "other.example": "conference.other.example"}
    assert "rooms at conference.localhost" in server.ctl("status").stdout


def test_a_list_comes_in_pages(private_server):
    from ctl.test_control_socket import Control
    server = private_server()
    with login(server, server.account("crone"), "desktop", presence=True) as session:
        made = sorted(Cave(server, None, session, persistentroom=1).jid for _ in range(5))
        control = Control(server)
        names, after = [], ""
        while after is not None:
            page = control.ask("room list", host="localhost", after=after, limit=2)["result"]
            assert len(page["rooms"]) <= 2 and page["service"] == "conference.localhost"
            names += [each["room"] for each in page["rooms"]]
            after = page["next"]
        assert names == made


# -- show ------------------------------------------------------------------------------------------------


def test_a_room_is_shown_whole(server, cave):
    room = cave(roomname="A Dark Cave", roomsecret="cauldronburn", passwordprotectedroom=1)
    outcast = server.account("outcast")
    server.ctl("room", "affiliate", room.jid, outcast.jid, "outcast", "--reason", "Treason")
    room.session.send(f"<message to='{room.jid}' type='groupchat'><subject>Fire Burn</subject></message>")
    room.session.send(f"<message to='{room.jid}' type='groupchat' id='m'><body>Thrice</body></message>")
    room.session.expect(f"<message from='{room.jid}/crone' id='m'><body>Thrice</body></message>")
    facts = server.ctl_json("room", "show", room.jid)
    assert facts["room"] == room.jid and facts["configured"] and facts["subject"] == "Fire Burn"
    assert facts["messages"] == 2
    assert facts["affiliations"] == [
        {"jid": room.owner.jid, "affiliation": "owner", "nick": "", "reason": ""},
        {"jid": outcast.jid, "affiliation": "outcast", "nick": "", "reason": "Treason"}]
    assert facts["occupants"] == [
        {"nick": "crone", "role": "moderator", "affiliation": "owner", "jids": [f"{room.owner.jid}/desktop"]}]
    shown = configuration(server, room)
    assert shown["roomname"] == ["A Dark Cave"] and shown["passwordprotectedroom"] == ["1"]
    assert shown["roomowners"] == [room.owner.jid]
    text = server.ctl("room", "show", room.jid).stdout
    assert text.startswith(f"{room.jid}  2 messages in the archive\nsubject: Fire Burn\nconfiguration:\n")
    for row in ({"FIELD": "muc#roomconfig_roomname", "VALUE": "A Dark Cave", "MEANING": "Natural-Language Room Name"},
                {"AFFILIATION": "owner", "ADDRESS": room.owner.jid, "REASON": ""},
                {"AFFILIATION": "outcast", "ADDRESS": outcast.jid, "REASON": "Treason"},
                {"NICK": "crone", "ROLE": "moderator", "AFFILIATION": "owner", "DEVICES": f"{room.owner.jid}/desktop"}):
        assert rows_of(text, **row) == [row], text
    assert "cauldronburn" not in text and "cauldronburn" not in json.dumps(facts)


# -- set -------------------------------------------------------------------------------------------------


def test_a_setting_is_stored_and_told_to_those_who_are_there(server, cave):
    room = cave(persistentroom=1)
    done = server.ctl("room", "set", room.jid, "roomname=Forres = a heath", "muc#roomconfig_membersonly=1",
                      "presencebroadcast=moderator", "presencebroadcast=participant", "maxusers=1000")
    assert done.stdout == f"configured {room.jid}\n"
    room.session.expect(f"<message from='{room.jid}' type='groupchat'><x xmlns='{MUC_USER}'>"
                        "<status code='104'/></x></message>")
    shown = configuration(server, room)
    assert shown["roomname"] == ["Forres = a heath"] and shown["membersonly"] == ["1"]
    assert shown["presencebroadcast"] == ["moderator", "participant"]
    assert shown["maxusers"] == ["1000"], "the administrator may exceed what users may"
    assert row_of(server, room)["name"] == "Forres = a heath"
    assert server.ctl_json("room", "set", room.jid, "roomname=") == {"room": room.jid}
    assert configuration(server, room)["roomname"] == []


def test_lists_of_people_are_set_whole(server, cave):
    room = cave(persistentroom=1)
    witch, hag = server.accounts("witch", "hag")
    server.ctl("room", "set", room.jid, f"roomadmins={witch.jid}", f"roomadmins={hag.jid}")
    assert sorted(configuration(server, room)["roomadmins"]) == sorted([witch.jid, hag.jid])
    server.ctl("room", "set", room.jid, f"roomowners={witch.jid}")
    roles = {each["jid"]: each["affiliation"] for each in server.ctl_json("room", "show", room.jid)["affiliations"]}
    assert roles.pop(room.owner.jid) != "owner", "who is not in the list is none any more"
    assert roles == {witch.jid: "owner", hag.jid: "admin"}
    assert refused(server, "set", room.jid, "roomowners=nobody@")["code"] == "bad-value"


def test_wrong_fields_and_values_are_refused_with_what_would_do(server, cave):
    room = cave(persistentroom=1)
    before = configuration(server, room)
    assert refused(server, "set", room.jid, "roomnam=x") == {
        "code": "no-such-field", "message": "a room has no field 'roomnam'; did you mean 'roomname'?"}
    assert refused(server, "set", room.jid, "roomname=x", "whois=me") == {
        "code": "bad-value", "message": "muc#roomconfig_whois has to be one of: moderators, anyone"}
    assert refused(server, "set", room.jid, "passwordprotectedroom=1")["code"] == "not-allowed"
    assert configuration(server, room) == before, "all or nothing"
    assert server.ctl("room", "set", room.jid, check=False).returncode == 2
    usage = server.ctl("room", "set", room.jid, "roomname", check=False)
    assert usage.returncode == 2 and "FIELD=VALUE" in usage.stderr + usage.stdout


# -- affiliate -------------------------------------------------------------------------------------------


def test_an_affiliation_is_given_stored_and_told(server, cave):
    room = cave(persistentroom=1)
    hag = server.account("hag")
    with login(server, hag, "pda", presence=True) as session:
        room.enters(session, "thirdwitch")
        done = server.ctl("room", "affiliate", room.jid, hag.jid, "admin")
        assert done.stdout == f"{hag.jid}: admin of {room.jid}\n"
        session.expect(f"<presence from='{room.jid}/thirdwitch'><x xmlns='{MUC_USER}'>"
                       "<item affiliation='admin' role='moderator'/></x></presence>")
        server.ctl("room", "affiliate", room.jid, hag.jid, "outcast", "--reason", "Treason")
        session.expect(f"<presence from='{room.jid}/thirdwitch' type='unavailable'><x xmlns='{MUC_USER}'>"
                       "<item affiliation='outcast' role='none'><reason>Treason</reason></item>"
                       "<status code='301'/></x></presence>")
    assert server.ctl_json("room", "affiliate", room.jid, "evil.example", "outcast") == {"room": room.jid}
    server.ctl("room", "affiliate", room.jid, hag.jid, "none")
    known = {each["jid"] for each in server.ctl_json("room", "show", room.jid)["affiliations"]}
    assert known == {room.owner.jid, "evil.example"}


def test_an_affiliation_that_cannot_be_is_refused(server, cave):
    room = cave(persistentroom=1)
    assert refused(server, "affiliate", room.jid, "a@localhost", "ovner") == {
        "code": "bad-value", "message": "'ovner' is no affiliation; did you mean 'owner'?"}
    assert "owner, admin, member, none, outcast" in refused(
        server, "affiliate", room.jid, "a@localhost", "sovereign")["message"]
    assert refused(server, "affiliate", room.jid, room.owner.jid, "member") == {
        "code": "not-allowed", "message": "A room needs an owner"}
    assert refused(server, "affiliate", room.jid, "evil.example", "member") == {
        "code": "not-allowed", "message": "A whole domain can only be banned"}
    assert refused(server, "affiliate", room.jid, "@", "member")["code"] == "bad-request"
    assert refused(server, "affiliate", room.jid, "a@localhost/phone", "member")["code"] == "bad-request"


# -- destroy ---------------------------------------------------------------------------------------------


def test_who_is_in_a_room_that_is_destroyed_is_told_why_and_where_to_go(server, cave):
    room = cave(persistentroom=1)
    done = server.ctl("room", "destroy", room.jid, "--yes", "--reason", "Macbeth doth come.", "--venue",
                      "heath@conference.localhost")
    assert done.stdout == f"destroyed {room.jid}\n"
    room.session.expect(f"<presence from='{room.jid}/crone' type='unavailable'><x xmlns='{MUC_USER}'>"
                        "<item affiliation='none' role='none'/><destroy jid='heath@conference.localhost'>"
                        "<reason>Macbeth doth come.</reason></destroy></x></presence>")
    assert row_of(server, room) is None
    assert refused(server, "show", room.jid)["code"] == "no-such-room"


def test_a_room_is_destroyed_only_when_that_is_confirmed(server, cave):
    room = cave(persistentroom=1)
    assert refused(server, "destroy", room.jid)["code"] == "not-confirmed", "there is no terminal to ask on"
    assert row_of(server, room)


def test_what_strangers_wrote_does_not_steer_the_terminal(server, cave):
    """A name with an escape of the C1 set, one that turns the direction of writing, and a line end."""
    room = cave(persistentroom=1, roomname="Ca\u009b2Jve \u202eevaC\u202c \u6d1e\u7a9f")
    room.session.send(f"<message to='{room.jid}' type='groupchat'><subject>one&#10;two\u0085</subject></message>")
    room.session.expect(f"<message from='{room.jid}/crone' type='groupchat'><subject/></message>")
    (row,) = rows_of(server.ctl("room", "list").stdout, ROOM=room.jid)
    assert row["NAME"] == "Ca?2Jve ?evaC? \u6d1e\u7a9f"
    assert "subject: one?two?\n" in server.ctl("room", "show", room.jid).stdout


def test_a_venue_that_is_no_address_destroys_nothing(server, cave):
    room = cave(persistentroom=1)
    assert refused(server, "destroy", room.jid, "--yes", "--venue", "@")["code"] == "bad-request"
    assert row_of(server, room)


# -- what is not there -----------------------------------------------------------------------------------

EACH = [["show"], ["set", "roomname=x"], ["affiliate", "a@localhost", "member"], ["destroy", "--yes"]]


@pytest.mark.parametrize("command", EACH, ids=lambda each: each[0])
def test_a_room_that_is_not_there_is_said_to_be_so(server, command):
    def ask(room):
        return refused(server, command[0], room, *command[1:])
    nowhere = ask("nowhere@conference.localhost")
    assert nowhere["code"] == "no-such-room" and "nowhere@conference.localhost" in nowhere["message"]
    for account in ("alice@localhost", "cave@conference.example"):
        error = ask(account)
        assert error["code"] == "no-such-service" and "rooms are at conference.localhost" in error["message"]
    for wrong in ("", "@", "conference.localhost", "cave@conference.localhost/crone"):
        assert ask(wrong)["code"] == "bad-request"


def test_a_host_without_rooms_is_said_to_have_none(server):
    error = refused(server, "list", "nowhere.example")
    assert error["code"] == "no-such-service" and "conference.other.example" in error["message"]


def test_what_was_done_to_a_room_is_logged(private_server):
    server = private_server()
    with login(server, server.account("crone"), "desktop", presence=True) as session:
        room = Cave(server, None, session, persistentroom=1)
        server.ctl("room", "affiliate", room.jid, "hag@localhost", "member")
        server.ctl("room", "set", room.jid, "roomsecret=unspeakable")
    assert f'control command="room affiliate" about="{room.jid} hag@localhost" outcome=done' in server.log()
    assert f'control command="room set" about={room.jid} outcome=done' in server.log()
    assert "unspeakable" not in server.log()


def test_every_room_command_has_help(server):
    for words in ([], ["list"], ["show"], ["set"], ["affiliate"], ["destroy"]):
        assert "--help" in server.ctl("room", *words, "--help").stdout
    assert "FIELD=VALUE" in server.ctl("room", "set", "--help").stdout
