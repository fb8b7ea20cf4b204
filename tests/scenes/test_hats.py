# SPDX-License-Identifier: Apache-2.0
"""Hats (XEP-0317) that many are of, and that a kill -9 is between; the rest is in muc_hats.scene."""
import itertools

from support.raw import login

COMMANDS = "http://jabber.org/protocol/commands"
DATA = "jabber:x:data"
HATS = "urn:xmpp:hats:0"
URI = "http://tech.example.edu/hats#"
_numbers = itertools.count(1)


class Lecture:
    """A persistent room, with its owner in it."""

    def __init__(self, session):
        self.session = session
        self.jid = f"lecture{next(_numbers)}@conference.localhost"
        self.enter(session, "professor")
        answer = session.ask("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data'"
                             " type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig"
                             "</value></field><field var='muc#roomconfig_persistentroom'><value>1</value></field></x>"
                             "</query>", to=self.jid)
        assert answer.get("type") == "result"

    def enter(self, session, nick):
        """What he is shown as, to himself, from now on."""
        session.forget()
        session.send(f"<presence to='{self.jid}/{nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        return session.expect(f"<presence from='{self.jid}/{nick}'><x xmlns='http://jabber.org/protocol/muc#user'>"
                              "<status code='110'/></x></presence>")

    def command(self, node, **fields):
        form = "".join(f"<field var='hats#{var}'><value>{value}</value></field>" for var, value in fields.items())
        return self.session.ask("set", f"<command xmlns='{COMMANDS}' node='urn:xmpp:hats:commands:{node}'><x"
                                f" xmlns='{DATA}' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:hats:commands"
                                f"</value></field>{form}</x></command>", to=self.jid)

    def is_done(self, node, **fields):
        return self.command(node, **fields).get("type") == "result"

    def hash(self):
        info = self.session.ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=self.jid)
        return info.findtext(f".//{{{DATA}}}field[@var='hats#hash']/{{{DATA}}}value")


def titles(presence):
    return [each.get("title") for each in presence.iter(f"{{{HATS}}}hat")]


def refusal(answer):
    return next(iter(answer.find("{jabber:client}error"))).tag.split("}")[1]


def test_a_room_has_no_more_hats_than_it_may(server):
    with login(server, server.account("professor"), "office", presence=True) as session:
        room = Lecture(session)
        for number in range(30):
            assert room.is_done("create", title=f"Hat {number}", uri=f"{URI}{number}")
        assert refusal(room.command("create", title="One more", uri=f"{URI}more")) == "resource-constraint"
        assert room.is_done("create", title="Another name", uri=f"{URI}7"), "one that is there can be changed"
        assert room.is_done("destroy", uri=f"{URI}7")
        assert room.is_done("create", title="One more", uri=f"{URI}more")


def test_nobody_wears_more_hats_than_he_may(server):
    with login(server, server.account("professor"), "office", presence=True) as session:
        room = Lecture(session)
        for number in range(9):
            assert room.is_done("create", title=f"Hat {number}", uri=f"{URI}{number}")
            worn = room.command("assign", jid=server.account("other").jid, uri=f"{URI}{number}")
            assert worn.get("type") == "result"
        for number in range(8):
            assert room.is_done("assign", jid=session.jid, uri=f"{URI}{number}")
        assert refusal(room.command("assign", jid=session.jid, uri=f"{URI}8")) == "resource-constraint"
        assert room.is_done("unassign", jid=session.jid, uri=f"{URI}0")
        assert room.is_done("assign", jid=session.jid, uri=f"{URI}8")
        assert titles(room.enter(session, "professor")) == [f"Hat {number}" for number in range(1, 9)]


def test_the_hash_of_the_list_changes_with_it(server):
    with login(server, server.account("professor"), "office", presence=True) as session:
        room = Lecture(session)
        hashes = [room.hash()]
        for node, fields in (("create", {"title": "One", "uri": f"{URI}one"}),
                             ("create", {"title": "Two", "uri": f"{URI}two"}),
                             ("create", {"title": "Second", "uri": f"{URI}two"}),
                             ("destroy", {"uri": f"{URI}one"})):
            assert room.is_done(node, **fields)
            hashes.append(room.hash())
        assert hashes[0] is None and None not in hashes[1:] and len(set(hashes)) == len(hashes)
        assert room.is_done("assign", jid=session.jid, uri=f"{URI}two")
        assert room.hash() == hashes[-1]


def test_what_was_confirmed_of_hats_is_there_after_kill_9(private_server):
    server = private_server()
    professor, terry = server.accounts("professor", "terry")
    with login(server, professor, "office", presence=True) as session:
        room = Lecture(session)
        for title in ("Assistant", "Proctor", "Teacher"):
            assert room.is_done("create", title=title, uri=URI + title, hue="327.255249")
            assert room.is_done("assign", jid=terry.jid, uri=URI + title)
        assert room.is_done("unassign", jid=terry.jid, uri=f"{URI}Assistant")
        assert room.is_done("destroy", uri=f"{URI}Proctor")
        before = room.hash()
        server.kill()
    server.start()
    with login(server, terry, "laptop", presence=True) as session:
        shown = room.enter(session, "terry")
        assert titles(shown) == ["Teacher"]
        assert next(shown.iter(f"{{{HATS}}}hat")).get("hue") == "327.255249"
    with login(server, professor, "office", presence=True) as session:
        room.session = session
        assert room.hash() == before


def test_a_room_of_the_same_name_does_not_inherit_hats(server):
    with login(server, server.account("professor"), "office", presence=True) as session:
        room = Lecture(session)
        assert room.is_done("create", title="Teacher", uri=f"{URI}Teacher")
        assert room.is_done("assign", jid=session.jid, uri=f"{URI}Teacher")
        server.ctl("room", "destroy", room.jid, "--yes")
        session.expect(f"<presence from='{room.jid}/professor' type='unavailable'/>")
        assert titles(room.enter(session, "professor")) == []
