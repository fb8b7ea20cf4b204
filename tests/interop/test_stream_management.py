# SPDX-License-Identifier: Apache-2.0
"""slixmpp's stream management (XEP-0198) over a line that swallows bytes and breaks, and a server that is killed."""
import asyncio
import collections
import contextlib

from support.people import Person
from support.raw import WAIT


def play(scenario):
    asyncio.run(asyncio.wait_for(scenario, 120))


class Wire:
    """A TCP proxy in front of the server. What it swallows the sender takes for sent."""

    def __init__(self, port):
        self._target = port
        self._pumps, self._writers = set(), []
        self.swallows_down = self.swallows_up = False

    async def open(self):
        self._door = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._door.sockets[0].getsockname()[1]
        return self

    async def _accept(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        self._writers += [writer, far_writer]
        for source, sink, swallows in ((reader, far_writer, lambda: self.swallows_up),
                                       (far_reader, writer, lambda: self.swallows_down)):
            pump = asyncio.ensure_future(self._pump(source, sink, swallows))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source, sink, swallows):
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if not swallows():
                    sink.write(data)
        sink.close()

    def swallow(self, up=True, down=True):
        self.swallows_up, self.swallows_down = up, down

    def cut(self):
        """Breaks all connections and is whole again for the next."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers = []
        self.swallow(False, False)

    async def close(self):
        self.cut()
        self._door.close()
        for pump in list(self._pumps):
            pump.cancel()


class Unforgetting(collections.deque):
    """slixmpp 1.8 empties its queue of unacknowledged stanzas before it resumes, and so cannot send them again."""

    def clear(self):
        pass


class Traveller(Person):
    """Comes over the wire, and resumes when it has broken."""

    def __init__(self, account, server, resource, wire):
        super().__init__(account, server, resource)
        self.register_plugin("xep_0198")
        self["xep_0198"].unacked_queue = Unforgetting()
        self.end_session_on_disconnect = False
        self._wire = wire
        self.starts = 0
        self.add_event_handler("session_start", self._count)

    def _count(self, _):
        self.starts += 1

    def connect(self, address=None, **options):
        return super().connect(address=("127.0.0.1", self._wire.port), **options)

    async def come(self, available=True):
        enabled = asyncio.get_running_loop().create_future()
        self.add_event_handler("sm_enabled", lambda _: enabled.done() or enabled.set_result(None))
        await super().come(available)
        await asyncio.wait_for(enabled, WAIT)

    async def break_off(self):
        gone = asyncio.get_running_loop().create_future()
        self.add_event_handler("disconnected", lambda _: gone.done() or gone.set_result(None), disposable=True)
        self._wire.cut()
        await asyncio.wait_for(gone, WAIT)

    async def resume(self):
        back = asyncio.get_running_loop().create_future()
        for event in ("session_resumed", "sm_failed", "session_start"):
            self.add_event_handler(event, lambda _, event=event: back.done() or back.set_result(event),
                                   disposable=True)
        self.connect()
        outcome = await asyncio.wait_for(back, WAIT)
        assert outcome == "session_resumed", f"instead of resuming: {outcome}"

    def words(self):
        return [message["body"] for message in self.heard]


async def befriend(alice, bob):
    bob.send_presence_subscription(pto=alice.boundjid.bare)
    await alice.is_asked_by(bob.boundjid.bare)
    alice.send_presence_subscription(pto=bob.boundjid.bare, ptype="subscribed")
    alice.send_presence_subscription(pto=bob.boundjid.bare)
    await bob.is_asked_by(alice.boundjid.bare)
    bob.send_presence_subscription(pto=alice.boundjid.bare, ptype="subscribed")
    await alice.sees(bob.boundjid)


@contextlib.asynccontextmanager
async def a_friend_and_a_traveller(server):
    wire = await Wire(server.starttls_port).open()
    accounts = server.accounts("alice", "bob")
    alice, bob = Person(accounts[0], server, "desk"), Traveller(accounts[1], server, "phone", wire)
    await alice.come()
    await bob.come()
    await befriend(alice, bob)
    try:
        yield alice, bob, wire
    finally:
        for person in (alice, bob):
            if person.is_connected():
                await person.leave()
        await wire.close()


def says(person, to, words):
    for each in words:
        person.send_message(to, each, mtype="chat")


async def is_safe(person, server):
    """What the person has sent before is taken care of."""
    await person["xep_0199"].ping(server.hosts[0])


# XEP-0198 §5-2
# XEP-0198 §5-6
def test_nothing_is_lost_or_doubled_when_the_line_breaks(server):
    async def scenario():
        async with a_friend_and_a_traveller(server) as (alice, bob, wire):
            expected, answers = [], []
            for trip in range(3):
                seen, lost, away = ([f"{trip} {kind} {i}" for i in range(10)] for kind in ("seen", "lost", "away"))
                says(alice, bob.boundjid.bare, seen)
                await bob.hears(seen[-1])
                wire.swallow()
                says(alice, bob.boundjid.bare, lost)
                says(bob, alice.boundjid.bare, [f"{trip} answer {i}" for i in range(10)])
                await is_safe(alice, server)
                await bob.break_off()
                says(alice, bob.boundjid.bare, away)
                await is_safe(alice, server)
                await bob.resume()
                await bob.hears(away[-1])
                await alice.hears(f"{trip} answer 9")
                expected += seen + lost + away
                answers += [f"{trip} answer {i}" for i in range(10)]
            await is_safe(bob, server)
            await is_safe(alice, server)
            assert bob.words() == expected
            assert [message["body"] for message in alice.heard] == answers
            assert bob.starts == 1
            assert not [p for p in alice.seen if p["type"] == "unavailable"], "the friend has noticed it"
    play(scenario())


def test_what_the_client_sends_is_acknowledged(server):
    async def scenario():
        async with a_friend_and_a_traveller(server) as (alice, bob, _):
            acknowledged = []
            bob.add_event_handler("stanza_acked", acknowledged.append)
            bob["xep_0198"].window = bob["xep_0198"].window_counter = 1
            says(bob, alice.boundjid.bare, [f"word {i}" for i in range(20)])
            await alice.hears("word 19")
            queue = bob["xep_0198"].unacked_queue
            deadline = asyncio.get_running_loop().time() + WAIT
            while any(stanza["body"] == "word 19" for _, stanza in queue if stanza.name == "message"):
                assert asyncio.get_running_loop().time() < deadline, "not acknowledged"
                await asyncio.sleep(0.01)
    play(scenario())


# XEP-0198 §7-1
def test_a_stream_ended_in_good_order_is_over(server):
    async def scenario():
        async with a_friend_and_a_traveller(server) as (alice, bob, _):
            await bob.leave()
            await alice.sees(bob.boundjid, "unavailable")
    play(scenario())


def test_a_session_outlives_a_killed_server(private_server):
    async def scenario():
        server = private_server()
        async with a_friend_and_a_traveller(server) as (alice, bob, wire):
            says(alice, bob.boundjid.bare, [f"seen {i}" for i in range(10)])
            await bob.hears("seen 9")
            wire.swallow(up=False)
            says(alice, bob.boundjid.bare, [f"lost {i}" for i in range(10)])
            await is_safe(alice, server)
            server.kill()
            await bob.break_off()
            server.start()
            await bob.resume()
            await bob.hears("lost 9")
            friend = Person(server.accounts("carol")[0], server, "desk")
            await friend.come()
            says(friend, bob.boundjid, ["hello"])
            await bob.hears("hello")
            expected = [f"{kind} {i}" for kind in ("seen", "lost") for i in range(10)] + ["hello"]
            assert bob.words() == expected
            assert bob.starts == 1
            again = Person(type(server.account("x"))(alice.boundjid.bare, alice.password), server, "desk")
            await again.come()
            await again.sees(bob.boundjid)  # its presence was kept
            await again.leave()
            await friend.leave()
    play(scenario())
