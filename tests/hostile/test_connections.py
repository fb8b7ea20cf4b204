# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A1 to A12: what arrives before, around and instead of TLS."""
import re
import resource
import select
import socket
import ssl
import subprocess
import time

import pytest

from support.bystanders import Bystanders
from support.limits import SLACK, cpu_used, until
from support.match import show
from support.raw import (SASL_NS, TLS_NS, WAIT, Closed, Ended, RawClient, b64, login, stream_header,
                         trusting_context)

OVERDUE = 30  # the deadlines here are one second; the rest is for machines that are busy
STARTTLS = f"<starttls xmlns='{TLS_NS}'/>"


# -- A1, A2: silence and slowness ----------------------------------------------------------------------

def silent(client):
    """Sends nothing at all."""


def header_only(client):
    client.open()


def whitespace(client):
    """Keepalives do not extend the deadline."""
    client.open()
    deadline = time.monotonic() + OVERDUE
    try:
        while time.monotonic() < deadline and not select.select([client.socket], [], [], 0.02)[0]:
            client.socket.send(b" ")
    except OSError:
        pass


def half_a_login(client):
    client.open()
    client.begin_sasl("SCRAM-SHA-256", "n,,n=somebody,r=nonce")


@pytest.mark.parametrize("transport, behaviour", [
    ("tcp", silent), ("tcp", header_only), ("tls", silent), ("tls", header_only), ("tls", whitespace),
    ("tls", half_a_login),
], ids=lambda value: getattr(value, "__name__", value))
def test_A1_who_does_not_log_in_is_timed_out(impatient, transport, behaviour):
    before = impatient.descriptors()
    began = time.monotonic()
    with RawClient(impatient, transport) as client:
        behaviour(client)
        client.expect_stream_error("connection-timeout", wait=OVERDUE)
    assert time.monotonic() - began >= 0.9, "closed before the deadline"
    until(lambda: impatient.descriptors() <= before, "the descriptor is given back")


@pytest.fixture(scope="module")
def impatient():
    from support.server import make_server
    started = make_server(settings={"auth_timeout": "1 s", "tls_timeout": "1 s"}).start()
    pair = Bystanders(started)
    yield started
    pair.check()
    pair.leave()
    started.remove()


def test_A1_a_session_outlives_the_deadline(impatient):
    """The deadline is for logging in, not for being quiet afterwards."""
    with login(impatient, impatient.account("calm"), "here") as calm, RawClient(impatient) as other:
        header_only(other)
        other.expect_stream_error("connection-timeout", wait=OVERDUE)
        calm.ping()


def client_hello():
    """The first bytes of a TLS handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        trusting_context().wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


SLOW_STARTS = {"ClientHello": ("tls_port", client_hello()), "header": ("starttls_port", stream_header().encode())}


@pytest.mark.parametrize("what", SLOW_STARTS)
def test_A2_slowloris_is_cut_off_in_time(impatient, stack, what):
    port, data = SLOW_STARTS[what]
    address = ("127.0.0.1", getattr(impatient, port))
    open_ones = [stack.enter_context(socket.create_connection(address)) for _ in range(60)]
    deadline = time.monotonic() + OVERDUE
    position = 0
    while open_ones:
        assert time.monotonic() < deadline, f"{len(open_ones)} connections still open"
        readable, _, _ = select.select(open_ones, [], [], 0.05)
        open_ones = [each for each in open_ones if each not in readable or still_open(each)]
        for each in open_ones:
            try:
                each.send(data[position:position + 1])
            except OSError:
                pass
        position = min(position + 1, len(data) - 2)


def still_open(connection):
    try:
        return bool(connection.recv(4096))
    except OSError:
        return False


# -- A3, A4: numbers -----------------------------------------------------------------------------------

def knock(server, source):
    """A connection from another loopback address; None when it is closed at accept without a byte."""
    connection = RawClient(server, "tcp", source=source)
    try:
        connection.open()
    except AssertionError:
        assert connection.received_bytes == 0, "bytes before the close"
        connection.drop()
        return None
    except OSError:
        return None
    return connection


# XEP-0205 §4.1-1
def test_A3_connections_of_one_address_are_limited(attacked):
    server = attacked(connections_per_prefix=10)
    crowd = [knock(server, "127.0.0.7") for _ in range(12)]
    assert [each is not None for each in crowd] == [True] * 10 + [False] * 2
    friend = knock(server, "127.0.0.8")
    assert friend is not None, "another address is not affected"
    crowd[0].close()
    until(lambda: knock(server, "127.0.0.7") is not None, "a place becomes free")
    for each in [friend, *crowd[:10]]:
        each.drop()


# XEP-0205 §4.2-1
def test_A3_a_burst_of_connections_is_limited(attacked):
    server = attacked(connection_rate=1, connection_burst=10)
    began = time.monotonic()
    crowd = [knock(server, "127.0.0.7") for _ in range(40)]
    let_in = sum(each is not None for each in crowd)
    assert 10 <= let_in <= 11 + (time.monotonic() - began), f"{let_in} of 40 were let in"
    assert knock(server, "127.0.0.8") is not None, "another address is not affected"


def test_A4_descriptors_used_up(attacked, stack):
    server = attacked()
    account = server.account("survivor")
    session = stack.enter_context(login(server, account, "here"))
    limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    used = max(int(name) for name in fds(server)) + 1
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (used + 5, limits[1]))
    crowd = [stack.enter_context(socket.create_connection(("127.0.0.1", server.starttls_port)))
             for _ in range(60)]

    def others_live_on():
        for _ in range(20):
            session.send("<message to='nobody.here@localhost'><body>x</body></message>")
            session.ping()
        session.ask("set", "<query xmlns='jabber:iq:roster'><item jid='friend@localhost'/></query>")

    began = time.monotonic()
    used_cpu = cpu_used(server, others_live_on)
    assert used_cpu < 0.5 + 0.9 * (time.monotonic() - began), "the server spins"
    for each in crowd:
        each.close()
    until(lambda: can_connect(server), "new connections are served again")
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)
    login(server, account, "again").close()


def fds(server):
    import os
    return os.listdir(f"/proc/{server.process.pid}/fd")


def can_connect(server):
    try:
        with RawClient(server, "tcp") as probe:
            probe.socket.settimeout(1)
            probe.open()
            return True
    except (AssertionError, OSError):
        return False


# -- A5, A6, A9: TLS itself ----------------------------------------------------------------------------

def old_tls(version):
    context = trusting_context()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def only(ciphers):
    context = trusting_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers + ":@SECLEVEL=0")
    return context


WEAK_TLS = {
    "TLS 1.0": lambda: old_tls(ssl.TLSVersion.TLSv1),
    "TLS 1.1": lambda: old_tls(ssl.TLSVersion.TLSv1_1),
    "RSA key exchange": lambda: only("kRSA"),
    "CBC": lambda: only("ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:AES128-SHA"),
    "NULL": lambda: only("eNULL"),
    "anonymous": lambda: only("aNULL"),
}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("weakness", WEAK_TLS)
@pytest.mark.parametrize("transport", ["tls", "tcp"])
def test_A5_weak_tls_is_refused(server, transport, weakness):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        if transport == "tls":
            RawClient(server, context=WEAK_TLS[weakness]())
        else:
            with RawClient(server, "tcp") as client:
                client.starttls(WEAK_TLS[weakness]())


# RFC 6120 §5.4.3.2-1
def test_A5_a_failed_handshake_never_falls_back_to_clear_text(server):
    with RawClient(server, "tcp") as client:
        client.open()
        client.send(STARTTLS)
        assert client.next_stanza().tag == f"{{{TLS_NS}}}proceed"
        client.send_until_refused(stream_header())
        rest = read_all(client.socket)
        assert b"<" not in rest, f"XML in clear after proceed: {rest!r}"


def read_all(sock):
    sock.settimeout(WAIT)
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


class OpenSslClient:
    """`openssl s_client`, for what Python's ssl cannot do."""

    def __init__(self, server, *options):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{server.tls_port}", "-servername", "localhost",
             *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def say(self, words):
        try:
            self.process.stdin.write(words)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def read_until(self, pattern, count=1):
        """False when the program ended before the pattern was there so often."""
        while len(re.findall(pattern, self.output)) < count:
            assert select.select([self.process.stdout], [], [], WAIT)[0], f"no {pattern}: {self.output[-400:]}"
            piece = self.process.stdout.read1(65536)
            if not piece:
                return False
            self.output += piece
        return True


def test_A6_renegotiation_is_refused(server):
    with OpenSslClient(server, "-tls1_2") as client:
        assert client.read_until(rb"Verify return code")
        began = server.cpu_seconds()
        for _ in range(5):
            client.say(b"R\n")
        client.say(stream_header().encode() + b"\n")
        refused = not client.read_until(rb"stream:features") or b"no renegotiation" in client.output.lower()
        assert refused, client.output[-600:]
        assert server.cpu_seconds() - began < 1 * SLACK


def test_A6_a_flood_of_key_updates_ends_the_connection(server):
    with OpenSslClient(server, "-tls1_3") as client:
        assert client.read_until(rb"Verify return code")

        def flood():
            for number in range(1, 400):
                client.say(b"K\n")
                if not client.read_until(rb"KEYUPDATE", number):
                    return
            assert not client.read_until(rb"never printed"), "the connection stays open"

        assert cpu_used(server, flood) < 1 * SLACK


def test_A9_there_is_no_early_data(server, tmp_path):
    """TLS 1.3 0-RTT can be replayed, so no session ticket allows it."""
    ticket = tmp_path / "ticket"
    with OpenSslClient(server, "-tls1_3", "-sess_out", str(ticket)) as client:
        assert client.read_until(rb"Verify return code")
        client.say(stream_header().encode() + b"\n")
        assert client.read_until(rb"mechanism")
        client.process.stdin.close()
        client.process.wait(WAIT)
    if not ticket.exists():
        return  # no resumption at all
    described = subprocess.run(["openssl", "sess_id", "-in", ticket, "-noout", "-text"], capture_output=True,
                               text=True)
    assert re.search(r"Max Early Data: 0\b", described.stdout), described.stdout


# -- A7, A8, A11: around STARTTLS ----------------------------------------------------------------------

# RFC 6120 §5.4.3.3-1
def test_A7_what_is_pipelined_behind_starttls_is_never_read(server):
    account = server.account("pipe")
    plain = b64(f"\0{account.user}\0{account.password}")
    with RawClient(server, "tcp") as client:
        client.open()
        client.send(f"{STARTTLS}{stream_header()}<auth xmlns='{SASL_NS}' mechanism='PLAIN'>{plain}</auth>")
        event = client.next_event()
        if getattr(event, "tag", None) != f"{{{TLS_NS}}}proceed":
            assert "error" in getattr(event, "tag", "error"), show(event)
            return
        try:
            client.wrap_tls()
            client.open()
        except (ssl.SSLError, OSError):
            return  # the clear text was taken for a TLS record: just as well
        assert client.mechanisms(), "a fresh stream before login"
        client.send("</stream:stream>")
        assert isinstance(client.next_event(), (Closed, Ended)), "an answer to what came in clear"


# RFC 6120 §6.3.4-1
# RFC 6120 §5.4.1-1
def test_A8_no_login_before_tls(server):
    account = server.account("early")
    with RawClient(server, "tcp") as client:
        features = client.open()
        assert features.find(f"{{{TLS_NS}}}starttls/{{{TLS_NS}}}required") is not None
        assert client.mechanisms() == []
        assert [child.tag for child in features if "sasl" in child.tag] == [], "SASL2 before TLS"
        answer = client.begin_sasl("PLAIN", f"\0{account.user}\0{account.password}")
        client.expect_sasl_failure(answer, "encryption-required")


def test_A8_no_stanza_before_tls(server, victim):
    with RawClient(server, "tcp") as client:
        client.open()
        client.send(f"<message to='{victim.jid}'><body>unencrypted</body></message>")
        client.expect_stream_error("not-authorized", "policy-violation")
    victim.expect_nothing()


def test_A11_compression_is_not_offered_and_refused(attacker):
    name = "http://jabber.org/protocol/compress"
    assert attacker.features.find("{http://jabber.org/features/compress}compression") is None
    attacker.send(f"<compress xmlns='{name}'><method>zlib</method></compress>")
    answer = attacker.next_stanza()
    assert answer.tag == f"{{{name}}}failure", show(answer)
    assert answer.find(f"{{{name}}}unsupported-method") is not None, show(answer)
    attacker.ping()


# -- A10, A12: somebody else's protocol ----------------------------------------------------------------

def test_A10_a_stream_to_another_host_than_the_certificate_shown(server):
    with RawClient(server, sni="localhost") as client:
        der = client.socket.getpeercert(True)
        client.send_header("other.example")
        if b"other.example" in der:
            client.expect_features()
        else:
            client.expect_stream_error("host-unknown")


# XEP-0368 §3-2
def test_A10_each_host_shows_its_own_certificate(server):
    for host in server.hosts:
        with RawClient(server, sni=host) as client:
            assert host.encode() in client.socket.getpeercert(True)
            client.open(host)


# XEP-0368 §3-3
def test_A10_a_foreign_alpn_is_refused(server):
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol|alert"):
        RawClient(server, alpn="http/1.1")
    with RawClient(server, alpn="xmpp-client") as client:
        assert client.socket.selected_alpn_protocol() == "xmpp-client"
        client.open()


@pytest.mark.parametrize("words", [
    b"GET /secret HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /secret HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
    b"EHLO secret\r\n",
    b"\x16\x03\x01\x00\x05secret",
], ids=["GET", "POST", "SMTP", "TLS on the clear port"])
def test_A10_other_protocols_are_closed_without_an_echo(server, words):
    with RawClient(server, "tcp") as client:
        client.send(words)
        assert b"secret" not in read_all(client.socket)


@pytest.mark.parametrize("header", [
    b"PROXY TCP4 192.0.2.1 127.0.0.1 1234 5222\r\n",
    b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\x7f\x00\x00\x01\x04\xd2\x14\x66",
], ids=["v1", "v2"])
def test_A12_a_proxy_header_of_an_untrusted_peer_ends_the_connection(server, header):
    with RawClient(server, "tcp") as client:
        client.send_until_refused(header + stream_header().encode())
        answer = read_all(client.socket)
        assert b"features" not in answer and b"starttls" not in answer, answer
