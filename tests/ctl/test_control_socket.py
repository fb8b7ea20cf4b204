# SPDX-License-Identifier: Apache-2.0
"""The control socket (docs/protocol/ctl.md), and stonechatctl over it."""
import contextlib
import json
import os
import socket
import stat
import time

import pytest

from support.raw import WAIT, fresh_id, login


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
    assert server.ctl("user", "delete", account.jid).stdout == f"deleted {account.jid}\n"


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
    assert f"{jid}  disabled" in server.ctl("user", "list", "localhost").stdout
    server.ctl("user", "enable", jid)
    server.ctl("user", "delete", jid)
    assert jid not in server.ctl("user", "list").stdout
    gone = server.ctl("user", "delete", jid, "--json", check=False)
    assert gone.returncode == 1 and json.loads(gone.stdout)["error"]["code"] == "no-such-account"


def test_every_command_has_help(server):
    for words in (["user"], ["user", "add"], ["user", "import"], ["sessions", "kick"], ["status"], ["reload"],
                  ["backup"], ["trace"]):
        assert "--help" in server.ctl(*words, "--help").stdout
    assert server.ctl("nonsense", check=False).returncode == 2
    assert server.ctl("user", "add", check=False).returncode == 2


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
    from support.server import BUILD
    import subprocess
    done = subprocess.run([BUILD / "stonechatctl", "--socket", tmp_path / "none.sock", "status"],
                          capture_output=True, text=True)
    assert done.returncode == 3 and "is it running?" in done.stderr
