# SPDX-License-Identifier: Apache-2.0
"""Hundreds of XMPP clients in one process: asyncio, stream management (XEP-0198), archives (XEP-0313).
A Person outlives connections: it knows what the server has not acknowledged yet, and sends it again."""
import asyncio
import collections
import contextlib
import itertools
import xml.etree.ElementTree as ET

from support.match import CLIENT, STREAM
from support.raw import BIND_NS, SASL_NS, Closed, ElementReader, stream_header
from support.scram import Scram, b64, unb64

SM = "urn:xmpp:sm:3"
MAM = "urn:xmpp:mam:2"
RSM = "http://jabber.org/protocol/rsm"
FORWARD = "urn:xmpp:forward:0"
STANZAS = tuple(f"{{{CLIENT}}}{kind}" for kind in ("message", "presence", "iq"))
MESSAGE, _, IQ = STANZAS
ACK_EVERY = 25
_numbers = itertools.count(1)


class Gone(ConnectionError):
    """The connection is not there any more."""


class Stream(asyncio.Protocol):
    """One connection. `taker(element)` gets every element."""

    def __init__(self, taker):
        self._reader = ElementReader()
        self._taker = taker
        self._wanted = None
        self._transport = None
        self.error = None  # a stream error that came
        self.ended = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(cls, port, taker):
        _, stream = await asyncio.get_running_loop().create_connection(lambda: cls(taker), "127.0.0.1", port)
        return stream

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, problem):
        if not self.ended.done():
            self.ended.set_result(problem)
        if self._wanted and not self._wanted[1].done():
            self._wanted[1].set_exception(Gone())

    def data_received(self, data):
        for event in self._reader.feed(data):
            if isinstance(event, ET.Element):
                if self._wanted and not self._wanted[1].done() and self._wanted[0](event):
                    self._wanted[1].set_result(event)
                if event.tag == f"{{{STREAM}}}error":
                    self.error = ET.tostring(event).decode()
                else:
                    self._taker(event)
            elif isinstance(event, Closed):
                self._transport.close()

    def open(self, host):
        self._reader.restart()
        self.send(stream_header(host))

    def send(self, text):
        if self.ended.done() or self._transport.is_closing():
            raise Gone(self.error)
        self._transport.write(text.encode())

    async def until(self, test, seconds=60):
        """The next element that passes `test`."""
        if self.ended.done():
            raise Gone()
        self._wanted = (test, asyncio.get_running_loop().create_future())
        try:
            return await asyncio.wait_for(self._wanted[1], seconds)
        finally:
            self._wanted = None

    def close(self):
        self._transport.close()


class Sent:
    """A stanza that the server has not acknowledged."""
    __slots__ = ("xml", "on_ack", "answered")

    def __init__(self, xml, on_ack=None):
        self.xml = xml
        self.on_ack = on_ack
        self.answered = False  # an iq whose result is known: sending it again could undo a later one


class Person:
    """`on_message(person, element, is_continued)` gets messages; is_continued tells whether the session
    is one that the server never lost."""

    def __init__(self, server, account, on_message):
        self.server, self.account, self.on_message = server, account, on_message
        self.host = account.jid.split("@")[1]
        self.stream = None
        self.unacknowledged = collections.deque()
        self.resumed = self.failed = 0
        self.newest_in_archive = None
        self.is_continued = True
        self._token = None
        self._handled = 0  # of ours, by the server
        self._received = 0
        self._counting = False
        self._is_coming_back = False  # what is to be sent now goes behind what is sent again
        self._answers = {}
        self._changed = asyncio.Event()

    # -- login -----------------------------------------------------------------------------------------

    async def login(self):
        """Resumes the session, or begins a new one; sends again what may not have arrived."""
        self._is_coming_back = True
        stream = await self._authenticate()
        if self._token and await self._resume(stream):
            self.resumed += 1
        else:
            await self._begin(stream)
        self.stream = stream
        for sent in list(self.unacknowledged):
            self._send_again(sent)
        self._is_coming_back = False
        self.stream.send(f"<r xmlns='{SM}'/>")

    async def _authenticate(self):
        self._counting = False
        stream = await Stream.connect(self.server.plain_port, self._take)
        features = await self._open(stream)
        offered = [each.text for each in features.iter(f"{{{SASL_NS}}}mechanism")]
        mechanism = next(name for name in ("SCRAM-SHA-256", "SCRAM-SHA-1") if name in offered)
        scram = Scram(mechanism, self.account.user, self.account.password)
        stream.send(f"<auth xmlns='{SASL_NS}' mechanism='{mechanism}'>{b64(scram.first())}</auth>")
        challenge = await stream.until(lambda e: e.tag.startswith(f"{{{SASL_NS}}}"))
        assert challenge.tag == f"{{{SASL_NS}}}challenge", ET.tostring(challenge)
        stream.send(f"<response xmlns='{SASL_NS}'>{b64(scram.final(unb64(challenge.text).decode()))}</response>")
        success = await stream.until(lambda e: e.tag.startswith(f"{{{SASL_NS}}}"))
        assert success.tag == f"{{{SASL_NS}}}success", ET.tostring(success)
        await self._open(stream)
        return stream

    async def _open(self, stream):
        stream.open(self.host)
        return await stream.until(lambda e: e.tag.endswith("}features"))

    async def _resume(self, stream):
        self._counting = True  # stanzas may come right behind <resumed/>
        self.stream = stream
        received = self._received
        stream.send(f"<resume xmlns='{SM}' h='{received}' previd='{self._token}'/>")
        answer = await stream.until(lambda e: e.tag in (f"{{{SM}}}resumed", f"{{{SM}}}failed"))
        if answer.get("h") is not None:
            self._acknowledge(int(answer.get("h")))
        if answer.tag.endswith("resumed"):
            return True
        self._counting = False
        self.failed += 1
        self.is_continued = False
        return False

    async def _begin(self, stream):
        self._token, self._handled, self._received = None, 0, 0
        stream.send(f"<iq type='set' id='bind'><bind xmlns='{BIND_NS}'><resource>desk</resource></bind></iq>")
        await stream.until(lambda e: e.get("id") == "bind")
        stream.send(f"<enable xmlns='{SM}' resume='true'/>")

        def is_enabled(element):
            self._counting = self._counting or element.tag == f"{{{SM}}}enabled"
            return self._counting

        self._token = (await stream.until(is_enabled)).get("id")
        self.unacknowledged.appendleft(Sent("<presence/>"))

    def _send_again(self, sent):
        if sent.answered:
            sent.xml = f"<iq type='get' id='again{next(_numbers)}' to='{self.host}'><ping xmlns='urn:xmpp:ping'/></iq>"
        self.stream.send(sent.xml)

    async def logout(self):
        """Ends the session for good; everything has to be settled."""
        self._acknowledge_to_server()
        self.stream.send("</stream:stream>")
        await asyncio.wait_for(asyncio.shield(self.stream.ended), 60)
        self.forget_session()
        self.is_continued = True

    def forget_session(self):
        """It is not resumed."""
        self._token, self.stream, self._counting = None, None, False

    # -- what comes ------------------------------------------------------------------------------------

    def _take(self, element):
        tag = element.tag
        if tag == f"{{{SM}}}a":
            self._acknowledge(int(element.get("h")))
        elif tag == f"{{{SM}}}r":
            self._acknowledge_to_server()
        elif self._counting and tag in STANZAS:
            self._received += 1
            if tag == MESSAGE:
                self.on_message(self, element, self.is_continued)
            elif tag == IQ:
                self._take_iq(element)
            if self._received % ACK_EVERY == 0:
                self._acknowledge_to_server()

    def _take_iq(self, element):
        identity, kind = element.get("id"), element.get("type")
        if kind == "get":
            self.send(f"<iq type='result' id='{identity}' to='{self.host}'/>")
        elif kind in ("result", "error") and identity in self._answers:
            self._answers.pop(identity)(element)

    def _acknowledge(self, handled):
        for _ in range(handled - self._handled):
            sent = self.unacknowledged.popleft()
            if sent.on_ack:
                sent.on_ack()
        self._handled = handled
        self._changed.set()

    def _acknowledge_to_server(self):
        if self.stream is None:
            return
        with contextlib.suppress(Gone):
            self.stream.send(f"<a xmlns='{SM}' h='{self._received}'/>")

    # -- what goes -------------------------------------------------------------------------------------

    def send(self, xml, on_ack=None):
        sent = Sent(xml, on_ack)
        self.unacknowledged.append(sent)
        if not self._is_coming_back:
            self.stream.send(xml)
        return sent

    def request_ack(self):
        self.stream.send(f"<r xmlns='{SM}'/>")

    def ask(self, kind, payload, then, to=None):
        """Sends an iq; `then(answer)` when the answer comes. Its answer may come from a later session."""
        identity = f"q{next(_numbers)}"
        address = f" to='{to}'" if to else ""
        sent = self.send(f"<iq type='{kind}' id='{identity}'{address}>{payload}</iq>")

        def take(answer):
            sent.answered = True
            then(answer)

        self._answers[identity] = take

    async def answer(self, kind, payload, seconds=60):
        arrived = asyncio.get_running_loop().create_future()
        self.ask(kind, payload, lambda answer: arrived.done() or arrived.set_result(answer))
        return await asyncio.wait_for(arrived, seconds)

    async def room(self, most):
        """Waits until no more than `most` stanzas are not acknowledged."""
        while len(self.unacknowledged) > most:
            self._changed.clear()
            changed = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait({changed, self.stream.ended}, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            if self.stream.ended.done():
                raise Gone()

    async def settle(self, seconds=30):
        """Everything sent is acknowledged."""
        self.request_ack()
        try:
            await asyncio.wait_for(self.room(0), seconds)
        except (asyncio.TimeoutError, Gone) as problem:
            waiting = [sent.xml for sent in self.unacknowledged]
            raise AssertionError(f"{self.account.jid}: {len(waiting)} stanzas are not acknowledged ({problem!r}), "
                                 f"h is {self._handled}, the first is {waiting[:1]}") from None
        self.is_continued = True

    # -- archive ---------------------------------------------------------------------------------------

    async def page_archive(self, on_entry):
        """All that came into the archive since the last call: `on_entry(id, message)` for each, in order."""
        while True:
            query = f"q{next(_numbers)}"
            results = []
            outer, self.on_message = self.on_message, lambda _p, e, c: self._collect(e, query, results, outer, c)
            try:
                after = f"<after>{self.newest_in_archive}</after>" if self.newest_in_archive else ""
                answer = await self.answer("set", f"<query xmlns='{MAM}' queryid='{query}'>"
                                                  f"<set xmlns='{RSM}'><max>250</max>{after}</set></query>")
            finally:
                self.on_message = outer
            assert answer.get("type") == "result", ET.tostring(answer)
            for result in results:
                self.newest_in_archive = result.get("id")
                on_entry(result.get("id"), result.find(f"{{{FORWARD}}}forwarded/{MESSAGE}"))
            if answer.find(f"{{{MAM}}}fin").get("complete") == "true" or not results:
                return

    def _collect(self, element, query, results, outer, is_continued):
        result = element.find(f"{{{MAM}}}result")
        if result is not None and result.get("queryid") == query:
            results.append(result)
        else:
            outer(self, element, is_continued)
