#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the server at random moments of a storm of offline messages and roster changes, starts it again,
and compares what is there with what it had acknowledged. The clients know no stream management; those
who do are in kill_loop.py.

    tests/fault/mail_loop.py --cycles 1000 [--pairs 6] [--seed 7]

A message is acknowledged when the result of an iq that its sender sent behind it has come, a roster
change when its own result has come. Prints one line; the exit status tells whether it is clean.
"""
import argparse
import contextlib
import pathlib
import random
import sqlite3
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from ledger import Ledger  # noqa: E402
from support.raw import login  # noqa: E402
from support.server import make_server  # noqa: E402

BATCH = 10
CONTACTS = 200
SETTINGS = {"offline_per_user": 1_000_000, "offline_per_sender": 1_000_000}


class Writer(threading.Thread):
    """Writes to somebody who is offline and changes its own roster until the connection breaks."""

    def __init__(self, server, account, friend, ledger, first):
        super().__init__(daemon=True)
        self._server, self._account, self._friend, self._ledger = server, account, friend, ledger
        self.next_number = first

    def run(self):
        try:
            with login(self._server, self._account, "desk") as session:
                while True:
                    self._write(session)
        except (AssertionError, OSError):
            pass  # the kill

    def _write(self, session):
        numbers = range(self.next_number, self.next_number + BATCH)
        self.next_number += BATCH
        session.send("".join(
            f"<message to='{self._friend.jid}' type='chat' id='{n}'><body>line {n}</body></message>"
            for n in numbers))
        contact = f"contact{numbers[0] // BATCH % CONTACTS}@localhost"
        item = f"<item jid='{contact}' name='{numbers[0]}'/>"
        answer = session.ask("set", f"<query xmlns='jabber:iq:roster'>{item}</query>")
        refused = {int(e.get("id")) for e in session.inbox if e.get("type") == "error"}
        session.inbox.clear()
        for number in set(numbers) - refused:
            self._ledger.lane(self._account.jid).acknowledge(number)
        if answer.get("type") == "result":
            self._ledger.acknowledge_field((self._account.jid, contact), numbers[0])


class MailLoop:
    def __init__(self, pairs, seed=None, **settings):
        self._random = random.Random(seed)
        self._ledger = Ledger()
        self._server = make_server(settings={**SETTINGS, **settings}).start()
        names = [f"{role}{number}" for number in range(pairs) for role in ("writer", "reader")]
        accounts = self._server.accounts(*names)
        self._pairs = list(zip(accounts[::2], accounts[1::2]))
        self._next = {writer.jid: 1 for writer, _ in self._pairs}

    def run(self, cycles):
        try:
            for _ in range(cycles):
                self._storm(self._random.uniform(0.05, 0.8))
                self._collect_mail()
            self._collect_rosters()
            self._server.stop()
            self._check_database()
        finally:
            self._server.remove()
        return self._ledger.judge(cycles)

    def _storm(self, seconds):
        writers = [Writer(self._server, writer, reader, self._ledger, self._next[writer.jid])
                   for writer, reader in self._pairs]
        for each in writers:
            each.start()
        threading.Event().wait(seconds)
        self._server.kill()
        for each, (account, _) in zip(writers, self._pairs):
            each.join()
            self._next[account.jid] = each.next_number
        self._server.start()

    def _collect_mail(self):
        for writer, reader in self._pairs:
            with login(self._server, reader, "phone") as session:
                mail = [e for e in session.become_available() if e.tag == "{jabber:client}message"]
                session.close()
            for each in mail:
                self._ledger.lane(writer.jid).deliver(int(each.get("id")))

    def _collect_rosters(self):
        for writer, _ in self._pairs:
            with login(self._server, writer, "desk") as session:
                answer = session.ask("get", "<query xmlns='jabber:iq:roster'/>")
            for item in answer.iter("{jabber:iq:roster}item"):
                self._ledger.find_field((writer.jid, item.get("jid")), int(item.get("name")))

    def _check_database(self):
        for file in self._server.folder.rglob("*.db"):
            with contextlib.closing(sqlite3.connect(file)) as database:
                (answer,) = database.execute("PRAGMA integrity_check").fetchone()
                assert answer == "ok", f"{file.name}: {answer}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--seed", type=int)
    arguments = parser.parse_args()
    verdict = MailLoop(arguments.pairs, arguments.seed).run(arguments.cycles)
    print(verdict)
    return 0 if verdict.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
