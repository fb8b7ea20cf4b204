# SPDX-License-Identifier: Apache-2.0
"""The control socket (docs/protocol/ctl.md), and stonechatctl over it."""
import contextlib
import json
import os
import socket
import stat

import pytest


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
    assert "Stonechat" in server.ctl("status").stdout


def test_without_a_server_the_exit_code_is_3(tmp_path):
    from support.server import BUILD
    import subprocess
    done = subprocess.run([BUILD / "stonechatctl", "--socket", tmp_path / "none.sock", "status"],
                          capture_output=True, text=True)
    assert done.returncode == 3 and "is it running?" in done.stderr
