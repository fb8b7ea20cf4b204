# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows F1 and F3 to F7: a disk that is full, broken, read-only or slow, a damaged database, and a clock
that jumps. F8, no descriptors left, is row A4 in tests/hostile/test_connections.py."""
import contextlib
import errno
import sqlite3
import subprocess
import time
import xml.etree.ElementTree as ET

import pytest

from support.match import CLIENT
from support.raw import WAIT, Ended, RawClient, login

SM = "urn:xmpp:sm:3"
MAM = "urn:xmpp:mam:2"
HOUR = 3600 * 1_000_000


def write(session, to, identity, padding=0):
    session.send(f"<message to='{to}' type='chat' id='{identity}'><body>{identity}{'x' * padding}</body></message>")


def archive(session):
    """(id in the archive, id of the message) of what is in the session's archive, in its order."""
    session.ask("set", f"<query xmlns='{MAM}' queryid='all'><set xmlns='http://jabber.org/protocol/rsm'>"
                       "<max>250</max></set></query>")
    results = [e.find(f"{{{MAM}}}result") for e in session.inbox]
    session.inbox = [e for e, result in zip(session.inbox, results) if result is None]
    entries = [(result.get("id"), result.find(f".//{{{CLIENT}}}message").get("id"))
               for result in results if result is not None]
    return [entry for entry in entries if not entry[1].startswith("note-")]  # what login() wrote to itself


def enable_management(session):
    session.send(f"<enable xmlns='{SM}'/>")
    session.expect(f"<enabled xmlns='{SM}'/>")


def acknowledged(session, at_least, wait=WAIT):
    """Waits for an <a/> that covers so many."""
    session.send(f"<r xmlns='{SM}'/>")
    session.expect(lambda e: e.tag == f"{{{SM}}}a" and int(e.get("h")) >= at_least, wait, f"<a h='{at_least}'/>")


def refused_start(server):
    """The server does not start; what it says, and its exit code is not 0."""
    done = subprocess.run(server.command(), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def database(server):
    return next(server.folder.rglob("*.db"))


# -- F1: killed while the database is made -------------------------------------------------------------

@pytest.mark.parametrize("moment, count", [("before_log_write", 1), ("before_log_write", 20), ("before_log_sync", 1),
                                           ("before_rename", 1), ("after_rename", 1)])
def test_F1_killed_in_its_first_start_it_starts_the_next_time(faulty, moment, count):
    server = faulty()
    for file in server.folder.rglob("*.db*"):
        file.unlink()  # `stonechat init` has made one
    server.shim.kill_at(moment, count)
    killed = subprocess.run(server.command(), capture_output=True, timeout=60)
    assert killed.returncode == -9, "it never came there"
    server.shim.heal()
    server.start()
    with login(server, server.account("first"), "here") as session:
        session.ping()


# -- F3: the disk is full ------------------------------------------------------------------------------

def fill_up_and_write(server, writer, reader):
    """Writes until something is refused; the ids of what was taken, and the one that was not."""
    server.shim.full = 1
    for number in range(100):
        write(writer, reader.bare, f"m{number}", padding=4000)
        writer.ping()
        errors = [e for e in writer.forget() if e.get("type") == "error"]
        if errors:
            assert errors[0].get("id") == f"m{number}"
            error = errors[0].find(f"{{{CLIENT}}}error")
            assert error.get("type") == "wait", ET.tostring(errors[0])
            assert error[0].tag.endswith("}resource-constraint"), ET.tostring(errors[0])
            return [f"m{n}" for n in range(number)], f"m{number}"
    raise AssertionError("nothing was refused")


def test_F3_a_full_disk_refuses_what_does_not_fit_and_the_rest_lives(faulty):
    server = faulty().start()
    writer_account, reader_account = server.accounts("writer", "reader")
    with login(server, writer_account, "desk", presence=True) as writer, \
            login(server, reader_account, "desk", presence=True) as reader:
        taken, refused = fill_up_and_write(server, writer, reader)
        came = [e.get("id") for e in reader.forget(writer) if e.get("id", "").startswith("m")]
        assert came == [each for each in came if each in taken], "only what was taken is delivered"
        assert refused not in came

        writer.send(f"<presence to='{reader.jid}'/>")  # needs no storage
        reader.expect(f"<presence from='{writer.jid}'/>")
        archived = [identity for _, identity in archive(writer)]
        assert archived == taken and refused not in archived, "reads go on; what was refused is not archived"
        assert server.is_running()

        server.shim.full = 0
        began = time.monotonic()
        write(writer, reader.bare, "after")
        reader.expect("<message id='after'/>", wait=5)
        assert time.monotonic() - began < 5
        assert [identity for _, identity in archive(reader)] == [*taken, "after"]


def test_F3_mail_for_somebody_offline_is_refused_too_and_fits_later(faulty):
    server = faulty().start()
    writer_account, sleeper = server.accounts("writer", "sleeper")
    with login(server, writer_account, "desk", presence=True) as writer:
        server.shim.full = 1
        for number in range(100):
            write(writer, sleeper.jid, f"m{number}", padding=4000)
            writer.ping()
            if any(e.get("type") == "error" for e in writer.forget()):
                break
        server.shim.full = 0
        write(writer, sleeper.jid, "after")
        writer.ping()
        assert not writer.forget()
    with login(server, sleeper, "bed") as reader:
        mail = [e.get("id") for e in reader.become_available() if e.get("id", "").startswith(("m", "after"))]
    assert mail == [*(f"m{n}" for n in range(number)), "after"]


def test_F3_a_full_disk_is_called_that_to_administrators(faulty):
    """By each command that cannot store something, by `status`, and once in the log, when it begins and when it ends."""
    server = faulty().start()
    writer_account, reader_account = server.accounts("writer", "reader")
    assert server.ctl_json("status")["warnings"] == []
    with login(server, writer_account, "desk", presence=True) as writer, \
            login(server, reader_account, "desk", presence=True) as reader:
        room = "cave@conference.localhost"
        writer.send(f"<presence to='{room}/w'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        writer.expect(f"<message from='{room}' type='groupchat'><subject/></message>")
        writer.ask("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/>"
                          "</query>", to=room)
        writer.forget()
        fill_up_and_write(server, writer, reader)
        for words in (["user", "add", "late{}@localhost", "--password", "x" * 100], ["room", "set", room, "roomname={}"],
                      ["room", "affiliate", room, "friend{}@localhost", "member"], ["room", "destroy", room, "--yes"]):
            for attempt in range(20):  # what is small may still fit
                refused = server.ctl(*(word.format(attempt) for word in words), check=False)
                if refused.returncode != 0:
                    break
            assert refused.returncode == 1 and refused.stderr.endswith("The disk is full\n"), (words, refused)
    (warning,) = server.ctl_json("status")["warnings"]
    assert "the disk is full" in warning and str(server.folder) in warning
    assert server.log().count("disk full") == 1 and "rolled_back" not in server.log()
    server.shim.full = 0
    server.ctl("user", "add", "later@localhost", "--password", "x")
    assert server.ctl_json("status")["warnings"] == []
    assert server.log().count("disk full") == 1 and server.log().count("disk has space again") == 1


def test_F3_a_ban_that_cannot_be_lifted_stays_and_is_lifted_later(faulty):
    server = faulty().start()
    writer_account, reader_account = server.accounts("writer", "reader")
    prefixes = [f"192.0.2.{number}" for number in range(20)]
    for prefix in prefixes:
        server.ctl("ban", "add", prefix)
    with login(server, writer_account, "desk", presence=True) as writer, \
            login(server, reader_account, "desk", presence=True) as reader:
        fill_up_and_write(server, writer, reader)
    for prefix in prefixes:  # what is small may still fit
        refused = server.ctl("ban", "remove", prefix, check=False)
        if refused.returncode != 0:
            break
    assert refused.returncode == 1, "nothing was refused"
    assert prefix in [row["prefix"] for row in server.ctl_json("ban", "list")["bans"]]
    server.shim.full = 0
    assert server.ctl("ban", "remove", prefix).stdout == f"lifted the ban of {prefix}\n"
    assert prefix not in [row["prefix"] for row in server.ctl_json("ban", "list")["bans"]]


# -- F4: the disk is broken, or becomes read-only ------------------------------------------------------

@pytest.mark.parametrize("field, error", [("sync_error", errno.EIO), ("write_error", errno.EIO),
                                          ("write_error", errno.EROFS)])
def test_F4_after_an_io_error_nothing_is_acknowledged_and_the_server_ends(faulty, field, error):
    server = faulty().start()
    writer_account, reader_account = server.accounts("writer", "reader")
    with login(server, writer_account, "desk", presence=True) as writer, \
            login(server, reader_account, "desk", presence=True) as reader:
        enable_management(writer)
        write(writer, reader.bare, "before")
        acknowledged(writer, 1)
        reader.expect("<message id='before'/>")
        setattr(server.shim, field, error)
        for number in range(20):
            write(writer, reader.bare, f"m{number}")
        writer.send(f"<r xmlns='{SM}'/>")
        heard = everything(writer)
        refused = {e.get("id") for e in heard if e.get("type") == "error"}
        handled = max([int(e.get("h")) for e in heard if e.tag == f"{{{SM}}}a"], default=1)
        assert {f"m{number}" for number in range(handled - 1)} <= refused, "acknowledged and not refused"
        assert not [e for e in everything(reader) if e.get("id", "").startswith("m") and e.get("type") != "error"]
        assert server.process.wait(20) != 0
    assert "storage failed" in server.log() and "server stops" in server.log(), server.log_tail()
    server.shim.heal()
    server.start()
    with login(server, reader_account, "desk") as reader:
        assert [identity for _, identity in archive(reader)][:1] == ["before"]


def everything(session):
    """All elements until the connection ends."""
    heard, session.inbox = session.inbox, []
    while True:
        event = session.next_event()
        if isinstance(event, Ended):
            return heard
        if isinstance(event, ET.Element):
            heard.append(event)


def test_F4_on_a_read_only_disk_the_start_is_refused(faulty):
    server = faulty().start()
    server.account("somebody")
    server.stop()
    server.shim.read_only = 1
    said = refused_start(server)
    assert database(server).name in said and "Read-only file system" in said, said
    server.shim.heal()
    server.start()


# -- F5: the database is damaged -----------------------------------------------------------------------

def damage_page(path):
    with open(path, "r+b") as file:
        size = path.stat().st_size
        for page in range(2, size // 4096):
            file.seek(page * 4096)
            file.write(b"\x5a" * 512)


def cut_in_half(path):
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2)


def empty(path):
    path.write_bytes(b"")


def newer(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 9999")


def text_file(path):
    path.write_text("Dear diary\n" * 100)


def of_somebody_else(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    path.chmod(0o600)


@pytest.mark.parametrize("damage, remedy", [
    (damage_page, "last backup"), (cut_in_half, "last backup"), (empty, "last backup"), (newer, "newer server"),
    (text_file, "last backup"), (of_somebody_else, "another file")])
def test_F5_a_damaged_database_is_refused_with_a_remedy_and_left_alone(faulty, damage, remedy):
    server = faulty().start()
    server.account("somebody")
    server.stop()
    damage(database(server))
    before = database(server).read_bytes()
    said = refused_start(server)
    assert str(database(server)) in said and remedy in said, said
    assert database(server).read_bytes() == before


def test_F5_a_database_that_is_gone_while_its_log_is_there_is_refused(faulty):
    server = faulty().start()
    server.account("somebody")
    server.kill()
    path = database(server)
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    path.rename(path.with_name("elsewhere"))
    said = refused_start(server)
    assert str(path) in said and "missing" in said, said


def test_F5_a_log_that_was_cut_off_gives_a_sound_database_without_its_end(faulty):
    """Nobody can tell it from a crash in the middle of a write: what is behind the cut is gone."""
    server = faulty().start()
    early, = server.accounts("early")
    path = database(server)
    log = path.with_name(path.name + "-wal")
    cut = log.stat().st_size
    server.account("late")
    server.kill()
    with open(log, "r+b") as file:
        file.truncate(cut + 5000)
    server.start()
    with login(server, early, "here") as session:
        session.ping()


# -- F6: the disk is slow ------------------------------------------------------------------------------

def slowest_ping(session, seconds):
    slowest, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        session.ping()
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.02)  # a pace, not a wait for an effect
    return slowest


def test_F6_slow_syncs_delay_acknowledgements_and_nothing_else(faulty):
    server = faulty().start()
    accounts = server.accounts("writer", "reader", "idler")
    writer, reader, idler = (login(server, each, "desk", presence=True) for each in accounts)
    enable_management(writer)
    server.shim.sync_delay_us = 50_000
    count = 400
    for number in range(count):
        write(writer, reader.bare, f"m{number}")
    assert slowest_ping(idler, 1) < 1, "who needs no disk does not wait for it"
    acknowledged(writer, count)
    came = [e.get("id") for e in reader.forget(writer) if e.get("id", "").startswith("m")]
    assert came == [f"m{number}" for number in range(count)]
    assert not [e for e in writer.forget() if e.get("type") == "error"]


def test_F6_a_stall_of_five_seconds_holds_back_only_what_must_be_safe(faulty):
    server = faulty().start()
    accounts = server.accounts("writer", "reader", "idler", "other")
    writer, reader, idler, other = (login(server, each, "desk", presence=True) for each in accounts)
    enable_management(writer)
    server.shim.stall_us = 5_000_000
    began = time.monotonic()
    write(writer, reader.bare, "held")
    assert slowest_ping(idler, 2) < 1
    idler.send(f"<presence to='{other.jid}'><status>awake</status></presence>")
    other.expect("<presence><status>awake</status></presence>", wait=1)
    writer.send(f"<r xmlns='{SM}'/>")
    early = writer.expect(f"<a xmlns='{SM}'/>", wait=1)
    assert early.get("h") == "0", "asked now, it says what is safe now"
    assert not reader.inbox
    writer.expect(f"<a xmlns='{SM}' h='1'/>", wait=20)
    assert time.monotonic() - began > 4, "not before the sync"
    reader.expect("<message id='held'/>", wait=5)


# -- F7: the clock jumps -------------------------------------------------------------------------------

# XEP-0313 §6.2-1 §3.1-1
def test_F7_archive_ids_grow_and_nobody_is_thrown_out_when_the_clock_jumps(faulty):
    server = faulty().start()
    accounts = server.accounts("writer", "reader")
    writer, reader = (login(server, each, "desk", presence=True) for each in accounts)
    jumps = [0, HOUR, -HOUR, -int(time.time()) * 1_000_000 + HOUR, 24 * HOUR, 0]
    for number, jump in enumerate(jumps):
        server.shim.clock_offset_us = jump
        write(writer, reader.bare, f"m{number}")
        reader.expect(f"<message id='m{number}'/>")
        writer.ping()
        with login(server, accounts[0], "other") as another:
            another.ping()
    entries = archive(reader)
    assert [identity for _, identity in entries] == [f"m{number}" for number in range(len(jumps))]
    ids = [int(identity) for identity, _ in entries]
    assert all(earlier < later for earlier, later in zip(ids, ids[1:])), ids


def test_F7_ids_grow_over_a_restart_with_an_earlier_clock(faulty):
    server = faulty().start()
    accounts = server.accounts("writer", "reader")
    for number, jump in enumerate((0, -HOUR)):
        server.shim.clock_offset_us = jump
        server.restart()
        with login(server, accounts[0], "desk", presence=True) as writer:
            write(writer, accounts[1].jid, f"m{number}")
            writer.ping()
    with login(server, accounts[1], "desk") as reader:
        entries = archive(reader)
    assert [identity for _, identity in entries] == ["m0", "m1"]
    assert int(entries[0][0]) < int(entries[1][0])


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_F7_timers_do_not_follow_the_clock(faulty, jump):
    server = faulty(auth_timeout="2s").start()
    with RawClient(server) as early:
        early.open()
        server.shim.clock_offset_us = jump
        began = time.monotonic()
        early.expect_stream_error("connection-timeout", wait=20)
        took = time.monotonic() - began
        assert 0.5 < took < 10, took
