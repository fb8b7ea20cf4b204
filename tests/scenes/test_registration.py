# SPDX-License-Identifier: Apache-2.0
"""XEP-0077 before login: closed by default, open when the settings say so."""
import pytest

from support import match
from support.raw import STANZA_ERRORS, RawClient, check_error
from support.scene import can_log_in

REGISTER = "jabber:iq:register"
FEATURE = "{http://jabber.org/features/iq-register}register"


def ask_before_login(client, kind, payload):
    return client.ask(kind, f"<query xmlns='{REGISTER}'>{payload}</query>")


@pytest.fixture(scope="module")
def open_server():
    from support.server import make_server
    started = make_server(settings={"registration": True}).start()
    yield started
    started.remove()


# XEP-0077 §3.1-1 §8-1
def test_registration_is_closed_by_default(server):
    with RawClient(server) as client:
        client.open()
        assert client.features.find(FEATURE) is None, "XEP-0077: the feature is announced"
        answer = ask_before_login(client, "set", "<username>tybalt</username><password>cat</password>")
        check_error(answer, ("not-allowed", "service-unavailable", "forbidden"))
    assert not can_log_in(server, "tybalt@localhost", "cat")


def test_xep_0077_example_1_to_5_an_account_is_registered(open_server):
    with RawClient(open_server) as client:
        client.open()
        assert client.features.find(FEATURE) is not None
        fields = ask_before_login(client, "get", "")
        assert match.fits(f"<iq type='result'><query xmlns='{REGISTER}'><username/><password/></query></iq>", fields)
        answer = ask_before_login(client, "set", "<username>bill</username><password>Calliope</password>")
        assert answer.get("type") == "result", match.show(answer)
    assert can_log_in(open_server, "bill@localhost", "Calliope")


def test_a_name_that_exists_is_a_conflict(open_server):
    taken = open_server.account("taken")
    with RawClient(open_server) as client:
        client.open()
        answer = ask_before_login(client, "set", f"<username>{taken.user}</username><password>other</password>")
        assert answer.find(f".//{{{STANZA_ERRORS}}}conflict") is not None, match.show(answer)
    assert can_log_in(open_server, taken.jid, taken.password)


@pytest.mark.parametrize("name", ["", "a@b", "a/b", "a b", "x" * 1024])
def test_a_name_that_cannot_be_a_localpart_is_refused(open_server, name):
    with RawClient(open_server) as client:
        client.open()
        answer = ask_before_login(client, "set", f"<username>{name}</username><password>secret</password>")
        assert answer.get("type") == "error", match.show(answer)


def test_an_empty_password_is_refused(open_server):
    with RawClient(open_server) as client:
        client.open()
        answer = ask_before_login(client, "set", "<username>hollow</username><password/>")
        assert answer.get("type") == "error", match.show(answer)


# XEP-0077 §11-1
def test_nobody_registers_in_clear(open_server):
    with RawClient(open_server, "tcp") as client:
        client.open()
        assert client.features.find(FEATURE) is None
        client.send(f"<iq type='set' id='r'><query xmlns='{REGISTER}'><username>clear</username><password>text</password></query></iq>")
        client.expect_stream_error("not-authorized")
    assert not can_log_in(open_server, "clear@localhost", "text")
