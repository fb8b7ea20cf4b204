# SPDX-License-Identifier: Apache-2.0
"""The control socket (docs/protocol/ctl.md), and stonechatctl over it."""
import contextlib
import json
import os
import re
import socket
import stat
import subprocess
import time

import pytest

from support.limits import until
from support.raw import WAIT, fresh_id, login
from support.server import BUILD, Account
from support.tables import DATE, rows_of
from support.terminal import Terminal


class Control:
    """A connection to the control socket, line by line."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(server.folder / "data/stonechat.sock"))
        self.file = self.socket.makefile("rb")

    def send(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def next(self):
        line = self.file.readline()
        return json.loads(line) if line else None

    def ask(self, command, **more):
        self.send(json.dumps({"command": command, **more}))
        return self.next()


@pytest.fixture
def control(server):
    opened = Control(server)
    yield opened
    opened.socket.close()


def code(answer):
    assert answer["ok"] is False
    return answer["error"]["code"]


def test_the_socket_belongs_to_the_server_alone(server):
    mode = os.stat(server.folder / "data/stonechat.sock").st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("line", ["", "{", "[]", "1", '{"command":3}', "\x00", "[" * 1000])
def test_a_request_that_makes_no_sense_is_refused_and_the_next_one_answered(control, line):
    control.send(line)
    assert code(control.next()) in ("bad-request", "unknown-command")
    assert control.ask("status")["ok"]


def test_a_request_that_is_too_long_is_refused_and_ends_the_connection(server, control):
    control.socket.sendall(b"x" * (256 * 1024 + 1))
    assert code(control.next()) == "bad-request"
    with contextlib.suppress(ConnectionResetError):  # what was not read makes the end a reset
        assert control.file.readline() == b""
    assert Control(server).ask("status")["ok"]


def test_several_requests_at_once_are_answered_in_order(server, control):
    account = server.account("hasty")
    control.send("\n".join(json.dumps(each) for each in (
        {"command": "user disable", "jid": account.jid},
        {"command": "sessions list", "jid": account.jid},
        {"command": "nonsense"})))
    assert control.next()["result"] == {"jid": account.jid}
    assert control.next()["result"] == {"sessions": []}
    assert code(control.next()) == "unknown-command"


def test_no_more_than_32_connections_are_served(server):
    crowd = [Control(server) for _ in range(32)]
    assert all(each.ask("status")["ok"] for each in crowd[:3])
    for _ in range(3):
        with pytest.raises((OSError, AssertionError)):
            late = Control(server)
            assert late.ask("status") is not None
    for each in crowd:
        each.file.close()
        each.socket.close()
    # The places are free again as soon as the server has seen them go.
    for _ in range(1000):
        try:
            if Control(server).ask("status"):
                break
        except OSError:
            pass
    else:
        pytest.fail("the socket does not recover")


def test_an_import_tells_of_each_account_that_it_refused(server, control):
    there = server.account("there")
    answer = control.ask("user import", accounts=[
        {"jid": "import.one@localhost", "password": "a"}, {"jid": there.jid, "password": "b"},
        {"jid": "@", "password": "c"}, {"jid": "import.two@localhost"}, 7,
        {"jid": "import.three@elsewhere.example", "password": "d"}])
    assert answer["result"]["created"] == 1
    refused = {each["index"]: each["code"] for each in answer["result"]["refused"]}
    assert refused == {1: "exists", 2: "bad-request", 3: "bad-password", 4: "bad-request", 5: "not-local"}
    assert code(control.ask("user import", accounts=[{}] * 501)) == "bad-request"


def test_an_account_command_refuses_the_address_of_one_session(server, control):
    """`user delete` of alice/phone would take the whole account: not what was meant."""
    account = server.account("phoned")
    for command in ("user add", "user password", "user disable", "user enable", "user delete"):
        assert code(control.ask(command, jid=f"{account.jid}/phone", password="x")) == "bad-request", command
    assert server.ctl("user", "delete", account.jid, "--yes").stdout == f"deleted {account.jid}\n"


def test_stonechatctl_prints_the_address_as_the_server_knows_it(server):
    assert server.ctl("user", "add", "Shouted@LOCALHOST", "--password", "x").stdout == "added shouted@localhost\n"
    again = server.ctl("user", "add", "SHOUTED@localhost", "--password", "x", check=False)
    assert again.stderr == "stonechatctl: shouted@localhost: The account exists already\n"


def test_what_an_administrator_changes_is_logged_without_the_password(private_server):
    server = private_server()  # on a busy one, lines of one kind are limited per second
    server.ctl("user", "add", "audited@localhost", "--password", "unspeakable")
    assert 'control command="user add" about=audited@localhost outcome=done' in server.log()
    assert "unspeakable" not in server.log()


def test_a_trace_follows_a_message_and_shows_no_body(server, control):
    sender, sleeper, bystander = server.accounts("sender", "sleeper", "bystander")
    assert control.ask("trace", jid=sender.jid)["result"] == {"jid": sender.jid}
    with login(server, sender, "here") as one, login(server, bystander, "there") as other:
        other.send(f"<message to='{other.jid}' id='unseen'><body>unspeakable</body></message>")
        one.send(f"<message to='{one.jid}' type='chat' id='m1'><body>unspeakable</body></message>")
        one.send(f"<message to='{sleeper.jid}' type='chat' id='m2'><body>unspeakable</body></message>")
        one.send(f"<message to='nobody@elsewhere.example' id='m3'><body>unspeakable</body></message>")
        one.ping()
        told = []
        for last in ("answered", "delivered message type=chat id=m1"):  # a commit may take longer
            while not any(line.startswith(last) for line in told):
                told.append(control.next()["event"])
    steps = {name: [line.split()[0] for line in told if f"id={name}" in line] for name in ("m1", "m2")}
    assert steps["m1"] == ["received", "committed", "delivered"]
    assert steps["m2"][0] == "received"  # its other steps may be told by another shard, later
    assert any(line.startswith("refused message id=m3") and line.endswith("remote-server-not-found")
               for line in told), told
    assert not any("unspeakable" in line or "unseen" in line for line in told)


class Follower:
    """What a trace of one address tells, as far as it has been read."""

    def __init__(self, server, jid):
        self.control, self.told = Control(server), []
        assert self.control.ask("trace", jid=jid)["ok"]

    def tells(self, *words):
        """Waits for a line that has all these words."""
        while not any(set(words) <= set(line.replace(":", " ").split()) for line in self.told):
            event = self.control.next()
            assert event, f"no {words} in {self.told}"
            self.told.append(event["event"])


def test_a_trace_follows_questions_and_their_answers(server):
    romeo, juliet = server.accounts("romeo", "juliet")
    with login(server, romeo, "here", presence=True) as one, login(server, juliet, "there", presence=True) as other:
        follower = Follower(server, romeo.jid)
        one.send("<iq type='get' id='q1'><query xmlns='jabber:iq:roster'/></iq>")
        follower.tells("received", "iq", "id=q1")
        follower.tells("answered", "iq", "id=q1", "result")
        other.send(f"<presence to='{one.jid}'/>")  # or he could not ask her
        one.expect(f"<presence from='{other.jid}'/>")
        one.send(f"<iq type='get' id='q2' to='{other.jid}'><ping xmlns='urn:xmpp:ping'/></iq>")
        other.expect("<iq type='get' id='q2'/>")
        other.send(f"<iq type='result' id='q2' to='{one.jid}'/>")
        follower.tells("received", "type=get", "id=q2")
        follower.tells("delivered", "type=get", "id=q2", f"to={other.jid}")
        follower.tells("received", "type=result", "id=q2")
        follower.tells("delivered", "type=result", "id=q2", f"to={one.jid}")
        one.send("<iq type='get' id='q3' to='nobody@elsewhere.example'><ping xmlns='urn:xmpp:ping'/></iq>")
        follower.tells("refused", "id=q3", "remote-server-not-found")


def test_a_trace_follows_presence_to_devices_contacts_and_rooms(server):
    romeo, juliet = server.accounts("romeo", "juliet")
    room = f"{fresh_id('traced')}@conference.localhost"
    with login(server, romeo, "here", presence=True) as one, login(server, juliet, "there", presence=True) as other:
        follower = Follower(server, romeo.jid)
        one.send("<presence id='p1'><show>away</show></presence>")
        follower.tells("received", "presence", "id=p1")
        follower.tells("broadcast", "presence", "id=p1", "devices", "1,")
        other.send(f"<presence id='p2' to='{one.jid}'/>")
        follower.tells("delivered", "presence", "id=p2", "here")
        one.send(f"<presence id='p3' to='{juliet.jid}' type='subscribe'/>")
        follower.tells("received", "presence", "type=subscribe", "id=p3")
        follower.tells("delivered", "presence", "type=subscribe", f"to={juliet.jid}")
        one.send(f"<presence id='p4' to='{room}/r'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        follower.tells("received", "presence", "id=p4")
        follower.tells("delivered", "presence", f"from={room}/r", f"to={one.jid}")
        one.send("<iq type='set' id='o1' to='{}'><query xmlns='http://jabber.org/protocol/muc#owner'><x"
                 " xmlns='jabber:x:data' type='submit'/></query></iq>".format(room))
        one.expect("<iq type='result' id='o1'/>")
        other.send(f"<presence id='p5' to='{room}/j'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        follower.tells("delivered", "presence", f"from={room}/j", f"to={one.jid}")
        one.send(f"<iq type='get' id='q1' to='{room}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
        follower.tells("answered", "iq", "id=q1", "result")
        follower.tells("delivered", "iq", "type=result", "id=q1")
        assert not any("<" in line or "away" in line for line in follower.told)


def what_became_of(server, identity, last):
    """The events of one message, as the administrator sees them, once there is one that begins with `last`."""
    deadline = time.monotonic() + WAIT
    while True:
        lines = server.ctl("trace", "--message", identity).stdout.splitlines()
        events = [line.split("  ", 1)[-1] for line in lines]
        if any(event.startswith(last) for event in events):
            return events
        assert time.monotonic() < deadline, f"no '{last}' in {lines}"


def test_what_became_of_one_message_is_told_afterwards(server):
    sender, reader, sleeper = server.accounts("sender", "reader", "sleeper")
    with login(server, sender, "here") as one, login(server, reader, "desk", presence=True) as desk, \
            login(server, reader, "phone", presence=True) as phone:
        phone.ask("set", "<enable xmlns='urn:xmpp:carbons:2'/>")
        batch = fresh_id("traced")
        for name, to in (("direct", desk.jid), ("later", sleeper.jid), ("refused", "nobody@elsewhere.example")):
            one.send(f"<message to='{to}' type='chat' id='{batch}-{name}'><body>unspeakable</body></message>")
        one.ping()
        assert what_became_of(server, f"{batch}-direct", "delivered") == \
            ["received", "committed", "delivered: desk, phone (carbon)"]
        assert what_became_of(server, f"{batch}-refused", "error delivered") == \
            ["received", "refused: remote-server-not-found", "error delivered: here"]
        assert what_became_of(server, f"{batch}-later", "committed") == ["received", "committed: into the mailbox"]
        with login(server, sleeper, "bed", presence=True):
            assert what_became_of(server, f"{batch}-later", "delivered")[2:] == ["delivered: out of the mailbox: bed"]
        nothing = server.ctl("trace", "--message", f"{batch}-never").stdout
        assert nothing.startswith("nothing is known")
        events = server.ctl_json("trace", "--message", f"{batch}-direct")["events"]
        assert [each["time_us"] for each in events] == sorted(each["time_us"] for each in events)
        assert "unspeakable" not in json.dumps(events)


def test_what_became_of_a_message_is_told_whatever_a_resource_is_called(server):
    """A note has room for few bytes; a name that is longer is cut between characters."""
    with login(server, server.account("moony"), "\U0001F319" * 40, presence=True) as moony:
        identity = fresh_id("traced")
        moony.send(f"<message to='{moony.jid}' type='chat' id='{identity}'><body>x</body></message>")
        moony.ping()
        assert what_became_of(server, identity, "delivered")[-1] == "delivered: " + "\U0001F319" * 9


def test_a_trace_is_of_an_address_or_of_one_message(server):
    assert server.ctl("trace", check=False).returncode == 2
    assert server.ctl("trace", "a@localhost", "--message", "m1", check=False).returncode == 2


def test_commands_that_still_wait_when_the_server_ends_do_not_keep_it(private_server):
    server = private_server()
    waiting = [Control(server) for _ in range(8)]
    for number, each in enumerate(waiting):
        each.send(json.dumps({"command": "user import", "accounts": [
            {"jid": f"late.{number}.{i}@localhost", "password": "x"} for i in range(400)]}))
        each.send(json.dumps({"command": "reload"}))
    follower = Control(server)
    assert follower.ask("trace", jid="late@localhost")["ok"]
    assert server.stop() == 0
    assert follower.next() is None


def test_a_list_comes_in_pages(server, control):
    server.add_users([type(server.account("page"))(f"page.{i}@other.example", "x") for i in range(5)])
    names, after = [], ""
    while after is not None:
        page = control.ask("user list", host="other.example", after=after, limit=2)["result"]
        assert len(page["accounts"]) <= 2
        names += [each["jid"] for each in page["accounts"]]
        after = page["next"]
    assert names == sorted(set(names)) and {f"page.{i}@other.example" for i in range(5)} <= set(names)
    assert code(control.ask("user list", host="nowhere.example")) == "no-such-host"


def test_an_account_lives_through_all_commands(server):
    jid = "lifelong@localhost"
    server.ctl("user", "add", jid, "--password", "first")
    again = server.ctl("user", "add", jid, "--password", "first", check=False)
    assert again.returncode == 1 and "exists" in again.stderr
    server.ctl("user", "password", jid, "--password", "second")
    server.ctl("user", "disable", jid)
    (row,) = rows_of(server.ctl("user", "list", "localhost").stdout, ACCOUNT=jid)
    assert row["STATE"] == "disabled" and re.fullmatch(DATE, row["CREATED (UTC)"])
    server.ctl("user", "enable", jid)
    server.ctl("user", "delete", jid, "--yes")
    assert jid not in server.ctl("user", "list").stdout
    gone = server.ctl("user", "delete", jid, "--yes", "--json", check=False)
    assert gone.returncode == 1 and json.loads(gone.stdout)["error"]["code"] == "no-such-account"


def test_every_command_has_help(server):
    for words in (["user"], ["user", "add"], ["user", "show"], ["user", "import"], ["sessions", "kick"], ["announce"],
                  ["status"], ["reload"], ["backup"], ["trace"]):
        assert "--help" in server.ctl(*words, "--help").stdout
    assert server.ctl("user", "add", check=False).returncode == 2


@pytest.mark.parametrize("words, said", [
    (["stats"], "unknown command 'stats'; did you mean 'status'?"),
    (["users", "list"], "unknown command 'users'; did you mean 'user'?"),
    (["user", "lst"], "unknown command 'user lst'; did you mean 'user list'?"),
    (["user", "lst", "--json"], "unknown command 'user lst'; did you mean 'user list'?"),
    (["kick", "a@localhost"], "unknown command 'kick'; did you mean 'sessions kick'?"),
    (["sessions", "elephant"], "unknown command 'sessions elephant'; there are: list, kick"),
    (["eleph\x1b[2Jant"], "unknown command 'eleph?[2Jant'; there are: user, "),
    (["status", "--jsno"], "unknown option '--jsno'; did you mean '--json'?"),
    (["user", "add", "a@localhost", "--pasword=x"], "unknown option '--pasword'; did you mean '--password'?"),
    (["user"], "A subcommand is required"),
    (["user", "show"], "jid is required"),
], ids=lambda each: " ".join(each) if isinstance(each, list) else "")
def test_who_mistypes_is_told_what_was_probably_meant(server, words, said):
    done = server.ctl(*words, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(f"stonechatctl: {said}"), done.stderr
    assert "--help` tells more" in done.stderr


# -- what cannot be undone ---------------------------------------------------------------------------------

def test_an_account_is_deleted_only_when_that_is_confirmed(server, tmp_path):
    account = server.account("cautious")
    refused = server.ctl("user", "delete", account.jid, "--json", check=False)
    assert refused.returncode == 1, "there is no terminal to ask on"
    assert json.loads(refused.stdout)["error"]["code"] == "not-confirmed"
    command = f"{BUILD}/stonechatctl --config {server.config} user delete {account.jid}; echo code $?; cat"
    with Terminal(tmp_path, command, {}) as terminal:
        terminal.wait_for(f"Delete {account.jid} and all that is kept for it? [y/N]")
        terminal.type("n")
        terminal.wait_for("nothing was done", "code 1")
    assert server.ctl_json("user", "show", account.jid)["jid"] == account.jid
    (tmp_path / "again").mkdir()
    with Terminal(tmp_path / "again", command, {}) as terminal:
        terminal.wait_for("[y/N]")
        terminal.type("y")
        terminal.wait_for(f"deleted {account.jid}", "code 0")
    assert server.ctl("user", "show", account.jid, check=False).returncode == 1


# -- passwords that are made here --------------------------------------------------------------------------

def test_a_password_is_made_shown_once_and_good(server):
    made = server.ctl_json("user", "add", "generated@localhost", "--generate")
    assert made["jid"] == "generated@localhost"
    assert re.fullmatch(r"[a-km-np-z2-9]{5}(-[a-km-np-z2-9]{5}){3}", made["password"])
    with login(server, Account(made["jid"], made["password"]), "here") as session:
        session.ping()
    again = server.ctl("user", "password", "generated@localhost", "--generate").stdout
    found = re.fullmatch(r"changed the password of generated@localhost\npassword: (\S+)\n", again)
    assert found and found.group(1) != made["password"]
    with login(server, Account(made["jid"], found.group(1)), "here") as session:
        session.ping()
    assert made["password"] not in server.log() and found.group(1) not in server.log()


def test_a_password_that_was_given_is_not_shown_and_one_that_is_missing_not_made(server):
    given = server.ctl_json("user", "add", "given@localhost", "--password", "unspeakable")
    assert given == {"jid": "given@localhost"}
    assert server.ctl("user", "add", "x@localhost", "--password", "a", "--generate", check=False).returncode == 2
    empty = server.ctl("user", "add", "none@localhost", check=False)
    assert empty.returncode == 1 and "--generate" in empty.stderr
    assert server.ctl("user", "show", "none@localhost", check=False).returncode == 1


def test_who_types_no_password_gets_one(server, tmp_path):
    command = f"{BUILD}/stonechatctl --config {server.config} user add typed@localhost; cat"
    with Terminal(tmp_path, command, {}) as terminal:
        terminal.wait_for("Password for typed@localhost (nothing: one is made):")
        terminal.type("")
        screen = terminal.wait_for("added typed@localhost", "password: ")
    password = re.search(r"password: (\S+)", screen).group(1)
    with login(server, Account("typed@localhost", password), "here") as session:
        session.ping()


# -- what is known of an account ---------------------------------------------------------------------------

def test_an_account_is_shown_with_what_is_kept_for_it_and_who_is_there(server):
    owner, sender, bystander = server.accounts("owner", "sender", "bystander")
    fresh = server.ctl_json("user", "show", owner.jid)
    assert fresh["last_seen"] is None and fresh["sessions"] == [] and fresh["stored"] == {}
    assert fresh["mailbox"] == {"messages": 0, "bytes": 0, "more": False}
    assert fresh["archive"] == {"messages": 0, "bytes": 0, "more": False, "quota": 1024 ** 3}
    assert "never, as far as is known" in server.ctl("user", "show", owner.jid).stdout
    with login(server, sender, "there") as there:
        for number in range(3):
            there.send(f"<message to='{owner.jid}' type='chat' id='m{number}'><body>{'x' * 1000}</body></message>")
        there.ping()
    with login(server, owner, "desk") as desk:  # not available, so the mail stays
        desk.ask("set", "<query xmlns='jabber:iq:roster'><item jid='friend@localhost'/></query>")
        desk.ask("set", "<query xmlns='jabber:iq:private'><notes xmlns='urn:x:notes'>milk</notes></query>")
        shown = server.ctl_json("user", "show", owner.jid)
        assert [each["jid"] for each in shown["sessions"]] == [desk.jid]
        text = server.ctl("user", "show", owner.jid).stdout
        (row,) = rows_of(text, SESSION=desk.jid)
        assert row["PRIORITY"] == "unavailable" and re.fullmatch(DATE, row["SINCE (UTC)"])
        assert "  last seen   logged in now\n" in text and "  contacts    1\n" in text
    assert shown["jid"] == owner.jid and shown["enabled"] and shown["created"] > 1_700_000_000
    assert shown["contacts"] == 1 and shown["stored"]["private"] > 4
    for place in ("archive", "mailbox"):
        kept = shown[place]
        assert kept["messages"] == 3 and 3000 < kept["bytes"] < 6000 and kept["more"] is False
    assert re.search(r"  archive     3 messages, \d\.\d KiB, 0 % of its quota of 1.0 GiB\n", text)
    assert server.ctl_json("user", "show", bystander.jid)["contacts"] == 0
    with login(server, owner, "desk", presence=True) as desk:
        desk.ping()
    until(lambda: server.ctl_json("user", "show", owner.jid)["last_seen"], "last seen")
    seen = server.ctl_json("user", "show", owner.jid)["last_seen"]
    assert abs(seen - time.time()) < 3600
    assert re.search(rf"  last seen   {DATE} UTC\n", server.ctl("user", "show", owner.jid).stdout)


def test_an_account_that_is_not_there_is_not_shown(server, control):
    assert code(control.ask("user show", jid="nobody.at.all@localhost")) == "no-such-account"
    assert code(control.ask("user show", jid="a@elsewhere.example")) == "not-local"
    assert code(control.ask("user show", jid="localhost")) == "not-local"
    assert code(control.ask("user show", jid="a@localhost/phone")) == "bad-request"


def test_the_quota_of_an_account_is_seen_and_set(server, control):
    owner, friend = server.accounts("hoarder", "friend")
    with login(server, owner, "desk", presence=True) as desk, login(server, friend, "there") as there:
        for number in range(40):
            there.send(f"<message to='{owner.jid}' type='chat' id='m{number}'><body>{'x' * 1000}</body></message>")
        desk.forget(there)

        def archive():
            return server.ctl_json("user", "show", owner.jid)["archive"]

        before = archive()
        assert before["bytes"] > 40_000 and before["quota"] == 1024 ** 3
        assert server.ctl("user", "quota", owner.jid, "20 KiB").stdout == f"changed the quota of {owner.jid}\n"
        until(lambda: archive()["bytes"] <= 20 * 1024, "a smaller archive")
        assert archive()["messages"] > 10 and archive()["quota"] == 20 * 1024
        assert re.search(r"  archive     1\d messages, \d+\.\d KiB, \d+ % of its quota of 20.0 KiB\n",
                         server.ctl("user", "show", owner.jid).stdout)
        server.ctl("user", "quota", owner.jid, "none")
        assert "(no quota)" in server.ctl("user", "show", owner.jid).stdout
        assert archive()["quota"] is None
        server.ctl("user", "quota", owner.jid, "default")
        assert archive()["quota"] == 1024 ** 3
        assert server.ctl_json("user", "show", friend.jid)["archive"]["messages"] == 40
    for nonsense in ("", "-5", "much", "5 days"):
        assert code(control.ask("user quota", jid=owner.jid, quota=nonsense)) == "bad-request"
    assert code(control.ask("user quota", jid="nobody.at.all@localhost", quota="none")) == "no-such-account"
    assert code(control.ask("user quota", jid="a@elsewhere.example", quota="none")) == "not-local"


# -- announcements -----------------------------------------------------------------------------------------

def test_an_announcement_goes_to_those_who_are_online(private_server):
    server = private_server(hosts=("localhost", "other.example"))
    romeo, sleeper = server.accounts("romeo", "sleeper")
    juliet = server.account("juliet", host="other.example")
    with login(server, romeo, "here", presence=True) as one, login(server, juliet, "there", presence=True) as other, \
            login(server, sleeper, "bed") as absent:
        assert server.ctl("announce", "Back at eight <&>").stdout == "told 2 users\n"
        one.expect("<message from='localhost' type='headline'><body>Back at eight &lt;&amp;&gt;</body></message>")
        other.expect("<message from='other.example' type='headline'><body>Back at eight &lt;&amp;&gt;</body></message>")
        assert server.ctl_json("announce", "Only here", "--host", "localhost") == {"told": 1}
        one.expect("<message from='localhost' type='headline'><body>Only here</body></message>")
        for each in (one, other, absent):
            each.ping()
            assert not each.inbox
    assert server.ctl("announce", "", check=False).returncode == 1
    refused = server.ctl("announce", "Nobody", "--host", "nowhere.example", check=False)
    assert refused.returncode == 1 and "not served here" in refused.stderr


def test_lists_have_headers_and_say_when_there_is_nothing(server):
    assert server.ctl("sessions", "list", "nobody.at.all@localhost").stdout == "0 sessions\n"
    account = server.account("listed")
    with login(server, account, "here", presence=True):
        shown = server.ctl("sessions", "list", account.jid).stdout.splitlines()
    assert re.fullmatch(r"SESSION +PRIORITY +PEER +TRANSPORT +SINCE \(UTC\)", shown[0])
    assert len(shown) == 3 and shown[2] == "1 session"
    (row,) = rows_of("\n".join(shown[:2]))
    assert row["SESSION"] == f"{account.jid}/here" and row["PRIORITY"] == "0"


def test_times_are_utc_wherever_the_administrator_is(server):
    account = server.account("created")
    shown = subprocess.run([BUILD / "stonechatctl", "--config", server.config, "user", "show", account.jid],
                           capture_output=True, text=True, env={**os.environ, "TZ": "Asia/Kolkata"}).stdout
    created = time.gmtime(server.ctl_json("user", "show", account.jid)["created"])
    assert f"  created     {time.strftime('%Y-%m-%d %H:%M:%S', created)} UTC\n" in shown


def test_a_backup_is_a_whole_database_and_replaces_nothing(server):
    path = server.folder / "copy.db"
    server.ctl("backup", str(path))
    assert path.read_bytes().startswith(b"SQLite format 3\0") and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert server.ctl("backup", str(path), check=False).returncode == 1


def test_status_counts_hosts_and_tells_how_the_server_is(server):
    status = server.ctl_json("status")
    assert {each["name"] for each in status["hosts"]} == {"localhost", "other.example"}
    assert status["pid"] == server.process.pid
    assert status["counters"]["dead_letters"] == 0, "stanzas that broke a handler"
    assert "Stonechat" in server.ctl("status").stdout


def test_without_a_server_the_exit_code_is_3(tmp_path):
    done = subprocess.run([BUILD / "stonechatctl", "--socket", tmp_path / "none.sock", "status"],
                          capture_output=True, text=True)
    assert done.returncode == 3 and "is it running?" in done.stderr
