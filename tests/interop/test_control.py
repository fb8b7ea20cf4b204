# SPDX-License-Identifier: Apache-2.0
"""What an administrator does at the shell: stonechatctl, reloading, certificates, backup and restore."""
import os
import shutil
import signal
import stat
import subprocess

import pytest

from support.limits import until
from support.match import CLIENT
from support.raw import RawClient, login
from support.scene import can_log_in


def jids(answer, key):
    return [each["jid"] for each in answer[key]]


def test_accounts_are_added_listed_changed_and_deleted(server):
    romeo = server.account("romeo")
    jid = f"added.{romeo.jid}"
    server.ctl("user", "add", jid, "--password", "first")
    assert {romeo.jid, jid} <= set(jids(server.ctl_json("user", "list"), "accounts"))
    assert can_log_in(server, jid, "first")
    server.ctl("user", "password", jid, "--password", "second")
    assert not can_log_in(server, jid, "first") and can_log_in(server, jid, "second")
    server.ctl("user", "delete", jid)
    assert jid not in jids(server.ctl_json("user", "list"), "accounts")
    assert not can_log_in(server, jid, "second") and can_log_in(server, romeo.jid, romeo.password)


def test_a_disabled_account_is_thrown_out_and_keeps_its_data(server):
    account, bystander = server.accounts("account", "bystander")
    with login(server, account, "here") as session, login(server, bystander, "there") as other:
        session.ask("set", "<query xmlns='jabber:iq:roster'><item jid='friend@localhost'/></query>")
        server.ctl("user", "disable", account.jid)
        session.expect_end()
        other.ping()
    assert not can_log_in(server, account.jid, account.password)
    server.ctl("user", "enable", account.jid)
    with login(server, account, "here") as session:
        answer = session.ask("get", "<query xmlns='jabber:iq:roster'/>")
        assert [item.get("jid") for item in answer.iter("{jabber:iq:roster}item")] == ["friend@localhost"]


def test_sessions_are_listed_and_kicked(server):
    account, bystander = server.accounts("account", "bystander")
    with login(server, account, "one") as one, login(server, account, "two") as two, \
            login(server, bystander, "there") as other:
        listed = jids(server.ctl_json("sessions", "list", account.jid), "sessions")
        assert sorted(listed) == [one.jid, two.jid]
        assert server.ctl_json("sessions", "kick", one.jid)["ended"] == 1
        one.expect_end()
        two.ping()
        assert server.ctl_json("sessions", "kick", account.jid)["ended"] == 1
        two.expect_end()
        other.ping()


def test_status_counts_what_is_there(private_server):
    server = private_server()
    before = server.ctl_json("status")
    with login(server, server.account("account"), "here"):
        after = server.ctl_json("status")
        assert before["hosts"][0]["sessions"] == 0 and after["hosts"][0]["sessions"] == 1
        assert after["pid"] == server.process.pid
    until(lambda: server.ctl_json("status")["hosts"][0]["sessions"] == 0, "the session is gone")


@pytest.mark.parametrize("arguments, code", [
    (("user", "add", "nobody@elsewhere.example", "--password", "x"), 1),
    (("user", "delete", "nobody@localhost"), 1),
    (("user", "add", "not a jid@@", "--password", "x"), 1),
    (("sessions", "kick", "nobody@localhost/gone"), 1),
    (("nonsense",), 2),
    (("user", "add"), 2),
])
def test_mistakes_have_exit_codes_and_words(server, arguments, code):
    done = server.ctl(*arguments, check=False)
    assert done.returncode == code and done.stderr.strip()


def test_without_a_server_the_exit_code_says_so(private_server):
    server = private_server()
    server.stop()
    assert server.ctl("status", check=False).returncode == 3


def test_the_control_socket_and_the_data_are_for_the_server_alone(server):
    open_to_others = [path for path in server.folder.rglob("*") if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
                      and path.parent.name == "data" and path.suffix in (".sock", ".db", ".key")]
    assert open_to_others == []


# -- reloading ----------------------------------------------------------------------------------------------------

def test_a_reload_applies_what_is_hot_and_drops_nobody(private_server):
    server = private_server()
    with login(server, server.account("account"), "here") as session:
        server.configure({"auth_timeout": "17 s"})
        changes = server.ctl_json("reload")["changes"]
        assert any("auth_timeout" in str(change) for change in changes), changes
        session.ping()


def test_a_broken_configuration_changes_nothing(private_server):
    server = private_server()
    good = server.config.read_text()
    with login(server, server.account("account"), "here") as session:
        server.config.write_text(good + "\n[c2s]\nno_such_key = 1\n")
        (socket,) = server.folder.rglob("*.sock")
        done = server.run("stonechatctl", "--socket", str(socket), "reload", check=False)
        assert done.returncode == 1 and "no_such_key" in done.stdout + done.stderr
        session.ping()
    server.config.write_text(good)
    server.restart()


def test_sighup_reloads_too(private_server):
    server = private_server()
    server.configure({"auth_timeout": "17 s"})
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "auth_timeout" in server.log(), "the change is logged")
    RawClient(server).drop()


def test_a_new_certificate_is_used_by_new_streams_and_old_ones_live_on(private_server):
    server = private_server()
    with login(server, server.account("account"), "here") as session:
        old = session.socket.getpeercert(True)
        make_certificate(server)
        server.ctl("reload")
        with RawClient(server) as client:
            assert client.socket.getpeercert(True) != old
        session.ping()


def test_a_bad_certificate_keeps_the_old_one(private_server):
    server = private_server()
    with login(server, server.account("account"), "here") as session:
        old = session.socket.getpeercert(True)
        server.certificate.write_text("not a certificate\n")
        done = server.ctl("reload", check=False)
        assert done.returncode == 1, "the reload says what is wrong"
        with RawClient(server) as client:
            assert client.socket.getpeercert(True) == old
        session.ping()


def make_certificate(server):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", server.certificate.with_suffix(".key"), "-out", server.certificate],
                   check=True, capture_output=True)


# -- backup -------------------------------------------------------------------------------------------------------

def test_a_backup_taken_at_work_holds_what_was_acknowledged(private_server, tmp_path):
    server = private_server()
    sender, sleeper = server.accounts("sender", "sleeper")
    with login(server, sender, "here") as session:
        session.ask("set", "<query xmlns='jabber:iq:roster'><item jid='friend@localhost'/></query>")
        session.send(f"<message to='{sleeper.jid}' type='chat' id='kept'><body>kept</body></message>")
        session.ping()
        backup = tmp_path / "backup.db"
        server.ctl("backup", str(backup))
        session.send(f"<message to='{sleeper.jid}' type='chat' id='later'><body>later</body></message>")
        session.ping()
    server.stop()
    (database,) = server.folder.rglob("*.db")
    for part in server.folder.rglob("*.db-*"):
        part.unlink()
    shutil.copy(backup, database)
    os.chmod(database, 0o600)
    server.start()
    with login(server, sleeper, "bed") as session:
        assert [e.get("id") for e in session.become_available() if e.tag == f"{{{CLIENT}}}message"] == ["kept"]
    with login(server, sender, "here") as session:
        answer = session.ask("get", "<query xmlns='jabber:iq:roster'/>")
        assert [item.get("jid") for item in answer.iter("{jabber:iq:roster}item")] == ["friend@localhost"]


def test_a_backup_does_not_overwrite(server, tmp_path):
    (tmp_path / "there").write_text("mine")
    assert server.ctl("backup", str(tmp_path / "there"), check=False).returncode == 1
    assert (tmp_path / "there").read_text() == "mine"


# -- starting -----------------------------------------------------------------------------------------------------

def test_init_does_not_overwrite(private_server):
    server = private_server()
    before = server.config.read_text()
    again = server.run("stonechat", "init", str(server.folder), "--host", "localhost", check=False)
    assert again.returncode != 0 and server.config.read_text() == before


def test_a_second_server_on_the_same_data_is_refused(private_server):
    server = private_server()
    second = server.run("stonechat", "--config", str(server.config), check=False)
    assert second.returncode != 0 and second.stderr.strip()
    RawClient(server).drop()


def test_a_corrupt_database_is_refused_with_its_name(private_server):
    """F5: never a silent empty database."""
    server = private_server()
    server.account("somebody")
    server.stop()
    (database,) = server.folder.rglob("*.db")
    for part in server.folder.rglob("*.db-*"):
        part.unlink()
    database.write_bytes(b"this is no database " * 400)
    done = server.run("stonechat", "--config", str(server.config), check=False)
    assert done.returncode != 0 and database.name in done.stdout + done.stderr


def test_check_names_file_line_and_suggestion(private_server):
    server = private_server()
    text = server.config.read_text()
    server.config.write_text(text + "\n[c2s]\nauth_timeuot = \"1 s\"\n" if "[c2s]" not in text
                             else text.replace("[c2s]", "[c2s]\nauth_timeuot = \"1 s\"", 1))
    line = next(i for i, each in enumerate(server.config.read_text().splitlines(), 1) if "timeuot" in each)
    done = server.run("stonechat", "check", "--config", str(server.config), check=False)
    assert done.returncode != 0
    assert f"stonechat.toml:{line}" in done.stdout + done.stderr and "auth_timeout" in done.stdout + done.stderr
    server.config.write_text(text)
