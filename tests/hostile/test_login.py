# SPDX-License-Identifier: Apache-2.0
"""HOSTILE rows A33 to A42 and A47: SASL, SCRAM, channel binding, and how many may be in."""
import base64
import hashlib
import json
import re
import threading
import time

import pytest

from support.certificates import make_certificate, xmpp_address
from support.match import show
from support.raw import (BIND_NS, SASL_NS, STANZA_ERRORS, RawClient, b64, certificate_hash, check_error, login,
                         trusting_context)
from support.scram import Scram, unb64
from support.server import Account

FAILED = f"{{{SASL_NS}}}failure"
CHALLENGE = f"{{{SASL_NS}}}challenge"
SUCCESS = f"{{{SASL_NS}}}success"


def start(client, account, mechanism="SCRAM-SHA-256", **how):
    """client-first sent; the exchange and the server's challenge as text."""
    scram = Scram(mechanism, account.user, account.password, **how)
    answer = client.begin_sasl(mechanism, scram.first())
    assert answer.tag == CHALLENGE, show(answer)
    return scram, unb64(answer.text).decode()


@pytest.fixture
def account(server):
    return server.account("owner")


# -- A33, A34: mechanisms ------------------------------------------------------------------------------

BAD_STARTS = {
    "not base64": ("SCRAM-SHA-256", "!!!!", ("incorrect-encoding",)),
    "bad padding": ("SCRAM-SHA-256", "biwsbj11c2Vy=", ("incorrect-encoding",)),
    "white space in base64": ("SCRAM-SHA-256", "biws bj11", ("incorrect-encoding",)),
    "empty message": ("SCRAM-SHA-256", "=", ("malformed-request",)),
    "no gs2 header": ("SCRAM-SHA-256", b64("hello"), ("malformed-request",)),
    "no user": ("SCRAM-SHA-256", b64("n,,r=abc"), ("malformed-request",)),
    "no nonce": ("SCRAM-SHA-256", b64("n,,n=user"), ("malformed-request",)),
    "bad escape": ("SCRAM-SHA-256", b64("n,,n=us=2Xer,r=abc"), ("malformed-request",)),
    "mandatory extension": ("SCRAM-SHA-256", b64("n,,m=x,n=user,r=abc"), ("malformed-request", "not-authorized")),
    "not UTF-8": ("SCRAM-SHA-256", b64(b"n,,n=\xff\xfe,r=abc"), ("malformed-request", "not-authorized")),
    "NUL in the nonce": ("SCRAM-SHA-256", b64("n,,n=user,r=a\0b"), ("malformed-request", "not-authorized")),
    "unknown mechanism": ("X-MAGIC", "", ("invalid-mechanism",)),
    "empty mechanism": ("", "", ("invalid-mechanism", "malformed-request")),
    "lower case mechanism": ("scram-sha-256", b64("n,,n=user,r=abc"), ("invalid-mechanism",)),
    "ANONYMOUS": ("ANONYMOUS", "", ("invalid-mechanism",)),
    "EXTERNAL": ("EXTERNAL", "=", ("invalid-mechanism",)),
    "DIGEST-MD5": ("DIGEST-MD5", "", ("invalid-mechanism",)),
}


# RFC 6120 §6.5-1 §13.9.1-1
# RFC 6120 §6.3.10-1
@pytest.mark.parametrize("case", BAD_STARTS)
def test_A33_a_bad_start_fails_by_the_rfcs_name(client, case):
    mechanism, text, conditions = BAD_STARTS[case]
    client.send(f"<auth xmlns='{SASL_NS}' mechanism='{mechanism}'>{text}</auth>")
    client.expect_sasl_failure(client.next_stanza(), *conditions)


def test_A33_auth_without_a_mechanism(client):
    client.send(f"<auth xmlns='{SASL_NS}'/>")
    client.expect_sasl_failure(client.next_stanza(), "invalid-mechanism", "malformed-request")


SCRAMS = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"]


# RFC 6120 §6.4.1-1
def test_A33_only_usable_mechanisms_are_offered_the_strongest_first(client):
    assert client.mechanisms() == [*SCRAMS, "PLAIN"]


def test_A33_plain_can_be_switched_off(private_server):
    server = private_server(plain=False)
    account = server.account("careful")
    with RawClient(server) as client:
        client.open()
        assert client.mechanisms() == SCRAMS
        answer = client.begin_sasl("PLAIN", f"\0{account.user}\0{account.password}")
        client.expect_sasl_failure(answer, "invalid-mechanism")
        client.authenticate(account.jid, account.password)
        client.bind()


def log_lines(server, start):
    return [line for line in server.log().splitlines() if f" {start} " in line]


@pytest.mark.parametrize("transport, offered", [("tls", " ".join([*SCRAMS, "PLAIN"])), ("tcp", "STARTTLS")])
def test_A33_who_leaves_without_trying_is_told_of_in_the_log(private_server, transport, offered):
    server = private_server()
    with RawClient(server, transport) as client:
        client.open()
        client.send("</stream:stream>")
        client.expect_end()
    line, = log_lines(server, "client left without logging in")
    assert f"peer=127.0.0.1 host=localhost offered={json.dumps(offered) if ' ' in offered else offered}" in line


def test_A33_who_logs_in_leaves_no_line(private_server):
    server = private_server()
    login(server, server.account("quiet"), "here").close()
    assert not log_lines(server, "client left without logging in")


NAMES = {
    "romeo": "user=romeo",
    "Romeo": "user=romeo",
    "romeo\nforged line": 'user="romeo?forged line"',
    'a" why=x': 'user="a\\" why=x"',
    "\u202egnol\u009b31m": "user=???gnol??31m",
    "x" * 1000: f"user={'x' * 128}...",
    "\u00e9" * 200: f"user={chr(0xe9) * 64}...",
}


def wrong_password(server, mechanism, name):
    with RawClient(server) as client:
        client.open()
        if mechanism == "PLAIN":
            answer = client.begin_sasl("PLAIN", f"\0{name}\0wrong")
        else:
            scram = Scram(mechanism, name, "wrong")
            answer = client.begin_sasl(mechanism, scram.first())
            if answer.tag == CHALLENGE:
                answer = client.respond(scram.final(unb64(answer.text).decode()))
        client.expect_sasl_failure(answer, "not-authorized")


def test_A33_a_failed_login_names_the_account_and_forges_nothing(private_server):
    server = private_server()
    tries = [(mechanism, name) for name in NAMES for mechanism in ("SCRAM-SHA-256", "PLAIN")]
    for each in tries:
        wrong_password(server, *each)
    assert [line.split(" login failed ")[1] for line in log_lines(server, "login failed")] == [
        f"peer=127.0.0.1 host=localhost {NAMES[name]} mechanism={mechanism} why=not-authorized"
        for mechanism, name in tries]


# RFC 6120 §6.4.5-1
def test_A33_a_failure_leaves_the_stream_usable(client, account):
    """RFC 6120 6.4.5: the client may try again."""
    client.send(f"<auth xmlns='{SASL_NS}' mechanism='SCRAM-SHA-256'>!</auth>")
    client.expect_sasl_failure(client.next_stanza(), "incorrect-encoding")
    client.authenticate(account.jid, account.password)
    client.bind()


def plain(server, message):
    with RawClient(server) as client:
        client.open()
        assert "PLAIN" in client.mechanisms()
        answer = client.begin_sasl("PLAIN", message)
        return client, answer


# RFC 6120 §6.3.8-1
def test_A34_plain_for_somebody_else(server):
    owner, other = server.accounts("owner", "other")
    for authzid in (other.jid, "admin@localhost", f"{owner.user}@elsewhere.example", other.user):
        client, answer = plain(server, f"{authzid}\0{owner.user}\0{owner.password}")
        client.expect_sasl_failure(answer, "invalid-authzid")


def test_A34_plain_for_oneself(server):
    owner = server.account("owner")
    for authzid in ("", owner.jid):
        _, answer = plain(server, f"{authzid}\0{owner.user}\0{owner.password}")
        assert answer.tag == SUCCESS, show(answer)


PLAIN_NONSENSE = ["", "user", "\0user", "user\0password", "\0\0\0", "\0user\0pass\0word", "\0\0password"]


@pytest.mark.parametrize("message", PLAIN_NONSENSE)
def test_A34_plain_nonsense(server, message):
    client, answer = plain(server, message or "x")
    client.expect_sasl_failure(answer, "malformed-request", "not-authorized")


# RFC 6120 §6.3.4-1 §13.8.3-1
def test_A34_plain_is_not_offered_in_clear(server):
    with RawClient(server, "tcp") as client:
        client.open()
        assert client.mechanisms() == []


def test_A34_scram_for_somebody_else(server, account):
    other = server.account("other")
    with RawClient(server) as client:
        client.open()
        scram = Scram("SCRAM-SHA-256", account.user, account.password, gs2=f"n,a={other.jid},")
        answer = client.begin_sasl(scram.mechanism, scram.first())
        if answer.tag == CHALLENGE:
            answer = client.respond(scram.final(unb64(answer.text).decode()))
        client.expect_sasl_failure(answer, "invalid-authzid", "not-authorized")


# -- A35, A36, A37: guessing ---------------------------------------------------------------------------

def shape_of(server, jid, password="wrong"):
    """What a guesser sees: salt, its length, rounds, and how the exchange ends."""
    with RawClient(server) as client:
        client.open()
        scram, challenge = start(client, Account(jid, password))
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        answer = client.respond(scram.final(challenge))
        client.expect_sasl_failure(answer, "not-authorized")
        return fields["s"], len(unb64(fields["s"])), fields["i"], len(fields["r"]) - len(scram.nonce), tuple(fields)


def test_A35_unknown_disabled_and_known_users_look_alike(private_server):
    server = private_server()
    known, disabled = server.accounts("known", "disabled")
    server.ctl("user", "disable", disabled.jid)
    users = {"known": known.jid, "disabled": disabled.jid, "unknown": "unknown@localhost"}
    before = {name: shape_of(server, jid) for name, jid in users.items()}
    assert len({shape[1:] for shape in before.values()}) == 1, before
    assert len({shape[0] for shape in before.values()}) == 3, "salts differ between users"
    assert shape_of(server, users["unknown"]) == before["unknown"], "same salt twice"
    server.restart()
    assert {name: shape_of(server, jid) for name, jid in users.items()} == before, "also after a restart"


# RFC 6120 §6.4.5-2
def test_A36_three_failures_end_the_stream(client, account):
    for _ in range(2):
        scram, challenge = start(client, Account(account.jid, "wrong"))
        client.expect_sasl_failure(client.respond(scram.final(challenge)), "not-authorized")
    scram, challenge = start(client, Account(account.jid, "wrong"))
    client.expect_sasl_failure(client.respond(scram.final(challenge)), "not-authorized")
    client.expect_stream_error("policy-violation")


def guess(server, user, source):
    """One wrong password; False when the connection is not even served."""
    client = None
    try:
        client = RawClient(server, source=source)
        client.open()
        scram, challenge = start(client, Account(f"{user}@localhost", "wrong"))
        client.expect_sasl_failure(client.respond(scram.final(challenge)), "not-authorized")
        return True
    except (OSError, AssertionError):
        assert client is None or client.received_bytes == 0, "served, but something else went wrong"
        return False
    finally:
        if client:
            client.drop()


def ban(server, source, failures):
    """Wrong passwords for as many accounts as it takes."""
    for number in range(failures):
        assert guess(server, f"victim{number}", source)


def test_A36_an_address_that_guesses_is_banned_and_the_owner_is_not(attacked):
    server = attacked(login_failures=4)
    owner = server.account("owner")
    ban(server, "127.0.0.9", 4)
    assert not guess(server, owner.user, "127.0.0.9")
    login(server, owner, "home", source="127.0.0.10").close()
    begun, = log_lines(server, "address banned")
    assert re.search(r" prefix=127\.0\.0\.9 until=\d{4}-\d\d-\d\dT\S+Z failures=4$", begun), begun
    refused, *_ = log_lines(server, "connection refused")
    assert re.search(r" peer=127\.0\.0\.9 why=banned until=\d{4}-\S+Z$", refused), refused


def test_A36_a_ban_ends_connections_that_were_there_before(attacked, stack):
    server = attacked(login_failures=4)
    owner = server.account("owner")
    early = [stack.enter_context(RawClient(server, source="127.0.0.9")) for _ in range(8)]
    for client in early:
        client.open()
    started = [start(client, owner) for client in early[:3]]
    ban(server, "127.0.0.9", 4)
    for client, (scram, challenge) in zip(early, started):
        client.send(f"<response xmlns='{SASL_NS}'>{b64(scram.final(challenge))}</response>")
        client.expect_stream_error("policy-violation")
    for client in early[3:6]:
        client.send(f"<auth xmlns='{SASL_NS}' mechanism='PLAIN'>{b64(f'{chr(0)}{owner.user}{chr(0)}{owner.password}')}"
                    "</auth>")
        client.expect_stream_error("policy-violation")
    for client in early[6:]:
        client.send("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>")
        client.expect_stream_error("policy-violation")
    assert log_lines(server, "login refused")[0].split(" until=")[0].endswith("peer=127.0.0.9 host=localhost why=banned")


def test_A36_guesses_from_all_over_a_network_ban_the_network(attacked):
    server = attacked(login_failures=1)
    for number in range(4):
        assert guess(server, f"victim{number}", f"127.0.9.{number + 1}")
    assert not guess(server, "other", "127.0.9.77")
    assert guess(server, "other", "127.0.10.77")


def test_A36_many_passwords_at_once_are_not_more_than_many_in_a_row(attacked, stack):
    """The guesses of open connections are under way all together before the first is found wrong."""
    server = attacked(login_failures=4, iterations=100_000, blocking_threads=1)
    crowd = [stack.enter_context(RawClient(server, source="127.0.0.9")) for _ in range(30)]
    for client in crowd:
        client.open()
    for number, client in enumerate(crowd):
        client.send(f"<auth xmlns='{SASL_NS}' mechanism='PLAIN'>{b64(f'{chr(0)}victim{number}{chr(0)}wrong')}</auth>")
    answers = [client.next_stanza() for client in crowd]
    looked_at = [answer for answer in answers if answer.find(f"{{{SASL_NS}}}not-authorized") is not None]
    assert len(looked_at) == 4, [show(answer) for answer in answers]


def test_A36_one_telephone_with_an_old_password_does_not_ban_the_office(attacked):
    server = attacked(login_failures=4)
    owner, colleague = server.accounts("owner", "colleague")
    for _ in range(20):
        assert guess(server, owner.user, "127.0.0.9")
    login(server, colleague, "desk", source="127.0.0.9").close()
    login(server, owner, "desk", source="127.0.0.9").close()
    assert not log_lines(server, "address banned")


def test_A36_who_is_known_in_a_banned_place_goes_on(attacked):
    server = attacked(login_failures=4)
    owner, other = server.accounts("owner", "other")
    with login(server, owner, "desk", source="127.0.0.9") as session:
        ban(server, "127.0.0.9", 4)
        session.ping()
        login(server, owner, "phone", source="127.0.0.9").close()
        with RawClient(server, source="127.0.0.9") as stranger:
            stranger.open()
            scram, challenge = start(stranger, other)
            stranger.send(f"<response xmlns='{SASL_NS}'>{b64(scram.final(challenge))}</response>")
            stranger.expect_stream_error("policy-violation")


def test_A36_strangers_slow_an_account_down_and_the_owner_comes_in(attacked, stack):
    server = attacked(login_wait="1 s")
    owner = server.account("owner")
    login(server, owner, "home", source="127.0.0.10").close()
    crowd = [stack.enter_context(RawClient(server, source=f"127.1.{number}.1")) for number in range(40)]
    for client in crowd:
        client.open()
    began = time.monotonic()
    for client in crowd:
        client.send(f"<auth xmlns='{SASL_NS}' mechanism='PLAIN'>{b64(f'{chr(0)}{owner.user}{chr(0)}wrong')}</auth>")
    login(server, owner, "again", source="127.0.0.10").close()
    answers = [client.next_stanza() for client in crowd]
    looked_at = [answer for answer in answers if answer.find(f"{{{SASL_NS}}}not-authorized") is not None]
    put_off = [answer for answer in answers if answer.find(f"{{{SASL_NS}}}temporary-auth-failure") is not None]
    assert len(looked_at) + len(put_off) == 40
    assert 5 <= len(looked_at) <= 13 + 5 * (time.monotonic() - began), "five a second, and those before"
    line, = log_lines(server, "guesses at an account")
    assert f" user={owner.user} host=localhost " in line


def test_A37_a_flood_of_plain_does_not_hold_up_scram(attacked, stack):
    server = attacked(iterations=300_000, blocking_threads=1, blocking_queue=2)
    owner = server.account("owner")
    flood = []
    for _ in range(12):
        client = stack.enter_context(RawClient(server))
        client.open()
        flood.append(client)
    for client in flood:
        client.send(f"<auth xmlns='{SASL_NS}' mechanism='PLAIN'>{b64(f'{chr(0)}{owner.user}{chr(0)}wrong')}</auth>")
    login(server, owner, "home").close()
    answers = [client.next_stanza() for client in flood]
    for client, answer in zip(flood, answers):
        client.expect_sasl_failure(answer, "temporary-auth-failure", "not-authorized")
    assert any(answer.find(f"{{{SASL_NS}}}temporary-auth-failure") is not None for answer in answers)


# -- A38, A39: channel binding -------------------------------------------------------------------------

# RFC 6120 §6.3.10-1 §13.8.1-1
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1"])
@pytest.mark.parametrize("transport", ["tls", "exporter"])
def test_A39_each_mechanism_with_true_data_succeeds(server, account, mechanism, transport):
    with RawClient(server, transport) as client:
        client.open()
        client.authenticate(account.jid, account.password, mechanism)
        client.bind()


# XEP-0440 §2-1 §3-1
def test_A38_both_types_of_channel_binding_are_listed(client):
    """XEP-0440."""
    types = {e.get("type") for e in client.features.iter("{urn:xmpp:sasl-cb:0}channel-binding")}
    assert types == {"tls-exporter", "tls-server-end-point"}


# RFC 5802 §6-2
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_A38_a_client_that_was_told_of_no_channel_binding(client, account, mechanism):
    """RFC 5802 6: 'y' means that somebody in between took -PLUS out of the list."""
    scram = Scram(mechanism, account.user, account.password, gs2="y,,")
    answer = client.begin_sasl(mechanism, scram.first())
    if answer.tag == CHALLENGE:
        answer = client.respond(scram.final(unb64(answer.text).decode()))
    client.expect_sasl_failure(answer, "not-authorized", "malformed-request")


# XEP-0474 §6.1-1
@pytest.mark.parametrize("mechanism, digest", [("SCRAM-SHA-256", "sha256"), ("SCRAM-SHA-1", "sha1")])
def test_A38_the_servers_list_is_protected_by_a_hash(client, account, mechanism, digest):
    """XEP-0474: the client can see that the list it was shown is the one that was sent."""
    types = [e.get("type") for e in client.features.iter("{urn:xmpp:sasl-cb:0}channel-binding")]
    listed = "\x1e".join(sorted(client.mechanisms())) + "\x1f" + "\x1e".join(sorted(types))
    expected = base64.b64encode(hashlib.new(digest, listed.encode()).digest()).decode()
    _, challenge = start(client, account, mechanism)
    assert f"h={expected}" in challenge.split(","), challenge


def lie_about_binding(client, account, mechanism, gs2, data):
    scram = Scram(mechanism, account.user, account.password, gs2, data)
    answer = client.begin_sasl(mechanism, scram.first())
    if answer.tag == CHALLENGE:
        answer = client.respond(scram.final(unb64(answer.text).decode()))
    client.expect_sasl_failure(answer, "not-authorized", "malformed-request")


BINDING_LIES = {
    "wrong data": ("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,", b"x" * 32),
    "no data": ("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,", b""),
    "wrong exporter": ("SCRAM-SHA-256-PLUS", "p=tls-exporter,,", b"x" * 32),
    "tls-unique": ("SCRAM-SHA-256-PLUS", "p=tls-unique,,", b"x" * 12),
    "unknown type": ("SCRAM-SHA-256-PLUS", "p=x-magic,,", b"x" * 32),
    "n on a -PLUS mechanism": ("SCRAM-SHA-256-PLUS", "n,,", b""),
    "y on a -PLUS mechanism": ("SCRAM-SHA-256-PLUS", "y,,", b""),
    "p on a plain mechanism": ("SCRAM-SHA-256", "p=tls-server-end-point,,", b"x" * 32),
    "data without p": ("SCRAM-SHA-256", "n,,", b"x" * 32),
}


# RFC 5802 §6-4
@pytest.mark.parametrize("lie", BINDING_LIES)
def test_A39_false_channel_binding_fails(client, account, lie):
    lie_about_binding(client, account, *BINDING_LIES[lie])


def test_A39_true_data_under_another_types_name_fails(client, account):
    data = certificate_hash(client.socket.getpeercert(True))
    lie_about_binding(client, account, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", data)


# -- A40, A41: the exchange ----------------------------------------------------------------------------

FALSE_FINALS = {
    "client's nonce only": lambda s, c: s.final(c, nonce=s.nonce),
    "cut nonce": lambda s, c: s.final(c, nonce=field(c, "r")[:-1]),
    "longer nonce": lambda s, c: s.final(c, nonce=field(c, "r") + "x"),
    "other nonce": lambda s, c: s.final(c, nonce="x" * len(field(c, "r"))),
    "mandatory extension": lambda s, c: s.final(c, extension=",m=x"),
    "short proof": lambda s, c: s.final(c, proof=b64(b"x" * 8)),
    "long proof": lambda s, c: s.final(c, proof=b64(b"x" * 4000)),
    "empty proof": lambda s, c: s.final(c, proof=""),
    "proof not base64": lambda s, c: s.final(c, proof="!!!"),
    "wrong proof": lambda s, c: s.final(c, proof=b64(b"\0" * 32)),
    "no proof": lambda s, c: s.final(c).rsplit(",p=", 1)[0],
    "nothing": lambda s, c: "",
    "commas": lambda s, c: "," * 500,
    "binding not base64": lambda s, c: s.final(c).replace("c=biws", "c=???"),
    "other gs2 header": lambda s, c: s.final(c).replace("c=biws", "c=eSws"),
    "first message again": lambda s, c: s.first(),
}


def field(challenge, name):
    return dict(part.split("=", 1) for part in challenge.split(","))[name]


# RFC 5802 §5.1-3
@pytest.mark.parametrize("lie", FALSE_FINALS)
def test_A40_a_false_final_message_fails(client, account, lie):
    scram, challenge = start(client, account)
    answer = client.respond(FALSE_FINALS[lie](scram, challenge))
    client.expect_sasl_failure(answer, "not-authorized", "malformed-request")


def test_A40_a_final_message_on_another_stream_fails(server, client, account):
    scram, challenge = start(client, account)
    with RawClient(server) as other:
        other.open()
        copy, other_challenge = start(other, account, gs2=scram.gs2)
        other.expect_sasl_failure(other.respond(scram.final(challenge)), "not-authorized", "malformed-request")
        again = other.respond(copy.final(other_challenge))
        assert again.tag != SUCCESS, "state was kept after the failure"


def test_A40_nonces_do_not_repeat(server, account):
    nonces = set()
    for _ in range(5):
        with RawClient(server) as client:
            client.open()
            scram, challenge = start(client, account)
            assert field(challenge, "r").startswith(scram.nonce)
            nonces.add(field(challenge, "r")[len(scram.nonce):])
    assert len(nonces) == 5 and min(map(len, nonces)) >= 16, nonces


# RFC 6120 §6.4.4-1
def test_A41_abort(client, account):
    start(client, account)
    client.send(f"<abort xmlns='{SASL_NS}'/>")
    client.expect_sasl_failure(client.next_stanza(), "aborted")
    client.authenticate(account.jid, account.password)


def test_A41_a_response_out_of_the_blue(client):
    answer_or_error = send_and_see(client, f"<response xmlns='{SASL_NS}'>{b64('x')}</response>")
    assert answer_or_error in ("malformed-request", "policy-violation", "not-authorized")


# RFC 6120 §6.4.2-1
def test_A41_a_second_auth_in_the_middle_begins_anew(client, account):
    start(client, account)
    client.authenticate(account.jid, account.password)


def test_A41_what_a_second_auth_has_discarded_cannot_be_finished(client, account):
    scram, challenge = start(client, account)
    start(client, account)
    client.expect_sasl_failure(client.respond(scram.final(challenge)), "not-authorized", "malformed-request")


def test_A41_auth_after_auth_ends_like_failure_after_failure(client, account):
    first = b64(Scram("SCRAM-SHA-256", account.user, account.password).first())
    client.send(f"<auth xmlns='{SASL_NS}' mechanism='SCRAM-SHA-256'>{first}</auth>" * 50)
    client.expect_stream_error("policy-violation")


def send_and_see(client, data):
    """The condition of the SASL failure or of the stream error."""
    client.send(data)
    answer = client.next_stanza()
    assert answer.tag.endswith(("failure", "error")), show(answer)
    return answer[0].tag.split("}")[1]


def test_A41_auth_after_success(server, attacker):
    attacker.send(f"<auth xmlns='{SASL_NS}' mechanism='SCRAM-SHA-256'>{b64('n,,n=user,r=abc')}</auth>")
    attacker.expect_stream_error("policy-violation", "unsupported-stanza-type")


# RFC 6120 §6.3.2-1
def test_A41_auth_after_success_without_a_restart(client, account):
    client.authenticate(account.jid, account.password)
    client.send(f"<auth xmlns='{SASL_NS}' mechanism='SCRAM-SHA-256'>{b64('n,,n=user,r=abc')}</auth>")
    client.expect_stream_error("policy-violation", "not-authorized", "unsupported-stanza-type", "not-well-formed",
                               "bad-format", "invalid-namespace")


# -- A42: client certificates --------------------------------------------------------------------------

SUBJECTS = {
    "CN inside OU": {"subject": [("ORGANIZATIONAL_UNIT_NAME", "CN=admin"), ("COMMON_NAME", "mallory")], "names": []},
    "several xmppAddr": {"subject": [("COMMON_NAME", "mallory")],
                         "names": [xmpp_address("admin@localhost"), xmpp_address("mallory@localhost")]},
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_A42_a_client_certificate_proves_nothing(server, tmp_path, subject):
    """EXTERNAL is not offered, so no certificate of a client is ever looked at."""
    certificate = make_certificate(tmp_path / "client.crt", tmp_path / "client.key", **SUBJECTS[subject])
    context = trusting_context()
    context.load_cert_chain(certificate, tmp_path / "client.key")
    with RawClient(server, context=context) as client:
        client.open()
        assert "EXTERNAL" not in client.mechanisms()
        client.expect_sasl_failure(client.begin_sasl("EXTERNAL", "admin@localhost"), "invalid-mechanism")


# -- A47: binding --------------------------------------------------------------------------------------

# RFC 6120 §7.1-1
# XEP-0205 §4.4-1
def test_A47_resources_of_one_account_are_limited(server, account, stack):
    sessions = [stack.enter_context(login(server, account, f"r{number}")) for number in range(10)]
    with RawClient(server) as client:
        client.open()
        client.authenticate(account.jid, account.password)
        client.open()
        answer = client.ask("set", f"<bind xmlns='{BIND_NS}'><resource>r10</resource></bind>")
        assert answer.find(f".//{{{STANZA_ERRORS}}}resource-constraint") is not None, show(answer)
    for session in sessions:
        session.ping()


def test_A47_the_newer_session_takes_the_resource(server, account):
    with login(server, account, "desk") as old, login(server, account, "desk") as new:
        old.expect_stream_error("conflict")
        new.ping()


def test_A47_a_race_for_one_resource_has_one_winner(server, account, stack):
    racers = []
    for _ in range(6):
        client = stack.enter_context(RawClient(server))
        client.open()
        client.authenticate(account.jid, account.password)
        client.open()
        racers.append(client)
    threads = [threading.Thread(target=racer.send, args=(
        f"<iq type='set' id='b'><bind xmlns='{BIND_NS}'><resource>desk</resource></bind></iq>",)) for racer in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alive = [racer for racer in racers if survives(racer)]
    assert len(alive) == 1, f"{len(alive)} sessions share a full JID"


def survives(racer):
    """Whether the stream is still served; the others got a conflict."""
    answer = racer.next_stanza()
    if answer.tag.endswith("}iq") and answer.get("type") == "result":
        racer.jid = answer.find(f".//{{{BIND_NS}}}jid").text
        racer.send("<iq type='get' id='alive' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        answer = racer.next_stanza()
    return answer.get("id") == "alive"


def test_A47_a_second_bind_on_one_stream_is_refused(attacker):
    answer = attacker.ask("set", f"<bind xmlns='{BIND_NS}'><resource>second</resource></bind>")
    assert answer.get("type") == "error", show(answer)
    attacker.ping()


@pytest.mark.parametrize("resource", ["a" * 1024, "\u007f", "\u2028x\ue000"], 
                         ids=["long", "control", "unassigned"])
def test_A47_an_impossible_resource_is_not_bound(server, account, resource):
    """RFC 6120 7.7.2.1: refused, or another one is bound."""
    with RawClient(server) as client:
        client.open()
        client.authenticate(account.jid, account.password)
        client.open()
        answer = client.ask("set", f"<bind xmlns='{BIND_NS}'><resource>{resource}</resource></bind>")
        if answer.get("type") == "error":
            check_error(answer, ("bad-request", "jid-malformed"))
        else:
            assert not answer.find(f".//{{{BIND_NS}}}jid").text.endswith(resource), show(answer)
