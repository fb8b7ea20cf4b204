# SPDX-License-Identifier: Apache-2.0
"""RFC 6121 2.6: roster versioning."""
import pytest

from support.raw import login

QUERY = "{jabber:iq:roster}query"
ITEM = "{jabber:iq:roster}item"


def get(session, version):
    return session.ask("get", f"<query xmlns='jabber:iq:roster' ver='{version}'/>").find(QUERY)


def put(session, jid):
    session.ask("set", f"<query xmlns='jabber:iq:roster'><item jid='{jid}'/></query>")


@pytest.fixture
def romeo(server):
    account = server.account("romeo")
    with login(server, account, "orchard") as session:
        session.account = account
        yield session


# RFC 6121 §2.6.1-1
def test_the_stream_announces_it(romeo):
    assert romeo.features.find("{urn:xmpp:features:rosterver}ver") is not None


# RFC 6121 §3.4-1
def test_preapproval_is_announced(romeo):
    assert romeo.features.find("{urn:xmpp:features:pre-approval}sub") is not None


# RFC 6121 §2.1.1-1 §2.6.3-1
def test_a_first_request_gets_the_whole_roster_with_its_version(romeo):
    put(romeo, "nurse@localhost")
    query = get(romeo, "")
    assert query.get("ver")
    assert [item.get("jid") for item in query] == ["nurse@localhost"]


# RFC 6121 §2.6.3-2
def test_a_known_version_gets_an_empty_result(romeo):
    put(romeo, "nurse@localhost")
    version = get(romeo, "").get("ver")
    assert get(romeo, version) is None


# RFC 6121 §2.6.3-4 §2.6.3-5
def test_each_push_has_a_version_of_its_own(romeo):
    get(romeo, "")
    versions = []
    for name in ("nurse", "paris", "tybalt"):
        put(romeo, f"{name}@localhost")
        push = romeo.expect("<iq type='set'><query xmlns='jabber:iq:roster' ver='*'/></iq>")
        versions.append(push.find(QUERY).get("ver"))
    assert len(set(versions)) == 3
    assert get(romeo, versions[-1]) is None, "the version of the last push is the current one"


# RFC 6121 §2.6.3-1 §2.6.3-3
def test_an_old_version_gets_what_changed_or_everything(romeo):
    put(romeo, "nurse@localhost")
    put(romeo, "paris@localhost")
    version = get(romeo, "").get("ver")
    put(romeo, "tybalt@localhost")
    romeo.ask("set", "<query xmlns='jabber:iq:roster'><item jid='paris@localhost' subscription='remove'/></query>")
    romeo.forget()
    assert seen_after(romeo, version) in (
        {"nurse@localhost": "none", "tybalt@localhost": "none"},  # the whole roster
        {"tybalt@localhost": "none", "paris@localhost": "remove"},  # interim pushes
    )


# RFC 6121 §2.6.3-2
def test_an_unknown_version_gets_the_whole_roster(romeo):
    put(romeo, "nurse@localhost")
    query = get(romeo, "no such version")
    assert [item.get("jid") for item in query] == ["nurse@localhost"]


def seen_after(session, version):
    query = get(session, version)
    if query is not None:
        return {item.get("jid"): item.get("subscription") for item in query}
    pushes = session.forget()
    return {item.get("jid"): item.get("subscription") for push in pushes for item in push.iter(ITEM)}
