#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a server in a storm of messages, starts it again, lets everybody resume and send again what was not
acknowledged, and compares what was acknowledged (XEP-0198) with what was delivered and archived.

    tests/fault/kill_loop.py --kills 1000 [--pairs 200] [--seed 7] [--server prosody] [--control sent]

A message is acknowledged when <a h=''/> covers it, a roster change and a published item when the result has come. Half of the
kills come at a random moment, half at a named one: in the middle of a write to the log, before or after a
sync, while the log is moved into the database, between commit and answer (shim.c). The last line is the
verdict; the exit status tells whether it is clean. `--control sent` takes what was only sent for
acknowledged and never sends again: it has to find losses.
"""
import argparse
import asyncio
import collections
import contextlib
import pathlib
import random
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from ledger import DELIVERED, IN_READERS_ARCHIVE, IN_SENDERS_ARCHIVE, Ledger  # noqa: E402
from light_client import Gone, Person  # noqa: E402
from peers import SERVERS  # noqa: E402

SETTINGS = {"offline_per_user": 1_000_000, "offline_per_sender": 1_000_000}
CONTACTS = 20
ITEMS = 20
NODE = "urn:stonechat:test:kill"
PUBSUB = "http://jabber.org/protocol/pubsub"
LOGINS_AT_ONCE = 40
AGAIN = 0.2  # how often it is killed once more while they come back
WINDOW = 60  # stanzas on the way, of one person
# The larger number: by then it comes to that at the latest.
MOMENTS = {"before_log_write": 300, "half_a_log_write": 300, "before_log_sync": 40, "after_log_sync": 40,
           "before_database_write": 20, "before_database_sync": 1, "after_database_sync": 1, "before_answer": 400}


class Writer:
    """One lane: from a person to another."""

    def __init__(self, loop, person, friend, name):
        self.person, self.friend, self.name = person, friend, name
        self.lane = loop.ledger.lane(name)
        self._loop = loop
        self._contact = 0
        self._item = 0

    async def write(self, per_second):
        try:
            while True:
                count = self._loop.random.randint(1, 10)
                for _ in range(count):
                    self._message()
                if self._loop.random.random() < 0.2:
                    self._roster_change()
                if self._loop.has_nodes and self._loop.random.random() < 0.2:
                    self._publication()
                self.person.request_ack()
                await asyncio.sleep(count / per_second * self._loop.random.uniform(0.5, 1.5))
                await self.person.room(WINDOW)
        except Gone:
            pass  # the kill

    def _message(self):
        number = self.lane.next_number
        self.lane.next_number += 1
        identity = f"{self.name}-{number}"
        sent = self.person.send(
            f"<message to='{self.friend.account.jid}' type='chat' id='{identity}'><body>line {number}</body>"
            f"<origin-id xmlns='urn:xmpp:sid:0' id='{identity}'/></message>",
            lambda: self.lane.acknowledge(number))
        if self._loop.control == "sent":
            sent.on_ack = None
            self.lane.acknowledge(number)

    def _roster_change(self):
        number = self.lane.next_number
        self._contact = (self._contact + 1) % CONTACTS
        contact = f"contact{self._contact}@localhost"
        field = (self.person.account.jid, contact)

        def note(answer):
            if answer.get("type") == "result":
                self._loop.ledger.acknowledge_field(field, number)

        self.person.ask("set", f"<query xmlns='jabber:iq:roster'><item jid='{contact}' name='{number}'/></query>",
                        note)


    def _publication(self):
        number = self.lane.next_number
        self._item = (self._item + 1) % ITEMS
        field = (self.person.account.jid, f"item{self._item}")

        def note(answer):
            if answer.get("type") == "result":
                self._loop.ledger.acknowledge_field(field, number)

        self.person.ask("set", f"<pubsub xmlns='{PUBSUB}'><publish node='{NODE}'><item id='{field[1]}'>"
                               f"<number xmlns='{NODE}'>{number}</number></item></publish><publish-options>"
                               "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
                               f"<value>{PUBSUB}#publish-options</value></field>"
                               "<field var='pubsub#max_items'><value>max</value></field></x></publish-options></pubsub>",
                        note)


class KillLoop:
    def __init__(self, kills=50, pairs=200, seed=None, server="stonechat", control=None, rate=2500, quiet=True,
                 longest=3.0):
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.control = control
        self.moments = collections.Counter()
        self.starts = []
        self.written_off = 0
        self._kills, self._pair_count, self._rate, self._quiet, self._longest = kills, pairs, rate, quiet, longest
        self._is_ours = server == "stonechat"
        self.has_nodes = self._is_ours
        self._server = SERVERS[server](settings=SETTINGS)
        self._away = set()
        self._seen = set()

    def run(self):
        try:
            self._server.start()
            asyncio.run(self._run())
            self._server.stop()
            self._check_database()
        except AssertionError:
            print(self._server.log_tail(), file=sys.stderr)
            raise
        finally:
            self._server.remove()
        if self._is_ours:
            return self.ledger.judge(self._kills, DELIVERED, IN_SENDERS_ARCHIVE, IN_READERS_ARCHIVE)
        return self.ledger.judge_leniently(self._kills)

    def details(self):
        """What the verdict does not say."""
        lanes = self.ledger.lanes.values()
        starts = sorted(self.starts)
        return (f"not delivered {sum(len(lane.missing(DELIVERED)) for lane in lanes)}, "
                f"not in the reader's archive {sum(len(lane.missing(IN_READERS_ARCHIVE)) for lane in lanes)}, "
                f"not in the sender's {sum(len(lane.missing(IN_SENDERS_ARCHIVE)) for lane in lanes)}, "
                f"roster changes and items lost {self.ledger.lost_fields()}; "
                f"sessions resumed {sum(p.resumed for p in self._people)}, begun anew after a refusal "
                f"{sum(p.failed for p in self._people)}, delivered again in those "
                f"{sum(lane.again for lane in lanes)}; "
                f"written off lanes {self.written_off}; start p50 {starts[len(starts) // 2]:.2f} s, p99 {starts[len(starts) * 99 // 100]:.2f} s\n"
                + "".join(f"doubled: {each}\n" for each in self._doubles()[:10])
                + "killed " + ", ".join(f"{moment} {count}" for moment, count in sorted(self.moments.items())))

    def _doubles(self):
        return [f"{name}-{number} {what}" for name, lane in self.ledger.lanes.items()
                for number, what in lane.doubles]

    # -- one run ---------------------------------------------------------------------------------------

    async def _run(self):
        self._make_people()
        if hasattr(self._server, "register"):
            await self._server.register()
            self._server.restart()  # in order: what it forgets when it is killed may be accounts, too
        await self._log_in(self._people)
        for cycle in range(self._kills):
            await self._let_some_go()
            await self._storm()
            await self._come_back()
            self._away.clear()
            await self._settle()
            some = max(1, len(self._people) // 10)
            await self._look_into_archives(self.random.sample(self._people, some))
            if not self._quiet:
                print(f"{cycle + 1}: start {self.starts[-1]:.2f} s, {len(self._doubles())} doubled, "
                      f"{self.written_off} lanes not complete", flush=True)
        await self._look_into_archives(self._people)
        await self._collect_rosters()
        await self._collect_items()
        for person in self._people:
            await person.logout()

    def _make_people(self):
        names = [f"{role}{number}" for number in range(self._pair_count) for role in ("a", "b")]
        self._people = [Person(self._server, account, self._take_message)
                        for account in self._server.accounts(*names)]
        self._by_jid = {person.account.jid: person for person in self._people}
        self._writers = []
        for left, right in zip(self._people[::2], self._people[1::2]):
            self._writers.append(Writer(self, left, right, f"{len(self._writers)}"))
            self._writers.append(Writer(self, right, left, f"{len(self._writers)}"))

    def _take_message(self, person, message, is_continued):
        name, _, number = (message.get("id") or "").partition("-")
        if not number.isdigit() or name not in self.ledger.lanes:
            return
        if message.get("type") == "error":
            self.ledger.lane(name).refuse(int(number))
        else:
            self.ledger.lane(name).deliver(int(number), may_be_again=not is_continued)

    async def _log_in(self, people, may_fail=False):
        gate = asyncio.Semaphore(LOGINS_AT_ONCE)

        async def log_in(person):
            with contextlib.suppress(*((OSError,) if may_fail else ())):
                await try_to(person)

        async def try_to(person):
            async with gate:
                if person.stream is None or person.stream.ended.done():
                    if self.control == "sent":
                        person.unacknowledged.clear()
                        person.forget_session()
                    await person.login()

        await asyncio.gather(*(log_in(person) for person in people))

    async def _come_back(self):
        """Starts the server and logs everybody in; sometimes it is killed again in the middle of that."""
        while True:
            begin = time.monotonic()
            self._server.start()
            self.starts.append(time.monotonic() - begin)
            if self.random.random() > AGAIN:
                await self._log_in(self._people)
                return
            logins = asyncio.create_task(self._log_in(self._people, may_fail=True))
            await asyncio.sleep(self.random.uniform(0, 0.5))
            self.moments["while they resume"] += 1
            self._server.kill()
            await logins
            await self._notice_the_end()

    async def _let_some_go(self):
        """One of ten is not there in the storm: mail waits for him."""
        away = self.random.sample(self._people, len(self._people) // 10)
        for person in away:
            await person.logout()
        self._away = set(away)

    async def _storm(self):
        busy = self.random.choice((10, 50, len(self._writers)))
        writers = [each for each in self.random.sample(self._writers, min(busy, len(self._writers)))
                   if each.person not in self._away]
        tasks = [asyncio.create_task(each.write(self._rate / len(writers))) for each in writers]
        await self._kill_some_time()
        await asyncio.gather(*tasks)
        await self._notice_the_end()

    async def _notice_the_end(self):
        for person in self._people:
            if person.stream:
                await person.stream.ended

    async def _kill_some_time(self):
        # Short ones are more frequent, so that there are many.
        seconds = 0.2 * (self._longest / 0.2) ** self.random.random()
        moment = None
        if self._is_ours and self.random.random() < 0.5:
            moment, latest = self.random.choice(sorted(MOMENTS.items()))
            await asyncio.sleep(seconds / 2)
            self._server.shim.kill_at(moment, self.random.randint(1, latest))
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._server.is_running():
            await asyncio.sleep(0.01)
        self.moments["at " + moment if moment and not self._server.is_running() else "at random"] += 1
        self._server.kill()
        if self._is_ours:
            self._server.shim.heal()

    async def _settle(self):
        """Everything is acknowledged, and what was acknowledged has come."""
        await asyncio.gather(*(person.settle() for person in self._people))
        waiting = [writer for writer in self._writers if not writer.lane.is_complete()]
        end = time.monotonic() + (20 if self._is_ours and not self.control else 3)
        while waiting and time.monotonic() < end:
            await asyncio.sleep(0.01)
            waiting = [writer for writer in waiting if not writer.lane.is_complete()]
        for writer in waiting:
            writer.lane.write_off()
            self.written_off += 1

    async def _look_into_archives(self, people):
        async def look(person):
            await person.page_archive(lambda identity, message: self._take_archived(person, identity, message))

        for start in range(0, len(people), LOGINS_AT_ONCE):
            await asyncio.gather(*map(look, people[start:start + LOGINS_AT_ONCE]))

    def _take_archived(self, person, identity, message):
        if not self._is_ours:  # they may begin a page with what was before it
            if (person, identity) in self._seen:
                return
            self._seen.add((person, identity))
        name, _, number = (message.get("id") or "").partition("-")
        if number.isdigit() and name in self.ledger.lanes:
            is_sender = self._writers[int(name)].person is person
            self.ledger.lane(name).archive(int(number), is_sender)

    async def _collect_rosters(self):
        for person in self._people:
            answer = await person.answer("get", "<query xmlns='jabber:iq:roster'/>")
            for item in answer.iter("{jabber:iq:roster}item"):
                self.ledger.find_field((person.account.jid, item.get("jid")), int(item.get("name")))

    async def _collect_items(self):
        for person in self._people if self.has_nodes else ():
            answer = await person.answer("get", f"<pubsub xmlns='{PUBSUB}'><items node='{NODE}'/></pubsub>")
            for item in answer.iter(f"{{{PUBSUB}}}item"):
                self.ledger.find_field((person.account.jid, item.get("id")), int(item[0].text))

    def _check_database(self):
        files = list(self._server.folder.rglob("*.db")) if self._is_ours else []
        assert files or not self._is_ours, "no database to check"
        for file in files:
            with contextlib.closing(sqlite3.connect(file)) as database:
                (answer,) = database.execute("PRAGMA integrity_check").fetchone()
                assert answer == "ok", f"{file.name}: {answer}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--rate", type=int, default=2500, help="messages a second, of all together")
    parser.add_argument("--longest", type=float, default=3.0, help="seconds between two kills at most")
    parser.add_argument("--server", choices=sorted(SERVERS), default="stonechat")
    parser.add_argument("--control", choices=["sent"])
    parser.add_argument("--verbose", action="store_true")
    words = parser.parse_args()
    loop = KillLoop(words.kills, words.pairs, words.seed, words.server, words.control, words.rate,
                    not words.verbose, words.longest)
    begin = time.monotonic()
    verdict = loop.run()
    print(loop.details())
    print(f"{words.server}, {words.pairs} pairs, {time.monotonic() - begin:.0f} s")
    print(verdict)
    return 0 if verdict.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
