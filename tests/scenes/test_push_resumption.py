# SPDX-License-Identifier: Apache-2.0
"""Push notifications (XEP-0357) for devices whose session waits to be resumed (XEP-0198)."""
import contextlib

import pytest

from support.raw import login

SM = "xmlns='urn:xmpp:sm:3'"
NOTIFICATION = "<iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub'/></iq>"


@pytest.fixture
def three(server):
    """A phone with stream management that has registered, its push service, and a friend."""
    with contextlib.ExitStack() as stack:
        owner, friend = server.accounts("owner", "friend")
        service = stack.enter_context(login(server, server.push_service("app"), "app", presence=True))
        writer = stack.enter_context(login(server, friend, "desk", presence=True))
        phone = login(server, owner, "phone", presence=True)
        phone.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{service.jid}' node='n'/>")
        phone.send(f"<enable {SM} resume='true'/>")
        phone.expect(f"<enabled {SM}/>")
        yield phone, service, writer


def says(writer, phone, words):
    writer.send(f"<message to='{phone.bare}' type='chat' id='{words}'><body>{words}</body></message>")
    writer.ping()


def count(service):
    return [value.text for value in service.expect(NOTIFICATION).iter("{jabber:x:data}value")][-1]


def test_a_message_for_a_session_that_waits_wakes_the_device(three):
    phone, service, writer = three
    phone.reset()
    says(writer, phone, "one")
    assert count(service) == "1"


def test_what_was_sent_and_never_acknowledged_wakes_the_device_when_the_connection_is_lost(three):
    phone, service, writer = three
    for words in ("one", "two"):
        says(writer, phone, words)
        phone.expect(f"<message id='{words}'/>")
    service.expect_nothing(writer)
    phone.reset()
    assert count(service) == "2"


def test_what_was_acknowledged_wakes_nobody(server, three):
    phone, service, writer = three
    says(writer, phone, "one")
    phone.expect("<message id='one'/>")
    phone.send(f"<r {SM}/>")
    phone.send(f"<a {SM} h='1'/>")
    phone.ping()
    phone.reset()
    server.ctl("sessions", "kick", phone.jid)  # the server knows by now
    service.expect_nothing(writer)
