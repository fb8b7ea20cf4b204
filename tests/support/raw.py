# SPDX-License-Identifier: Apache-2.0
"""A raw-socket XMPP client: sends bytes as they are and reads stream-level elements as they come.

Nothing here sleeps. What is expected is waited for until it comes or WAIT seconds have passed; that
something does *not* come is shown by a barrier: a marker sent behind it arrives and it does not.
"""
import collections
import errno
import hashlib
import itertools
import os
import re
import socket
import ssl
import struct
import time
import xml.etree.ElementTree as ET

from support import match
from support.capabilities import version_asked_for
from support.match import CLIENT, STREAM
from support.scram import Scram, b64, unb64

WAIT = float(os.environ.get("STONECHAT_TEST_WAIT", "30"))
TLS_NS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL_NS = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND_NS = "urn:ietf:params:xml:ns:xmpp-bind"
STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
_ids = itertools.count(1)


class Opened:
    """The server's stream header."""

    def __init__(self, attributes):
        self.attributes = attributes

    def __repr__(self):
        return f"<stream header {self.attributes}>"


class Closed:
    """`</stream:stream>` came."""

    def __repr__(self):
        return "</stream:stream>"


class Ended:
    """The connection is gone; `why` tells how."""

    def __init__(self, why):
        self.why = why

    def __repr__(self):
        return f"<connection ended: {self.why}>"


class ElementReader:
    """Bytes in, stream-level events out. Input is held back to the last '>' because newer expat
    versions delay tokens that were once seen incomplete."""

    def __init__(self):
        self._held = b""
        self.restart()

    def restart(self):
        """A new document; what is still held back belongs to it."""
        self._parser = ET.XMLPullParser(events=("start", "end"))
        self._depth = 0
        self._root = None

    def feed(self, data):
        self._held += data
        cut = self._held.rfind(b">") + 1
        if cut == 0:
            return []
        ready, self._held = self._held[:cut], self._held[cut:]
        events = []
        if self._depth and b"<?xml" in ready:  # the other side began anew
            rest, ready = ready.split(b"<?xml", 1)
            self._parser.feed(rest)
            events = list(self._drain())
            self.restart()
            ready = b"<?xml" + ready
        self._parser.feed(ready)
        return events + list(self._drain())

    def _drain(self):
        for what, element in self._parser.read_events():
            if what == "start":
                self._depth += 1
                if self._depth == 1:
                    self._root = element
                    yield Opened(dict(element.attrib))
                continue
            self._depth -= 1
            if self._depth == 1:
                self._root.clear()
                yield element
            elif self._depth == 0:
                yield Closed()


class RawClient:
    """One connection. `transport` is 'tls' (direct TLS), 'tcp' (the STARTTLS port, still in clear),
    'plain' (the port that never asks for TLS) or 'exporter' (direct TLS whose keys can be exported)."""

    def __init__(self, server, transport="tls", source=None, context=None, sni="localhost", alpn=None):
        self.server = server
        self.host = server.hosts[0]
        self.jid = None
        self.inbox = []
        self.passed_over = []  # what came before the stanza that `expect` gave last and is still in the inbox
        self.received_bytes = 0
        self._capabilities = {}  # what it has announced, by version
        self._reader = ElementReader()
        self._events = collections.deque()
        self._ended = None
        self.socket = self._dial({"tls": server.tls_port, "exporter": server.tls_port,
                                  "tcp": server.starttls_port, "plain": server.plain_port}[transport], source)
        if transport == "tls":
            self.wrap_tls(context, sni, alpn)
        elif transport == "exporter":
            from support.exporter import ExporterSocket
            self.socket = ExporterSocket(self.socket, sni)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()

    @staticmethod
    def _dial(port, source):
        sock = socket.socket()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(WAIT)
        if source:
            sock.bind((source, 0))
        sock.connect(("127.0.0.1", port))
        return sock

    # -- bytes -----------------------------------------------------------------------------------------

    def wrap_tls(self, context=None, sni="localhost", alpn=None):
        context = context or trusting_context()
        if alpn:
            context.set_alpn_protocols([alpn])
        self.socket = context.wrap_socket(self.socket, server_hostname=sni)

    def send(self, data):
        self.socket.settimeout(WAIT)
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def send_until_refused(self, data):
        """Sends what may well be cut off by the server in the middle."""
        try:
            self.send(data)
        except (OSError, ssl.SSLError):
            pass

    def drop(self):
        """Closes the socket without a word."""
        self.socket.close()

    def reset(self):
        """Ends the connection with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.socket.detach())

    # -- events ----------------------------------------------------------------------------------------

    def next_event(self, wait=None):
        """The next thing on the stream; fails when nothing comes in time."""
        deadline = time.monotonic() + (WAIT if wait is None else wait)
        while not self._events:
            if self._ended:
                return self._ended
            left = deadline - time.monotonic()
            assert left > 0, f"{self.jid or 'client'}: nothing came in {wait or WAIT} s"
            self._receive(left)
        return self._events.popleft()

    def _receive(self, left):
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(65536)
        except (socket.timeout, TimeoutError):
            return
        except OSError as problem:
            reset = problem.errno == errno.ECONNRESET
            self._ended = Ended("reset" if reset else str(problem))
            return
        self.received_bytes += len(data)
        if not data:
            self._ended = Ended("eof")
            return
        self._events.extend(event for event in self._reader.feed(data) if not self._is_answered(event))

    def _is_answered(self, event):
        """The server asks whether what it sent has arrived, and what the client can do; every client answers that
        by itself."""
        answer = self._own_answer(event) if isinstance(event, ET.Element) else None
        if answer is None:
            return False
        try:
            self.send(answer)
        except OSError:
            pass  # the connection is ending, and the reader will notice
        return True

    def _own_answer(self, request):
        if (request.get("type") == "get" and request.get("from") == self.host
                and request.find("{urn:xmpp:ping}ping") is not None):
            return f"<iq type='result' id='{request.get('id')}' to='{self.host}'/>"
        announced = self._capabilities.get(version_asked_for(request))
        return announced.answer(request) if announced else None

    def next_stanza(self, wait=None):
        """The next stream-level element; fails when the stream closes instead."""
        event = self.next_event(wait)
        assert isinstance(event, ET.Element), f"{self.jid or 'client'}: element expected, got {event!r}"
        return event

    # -- stream ----------------------------------------------------------------------------------------

    def open(self, to=None, **attributes):
        """Sends a stream header and reads the server's header and features."""
        self.send_header(to, **attributes)
        return self.expect_features()

    def send_header(self, to=None, **attributes):
        self._reader.restart()
        self._events.clear()
        self.send(stream_header(to or self.host, **attributes))

    def expect_features(self):
        header = self.next_event()
        assert isinstance(header, Opened), f"stream header expected, got {header!r}"
        self.header = header.attributes
        features = self.next_stanza()
        assert features.tag == f"{{{STREAM}}}features", f"features expected, got {match.show(features)}"
        self.features = features
        return features

    def starttls(self, context=None, host=None):
        self.open(host)
        self.send(f"<starttls xmlns='{TLS_NS}'/>")
        answer = self.next_stanza()
        assert answer.tag == f"{{{TLS_NS}}}proceed", match.show(answer)
        self.wrap_tls(context, host or self.host)

    def mechanisms(self):
        return [each.text for each in self.features.iter(f"{{{SASL_NS}}}mechanism")]

    def authenticate(self, jid, password, mechanism=None):
        """SASL on an open stream up to and including the server's signature; the stream is not restarted."""
        user, self.host = jid.split("/")[0].split("@")
        mechanism = mechanism or next(m for m in ("SCRAM-SHA-256", "SCRAM-SHA-1") if m in self.mechanisms())
        gs2, binding = "n,,", b""
        if mechanism.endswith("-PLUS"):
            gs2, binding = self.channel_binding()
        scram = Scram(mechanism, user, password, gs2, binding)
        challenge = self.begin_sasl(mechanism, scram.first())
        assert challenge.tag == f"{{{SASL_NS}}}challenge", match.show(challenge)
        success = self.respond(scram.final(unb64(challenge.text).decode()))
        assert success.tag == f"{{{SASL_NS}}}success", match.show(success)
        assert scram.is_signed_by_server(unb64(success.text).decode()), "server's signature is wrong"
        return success

    def begin_sasl(self, mechanism, initial=None):
        """Sends <auth/> and gives the server's first answer."""
        self.send(f"<auth xmlns='{SASL_NS}' mechanism='{mechanism}'>{'' if initial is None else b64(initial)}</auth>")
        return self.next_stanza()

    def respond(self, message):
        self.send(f"<response xmlns='{SASL_NS}'>{b64(message)}</response>")
        return self.next_stanza()

    def channel_binding(self):
        """gs2 header and data: the exporter when the socket can, else the certificate's hash (RFC 5929)."""
        if hasattr(self.socket, "exporter"):
            return "p=tls-exporter,,", self.socket.exporter()
        return "p=tls-server-end-point,,", certificate_hash(self.socket.getpeercert(True))

    def bind(self, resource=None):
        """Restarts the stream after SASL and binds a resource; `jid` is then the full JID."""
        self.open()
        return self.bind_here(resource)

    def bind_here(self, resource=None):
        wanted = f"<resource>{resource}</resource>" if resource else ""
        answer = self.ask("set", f"<bind xmlns='{BIND_NS}'>{wanted}</bind>")
        assert answer.get("type") == "result", match.show(answer)
        self.jid = answer.find(f".//{{{BIND_NS}}}jid").text
        return self.jid

    def close(self):
        """Ends the stream politely and waits for the server to do the same."""
        self.send("</stream:stream>")
        while not isinstance(self.next_event(), (Closed, Ended)):
            pass
        self.drop()

    # -- stanzas ---------------------------------------------------------------------------------------

    @property
    def bare(self):
        return self.jid.split("/")[0]

    def ask(self, kind, payload, to=None, wait=None):
        """Sends an iq and gives its answer; whatever comes before stays in the inbox."""
        identity = fresh_id("ask")
        address = f" to='{to}'" if to else ""
        self.send(f"<iq type='{kind}' id='{identity}'{address}>{payload}</iq>")
        return self.expect(lambda e: e.tag == f"{{{CLIENT}}}iq" and e.get("id") == identity
                           and e.get("type") in ("result", "error"), wait, f"answer to {payload}")

    def ping(self):
        """A barrier: what this stream sent before has been taken care of when the answer comes."""
        return self.ask("get", "<ping xmlns='urn:xmpp:ping'/>", to=self.host)

    def mark(self):
        """A barrier: what was on its way to this resource has arrived when its own message has."""
        identity = fresh_id("mark")
        self.send(f"<message to='{self.jid}' type='headline' id='{identity}'><subject>mark</subject></message>")
        self.expect(lambda e: e.get("id") == identity and e.get("from") == self.jid, what="own marker")

    def announce(self, capabilities):
        """Presence with these; the server has learned them afterwards."""
        self._capabilities[capabilities.version] = capabilities
        self.send(f"<presence>{capabilities.element()}</presence>")
        deadline = time.monotonic() + WAIT
        while not capabilities.was_asked:
            left = deadline - time.monotonic()
            assert left > 0 and not self._ended, f"{self.jid}: was not asked what it can do"
            self._receive(left)
        self.ping()

    def note_to_self(self):
        """A barrier: mail that had waited for this resource has come when a message sent now has."""
        identity = fresh_id("note")
        self.send(f"<message to='{self.jid}' type='chat' id='{identity}'><body>note</body></message>")
        self.expect(lambda e: e.get("id") == identity, what="own note")

    def become_available(self):
        """Initial presence; gives all that had waited for this resource, and leaves the inbox empty."""
        self.send("<presence/>")
        self.note_to_self()
        return self.forget()

    def expect(self, wanted, wait=None, what=None):
        """Takes the first stanza that fits out of the inbox or off the wire. Others stay in the inbox."""
        what = what or (wanted if isinstance(wanted, str) else "such stanza")
        test = wanted if callable(wanted) else _fits(wanted)
        for index, element in enumerate(self.inbox):
            if test(element):
                self.passed_over = self.inbox[:index]
                return self.inbox.pop(index)
        deadline = time.monotonic() + (WAIT if wait is None else wait)
        while True:
            left = deadline - time.monotonic()
            assert left > 0, self._nothing_fits(what)
            try:
                event = self.next_event(left)
            except AssertionError:
                raise AssertionError(self._nothing_fits(what)) from None
            assert isinstance(event, ET.Element), f"{self.jid}: {event!r} while waiting for {what}"
            if test(event):
                self.passed_over = list(self.inbox)
                return event
            self.inbox.append(event)

    def _nothing_fits(self, what):
        seen = "\n  ".join(match.show(each) for each in self.inbox) or "nothing"
        return f"{self.jid}: no {what} came; seen:\n  {seen}"

    def expect_nothing(self, *senders):
        """Everything the senders sent has been handled, everything for us has come, and it was nothing."""
        self.settle(*senders)
        assert not self.inbox, f"{self.jid} received " + "\n  ".join(match.show(each) for each in self.inbox)

    def settle(self, *senders):
        for sender in senders:
            sender.ping()
        self.ping()
        self.mark()

    def forget(self, *senders):
        """Waits until all is quiet and gives what had come, leaving the inbox empty."""
        self.settle(*senders)
        taken, self.inbox = self.inbox, []
        return taken

    def expect_error(self, identity, condition, kind=None):
        """The error stanza with that id, of that condition (and error type)."""
        answer = self.expect(lambda e: e.get("id") == identity and e.get("type") == "error",
                             what=f"error {condition} for {identity}")
        check_error(answer, condition, kind)
        return answer

    def expect_sasl_failure(self, answer, *conditions):
        assert answer.tag == f"{{{SASL_NS}}}failure", match.show(answer)
        found = [child.tag.split("}")[1] for child in answer if not child.tag.endswith("}text")]
        assert found and found[0] in conditions, f"SASL failure {found}, expected one of {conditions}"

    def expect_stream_error(self, *conditions, wait=None, application=None):
        """A stream error of one of these conditions, then the end of stream and connection
        (RFC 6120 4.9.1.1); stanzas that were under way may come before."""
        while True:
            event = self.next_event(wait)
            assert not isinstance(event, (Closed, Ended)), f"{event!r} without stream error {conditions}"
            if isinstance(event, ET.Element) and event.tag == f"{{{STREAM}}}error":
                break
        names = [child.tag for child in event]
        found = [name.split("}")[1] for name in names if name.startswith(f"{{{STREAM_ERRORS}}}")]
        assert found and found[0] in conditions, f"stream error {found}, expected one of {conditions}"
        if application:
            assert application in [name.split("}")[1] for name in names], match.show(event)
        assert isinstance(self.next_event(wait), (Closed, Ended)), "something after the stream error"
        self.expect_end(wait)
        return event

    def expect_end(self, wait=None):
        """The server closes the connection."""
        while not isinstance(self.next_event(wait), Ended):
            pass
        self.drop()


def _fits(pattern):
    tree = match.parse(pattern)
    return lambda element: match.mismatch(tree, element, {}) is None


def check_error(answer, condition, kind=None):
    error = answer.find(f"{{{CLIENT}}}error")
    assert error is not None, f"no <error/> in {match.show(answer)}"
    found = [child.tag.split("}")[1] for child in error if child.tag.startswith(f"{{{STANZA_ERRORS}}}")]
    conditions = (condition,) if isinstance(condition, str) else condition
    assert found and found[0] in conditions, f"error {found}, expected {conditions}: {match.show(answer)}"
    assert kind is None or error.get("type") == kind, match.show(answer)


def fresh_id(prefix="id"):
    return f"{prefix}-{next(_ids)}"


def stream_header(to="localhost", version="1.0", xmlns=CLIENT, stream=STREAM, declaration=True, **extra):
    """A stream header; None leaves an attribute out."""
    attributes = {"to": to, "version": version, **{k.replace("_", ":"): v for k, v in extra.items()}}
    text = "".join(f" {name}='{value}'" for name, value in attributes.items() if value is not None)
    start = "<?xml version='1.0'?>" if declaration else ""
    return f"{start}<stream:stream xmlns='{xmlns}' xmlns:stream='{stream}'{text}>"


def trusting_context():
    """TLS without looking at the certificate: these tests attack the server, interop verifies it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def certificate_hash(der):
    """tls-server-end-point (RFC 5929 4.1): MD5 and SHA-1 are replaced by SHA-256."""
    from cryptography import x509
    name = x509.load_der_x509_certificate(der).signature_hash_algorithm.name
    return hashlib.new("sha256" if name in ("md5", "sha1") else name, der).digest()


def login(server, account, resource=None, presence=None, roster=False, transport="tls", source=None):
    """A bound session. `presence` is XML to send (or True for plain initial presence, or a priority);
    `roster` makes it an interested resource first. Returns with an empty inbox."""
    host = account.jid.split("@")[1]
    client = RawClient(server, transport, source=source, sni=host)
    if transport == "tcp":
        client.starttls(host=host)
    client.open(host)
    client.authenticate(account.jid, account.password)
    client.bind(resource)
    if roster:
        client.ask("get", "<query xmlns='jabber:iq:roster'/>")
    if presence is not None and presence is not False:
        client.send(presence_xml(presence))
        client.note_to_self()
        client.forget()
    return client


def presence_xml(presence):
    if presence is True:
        return "<presence/>"
    if isinstance(presence, int):
        return f"<presence><priority>{presence}</priority></presence>"
    return presence


def localpart_safe(text):
    return re.sub(r"[^a-z0-9.-]", "", text.lower())
