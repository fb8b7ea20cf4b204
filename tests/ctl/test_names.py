# SPDX-License-Identifier: Apache-2.0
"""Whoever gets a name after somebody else gets nothing else of his, however the account went and came."""
import contextlib
import itertools
import json
import sqlite3
import time

import pytest

from support import match
from support.raw import STANZA_ERRORS, RawClient, login
from support.server import PASSWORD, make_server

MUC = "http://jabber.org/protocol/muc"
OCCUPANT_ID = "{urn:xmpp:occupant-id:0}occupant-id"
ADMIN_COMMANDS = "http://jabber.org/protocol/admin#"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def open_server():
    """Names are free at once, and anybody may register one."""
    started = make_server(settings={"registration": True, "registrations_per_day": 1000, "names_reserved": "0 s"}).start()
    yield started
    started.remove()


# -- how accounts go and come ----------------------------------------------------------------------------


class ByStonechatctl:
    @staticmethod
    def remove(server, account):
        server.ctl("user", "delete", account.jid, "--yes")

    @staticmethod
    def add(server, account):
        server.ctl("user", "add", account.jid, "--password", PASSWORD)


class InBand:
    """XEP-0077."""

    @staticmethod
    def remove(server, account):
        with login(server, account, "last") as session:
            answer = session.ask("set", "<query xmlns='jabber:iq:register'><remove/></query>")
            assert answer.get("type") == "result", match.show(answer)

    @staticmethod
    def add(server, account):
        answer = register(server, account.user)
        assert answer.get("type") == "result", match.show(answer)


class ByAdHocCommand:
    """XEP-0133."""

    @staticmethod
    def remove(server, account):
        ByAdHocCommand._run(server, "delete-user", accountjids=account.jid)

    @staticmethod
    def add(server, account):
        ByAdHocCommand._run(server, "add-user", accountjid=account.jid, password=PASSWORD, **{"password-verify": PASSWORD})

    @staticmethod
    def _run(server, command, **fields):
        with login(server, server.administrator(), "office") as session:
            node = ADMIN_COMMANDS + command
            form = session.ask("set", f"<command xmlns='http://jabber.org/protocol/commands' node='{node}'/>",
                               to="localhost")
            under_way = form[0].get("sessionid")
            values = "".join(f"<field var='{var}'><value>{value}</value></field>" for var, value in fields.items())
            answer = session.ask("set", f"<command xmlns='http://jabber.org/protocol/commands' node='{node}'"
                                 f" sessionid='{under_way}'><x xmlns='jabber:x:data' type='submit'>"
                                 "<field var='FORM_TYPE'><value>http://jabber.org/protocol/admin</value></field>"
                                 f"{values}</x></command>", to="localhost")
            assert answer.get("type") == "result" and answer[0].get("status") == "completed", match.show(answer)


WAYS = (ByStonechatctl, InBand, ByAdHocCommand)


def register(server, name):
    with RawClient(server) as client:
        client.open()
        return client.ask("set", f"<query xmlns='jabber:iq:register'><username>{name}</username>"
                          f"<password>{PASSWORD}</password></query>")


# -- rooms -----------------------------------------------------------------------------------------------


def enter(session, room, nick):
    """His own presence, or the error."""
    session.forget()
    session.send(f"<presence to='{room}/{nick}'><x xmlns='{MUC}'/></presence>")
    return session.expect(f"<presence from='{room}/{nick}'/>", what="what the room says to who wants to enter")


def enters(session, room, nick):
    answer = enter(session, room, nick)
    assert answer.get("type") is None, match.show(answer)
    session.expect(f"<message from='{room}' type='groupchat'><subject/></message>")
    return answer


def create(session, nick, **fields):
    room = f"den{next(_numbers)}@conference.localhost"
    enters(session, room, nick)
    form = "".join(f"<field var='muc#roomconfig_{name}'><value>{value}</value></field>" for name, value in fields.items())
    answer = session.ask("set", f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
                         f"<value>{MUC}#roomconfig</value></field>{form}</x></query>", to=room)
    assert answer.get("type") == "result", match.show(answer)
    return room


def affiliation(presence):
    return presence.find(f"{{{MUC}#user}}x/{{{MUC}#user}}item").get("affiliation")


def occupant_id(presence):
    return presence.find(OCCUPANT_ID).get("id")


def condition(stanza):
    error = stanza.find("{jabber:client}error")
    return None if error is None else next(each.tag for each in error if STANZA_ERRORS in each.tag).split("}")[1]


def ask_archive(session, room):
    return session.ask("set", "<query xmlns='urn:xmpp:mam:2'/>", to=room)


def affiliations(server, room):
    return {each["jid"]: each["affiliation"] for each in server.ctl_json("room", "show", room)["affiliations"]}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_namesake_has_nothing_of_the_one_before_him(open_server, way):
    server = open_server
    crone, victim, hag = server.accounts("crone", "victim", "hag")
    with login(server, crone, "desktop", presence=True) as owner, login(server, hag, "pda", presence=True) as bystander:
        with login(server, victim, "phone", presence=True) as session:
            own = create(session, "victim", persistentroom=1)
            enters(bystander, own, "hag")
            before = enters(session, own, "victim")
            assert affiliation(before) == "owner"
            hidden = create(owner, "crone", persistentroom=1, publicroom=0, membersonly=1)
            made = owner.ask("set", f"<query xmlns='{MUC}#admin'><item affiliation='member' jid='{victim.jid}'"
                             " nick='victim'/></query>", to=hidden)
            assert made.get("type") == "result"
            enters(session, hidden, "victim")
            owner.send(f"<message type='groupchat' to='{hidden}' id='s1'><body>between us</body></message>")
            session.expect("<message><body>between us</body></message>")
            assert condition(ask_archive(session, hidden)) is None
        way.remove(server, victim)
        assert victim.jid not in affiliations(server, hidden)
        assert victim.jid not in affiliations(server, own)
        way.add(server, victim)
        with login(server, victim, "phone") as namesake:
            archive = ask_archive(namesake, None)
            assert archive.find(".//{http://jabber.org/protocol/rsm}count").text == "0", match.show(archive)
        with login(server, victim, "phone", presence=True) as namesake:
            assert condition(enter(namesake, hidden, "victim")) == "registration-required"
            assert condition(ask_archive(namesake, hidden)) == "forbidden"
            now = enters(namesake, own, "victim")
            assert affiliation(now) == "none"
            assert occupant_id(now) != occupant_id(before)


def test_a_room_that_is_not_in_memory_forgets_too(open_server):
    server = open_server
    crone, victim = server.accounts("crone", "victim")
    with login(server, crone, "desktop", presence=True) as owner:
        room = create(owner, "crone", persistentroom=1, membersonly=1)
        owner.ask("set", f"<query xmlns='{MUC}#admin'><item affiliation='admin' jid='{victim.jid}'/></query>", to=room)
    server.restart()
    ByStonechatctl.remove(server, victim)
    assert affiliations(server, room) == {crone.jid: "owner"}


def test_who_is_inside_leaves_and_the_others_see_it(open_server):
    server = open_server
    crone, victim = server.accounts("crone", "victim")
    with login(server, crone, "desktop", presence=True) as owner, login(server, victim, "phone", presence=True) as session:
        room = create(owner, "crone", persistentroom=1)
        enters(session, room, "victim")
        owner.forget()
        ByStonechatctl.remove(server, victim)
        owner.expect(f"<presence from='{room}/victim' type='unavailable'/>")
        assert len(server.ctl_json("room", "show", room)["occupants"]) == 1


def test_a_namesake_is_not_told_who_reads_what_was_said_before_him(open_server):
    server = open_server
    crone, victim, hag = server.accounts("crone", "victim", "hag")
    ticks = "urn:stonechat:muc:ticks:0"
    with login(server, crone, "desktop", presence=True) as owner, login(server, hag, "pda", presence=True) as reader:
        room = create(owner, "crone", persistentroom=1)
        owner.ask("set", f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
                  f"<value>{MUC}#roomconfig</value></field><field var='{{{ticks}}}ticks'><value>1</value></field></x>"
                  "</query>", to=room)
        enters(reader, room, "hag")
        with login(server, victim, "phone", presence=True) as session:
            enters(session, room, "victim")
            for speaker in (session, owner):
                speaker.send(f"<message to='{room}' type='groupchat'><body>hear me</body></message>")
                said = reader.expect("<message type='groupchat'><body>hear me</body></message>")
        ByStonechatctl.remove(server, victim)
        ByStonechatctl.add(server, victim)
        with login(server, victim, "phone", presence=True) as namesake:
            enters(namesake, room, "victim")
            last = said.find("{urn:xmpp:sid:0}stanza-id").get("id")
            reader.send(f"<message to='{room}' type='groupchat'><displayed xmlns='urn:xmpp:chat-markers:0' id='{last}'/>"
                        "</message>")
            owner.expect(f"<message from='{room}' type='headline'><ticks xmlns='{ticks}'/></message>")
            assert not [e for e in namesake.forget(owner) if e.find(f"{{{ticks}}}ticks") is not None]


def test_admins_inherit_a_room_from_its_last_owner(open_server):
    server = open_server
    crone, victim = server.accounts("crone", "victim")
    with login(server, victim, "phone", presence=True) as session:
        room = create(session, "victim", persistentroom=1)
        session.ask("set", f"<query xmlns='{MUC}#admin'><item affiliation='admin' jid='{crone.jid}'/></query>", to=room)
    ByStonechatctl.remove(server, victim)
    assert affiliations(server, room) == {crone.jid: "owner"}


def test_a_room_that_nobody_can_enter_any_more_is_destroyed(open_server):
    server = open_server
    victim = server.account("victim")
    with login(server, victim, "phone", presence=True) as session:
        room = create(session, "victim", persistentroom=1, membersonly=1)
    ByStonechatctl.remove(server, victim)
    assert room not in [each["room"] for each in server.ctl_json("room", "list", "localhost")["rooms"]]


def test_a_ban_stays_because_it_is_the_rooms(open_server):
    server = open_server
    crone, victim = server.accounts("crone", "victim")
    with login(server, crone, "desktop", presence=True) as owner:
        room = create(owner, "crone", persistentroom=1)
        owner.ask("set", f"<query xmlns='{MUC}#admin'><item affiliation='outcast' jid='{victim.jid}'/></query>", to=room)
        ByStonechatctl.remove(server, victim)
        assert affiliations(server, room)[victim.jid] == "outcast"


def test_a_removal_that_kill_9_has_broken_off_goes_on(private_server):
    """The state of the disk right after its first step; the account is in a room and has a contact."""
    server = private_server()
    crone, victim = server.accounts("crone", "victim")
    with login(server, crone, "desktop", presence=True, roster=True) as owner:
        room = create(owner, "crone", persistentroom=1)
        owner.ask("set", f"<query xmlns='{MUC}#admin'><item affiliation='admin' jid='{victim.jid}'/></query>", to=room)
        owner.send(f"<presence to='{victim.jid}' type='subscribed'/>")
        owner.ping()
    server.kill()
    with contextlib.closing(sqlite3.connect(server.folder / "data/stonechat.db")) as db, db:
        (number,) = db.execute("SELECT id FROM owner WHERE user = ?", (victim.user,)).fetchone()
        db.execute("UPDATE account SET enabled = 0 WHERE owner = ?", (number,))
        db.execute("DELETE FROM verifier WHERE owner = ?", (number,))
        db.execute("INSERT INTO removal (owner) VALUES (?)", (number,))
    server.start()
    deadline = time.monotonic() + 60
    while victim.jid in [each["jid"] for each in server.ctl_json("user", "list", "localhost")["accounts"]]:
        assert time.monotonic() < deadline, server.log_tail()
    assert affiliations(server, room) == {crone.jid: "owner"}
    with login(server, crone, "desktop", presence=True) as owner:
        roster = owner.ask("get", "<query xmlns='jabber:iq:roster'/>")
        assert [item.get("approved") for item in roster.iter("{jabber:iq:roster}item")] in ([], [None]), match.show(roster)
    refused = server.ctl("user", "add", victim.jid, "--password", PASSWORD, "--json", check=False)
    assert json.loads(refused.stdout)["error"]["code"] == "reserved"


# -- contacts --------------------------------------------------------------------------------------------


def test_an_approval_that_was_given_beforehand_is_not_for_a_namesake(open_server):
    """RFC 6121 §3.4: the contact, whom the removed account never had in its roster, is asked again."""
    server = open_server
    juliet, victim = server.accounts("juliet", "victim")
    with login(server, juliet, "balcony", presence=True, roster=True) as contact:
        contact.send(f"<presence to='{victim.jid}' type='subscribed'/>")
        contact.expect(f"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{victim.jid}' approved='true'/></query></iq>")
        ByStonechatctl.remove(server, victim)
        contact.expect(f"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{victim.jid}' approved='{{none}}'/></query></iq>")
        ByStonechatctl.add(server, victim)
        with login(server, victim, "phone", presence=True) as namesake:
            namesake.send(f"<presence to='{juliet.jid}' type='subscribe'/>")
            contact.expect(f"<presence from='{victim.jid}' type='subscribe'/>")
            namesake.expect_nothing(contact)


def test_a_request_that_waits_goes_with_who_has_made_it(open_server):
    server = open_server
    juliet, victim = server.accounts("juliet", "victim")
    with login(server, victim, "phone", presence=True) as session:
        session.send(f"<presence to='{juliet.jid}' type='subscribe'/>")
        session.ping()
    ByStonechatctl.remove(server, victim)
    with login(server, juliet, "balcony", presence=True, roster=True) as contact:
        contact.ping()
        contact.expect_nothing()


# -- reserved names --------------------------------------------------------------------------------------


def test_a_removed_name_is_reserved_until_an_administrator_gives_it_away(private_server):
    server = private_server(registration=True)
    victim = server.account("victim")
    ByStonechatctl.remove(server, victim)
    refused = server.ctl("user", "add", victim.jid, "--password", PASSWORD, "--json", check=False)
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == "reserved" and "--force" in error["message"] and "names_reserved" in error["message"]
    assert condition(register(server, victim.user)) == "conflict"
    server.restart()
    assert condition(register(server, victim.user)) == "conflict"
    server.ctl("user", "add", victim.jid, "--password", PASSWORD, "--force")
    with login(server, victim, "phone"):
        pass
    again = server.ctl("user", "add", victim.jid, "--password", PASSWORD, "--json", check=False)
    assert json.loads(again.stdout)["error"]["code"] == "exists"


def test_a_namesake_has_another_occupant_id_after_a_restart_too(private_server):
    server = private_server()
    victim = server.account("victim")
    crone = server.account("crone")

    def look(room):
        with login(server, victim, "phone", presence=True) as session:
            return occupant_id(enters(session, room, "victim"))

    with login(server, crone, "desktop", presence=True) as owner:
        room = create(owner, "crone", persistentroom=1)
    first = look(room)
    ByStonechatctl.remove(server, victim)
    server.ctl("user", "add", victim.jid, "--password", PASSWORD, "--force")
    second = look(room)
    server.restart()
    assert look(room) == second != first


# -- names that the settings trust -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["admin", "help", "postmaster", "elsewhere"])
def test_a_name_with_rights_cannot_be_registered_by_a_stranger(private_server, name):
    server = private_server(registration=True, hosts=("localhost", "other.example"),
                            admins=["admin@localhost", "elsewhere@localhost"], contact=["xmpp:help@localhost?message"])
    assert condition(register(server, name)) == "conflict"
    assert condition(register(server, "romeo")) is None
    assert "stonechatctl user add" in server.log()


def test_check_warns_of_names_with_rights_that_nobody_has(private_server):
    server = private_server(admins=["boss@localhost", "far@away.example"], contact=["xmpp:help@localhost"])

    def warnings():
        return json.loads(server.run("stonechat", "check", "--config", str(server.config), "--json").stdout)["warnings"]

    missing = warnings()
    assert [each.split()[0] for each in missing] == ["boss@localhost", "help@localhost"]
    assert "admins of localhost" in missing[0] and "stonechatctl user add boss@localhost" in missing[0]
    assert "boss@localhost" in server.log(), "the server itself says it too"
    server.ctl("user", "add", "boss@localhost", "--password", PASSWORD)
    assert [each.split()[0] for each in warnings()] == ["help@localhost"]
    server.stop()
    assert [each.split()[0] for each in warnings()] == ["help@localhost"], "also while no server is running"
    assert not list((server.folder / "data").glob("*-shm")), "the check writes nothing"
