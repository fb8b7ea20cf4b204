# SPDX-License-Identifier: Apache-2.0
"""What an administrator does at the shell: stonechatctl, reloading, certificates, backup and restore."""
import os
import shutil

from support.certificates import make_certificate
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
    server.ctl("user", "delete", jid, "--yes")
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


# -- reloading -------------------------------------------------------------------------------------------

def test_a_reload_applies_what_is_hot_and_drops_nobody(private_server):
    server = private_server()
    with login(server, server.account("account"), "here") as session:
        server.configure({"auth_timeout": "17 s"})
        changes = server.ctl_json("reload")["changes"]
        assert any("auth_timeout" in str(change) for change in changes), changes
        session.ping()


def test_a_new_certificate_is_used_by_new_streams_and_old_ones_live_on(private_server):
    server = private_server()
    with login(server, server.account("account"), "here") as session:
        old = session.socket.getpeercert(True)
        make_certificate(server.certificate, server.certificate.with_suffix(".key"))
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


# -- backup ----------------------------------------------------------------------------------------------

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
