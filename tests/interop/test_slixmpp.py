# SPDX-License-Identifier: Apache-2.0
"""slixmpp, a client library nobody here wrote, does with the server what people do."""
import asyncio
import dataclasses
import ssl

import pytest
from slixmpp.exceptions import IqError

from support.certificates import make_certificate
from support.people import Person, together
from support.server import ADMIN, make_server


def play(scenario):
    asyncio.run(asyncio.wait_for(scenario, 60))


def test_the_certificate_is_verified(server, tmp_path):
    """Against the server's own certificate as authority the login succeeds, against another it fails."""
    async def scenario():
        async with together(server, "alice"):
            pass
        stranger = make_server()
        try:
            alice = Person(server.account("alice"), server, "phone")
            alice.ca_certs = stranger.certificate
            with pytest.raises(AssertionError, match="does not verify"):
                await alice.come()
        finally:
            stranger.remove()
    play(scenario())


def test_a_machine_that_trusts_another_server_of_that_name_is_not_confused(server, monkeypatch):
    """Who has put the certificate of an earlier server for this host among the machine's authorities, and is told to
    trust ours too, gets in: the two have names and key identifiers of their own."""
    async def scenario():
        stranger = make_server()
        try:
            monkeypatch.setenv("SSL_CERT_FILE", str(stranger.certificate))
            alice = Person(server.account("alice"), server, "phone")
            alice.ssl_context = ssl.create_default_context()
            await alice.come()
            await alice.leave()
        finally:
            stranger.remove()
    play(scenario())


def test_what_the_machine_trusts_proves_nothing_to_these_tests(server, tmp_path, monkeypatch):
    async def scenario():
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        alice = Person(server.account("alice"), server, "phone")
        alice.ca_certs = make_certificate(tmp_path / "other.crt", tmp_path / "other.key")
        with pytest.raises(AssertionError, match="does not verify"):
            await alice.come()
    play(scenario())


def test_a_wrong_password_is_refused(server):
    async def scenario():
        account = dataclasses.replace(server.account("alice"), password="wrong")
        with pytest.raises(AssertionError, match="refused"):
            await Person(account, server, "phone").come()
    play(scenario())


@pytest.mark.parametrize("chosen, typed", [
    ("pässwört", "pässwört"),
    ("caf\u00e9", "cafe\u0301"),
    ("cafe\u0301", "caf\u00e9"),
    ("пароль", "пароль"),
    ("密码 🔑🐎", "密码 🔑🐎"),
    ("שלום", "שלום"),
    ("a b", "a\u00a0b"),
    ("a\u3000b", "a b"),
    ("~!\"#$%&'()*+,-./", "~!\"#$%&'()*+,-./"),
])
def test_passwords_beyond_ascii_log_in(server, chosen, typed):
    """RFC 5802 §2.2-1: the client prepares the password with SASLprep; the server has made its verifier of the same."""
    async def scenario():
        account = server.account("alice")
        server.ctl("user", "password", account.jid, "--password", chosen)
        alice = Person(dataclasses.replace(account, password=typed), server, "phone")
        await alice.come()
        await alice.leave()
    play(scenario())


@pytest.mark.parametrize("password, character", [("10 m²", "'²' (U+00B2)"), ("wait…", "'…' (U+2026)"),
                                                 ("½ pint", "'½' (U+00BD)"), ("ﬁsh", "'ﬁ' (U+FB01)")])
def test_a_password_that_clients_disagree_about_is_refused_by_every_way(server, password, character):
    async def scenario():
        account = server.account("alice")
        for command in ("password", "add"):
            jid = account.jid if command == "password" else f"new.{account.jid}"
            refused = server.ctl("user", command, jid, "--password", password, check=False)
            assert refused.returncode == 1 and character in refused.stderr
        alice = Person(account, server, "phone")
        await alice.come()
        with pytest.raises(IqError) as error:
            await alice["xep_0077"].change_password(password, jid=server.hosts[0])
        assert error.value.iq["error"]["condition"] == "not-acceptable" and character in error.value.iq["error"]["text"]
        await alice.leave()
    play(scenario())


def test_two_people_meet_chat_and_part(server):
    async def scenario():
        async with together(server, "alice", "bob") as (alice, bob):
            alice.send_presence_subscription(pto=bob.boundjid.bare)
            await bob.is_asked_by(alice.boundjid.bare)
            bob.send_presence_subscription(pto=alice.boundjid.bare, ptype="subscribed")
            bob.send_presence_subscription(pto=alice.boundjid.bare)
            await alice.is_asked_by(bob.boundjid.bare)
            alice.send_presence_subscription(pto=bob.boundjid.bare, ptype="subscribed")
            await alice.subscription_becomes(bob.boundjid.bare, "both")
            await bob.subscription_becomes(alice.boundjid.bare, "both")
            await alice.sees(bob.boundjid)
            await bob.sees(alice.boundjid)
            for number in range(20):
                alice.send_message(bob.boundjid.bare, f"question {number}", mtype="chat")
                await bob.hears(f"question {number}")
                bob.send_message(alice.boundjid, f"answer {number} ßあ🎭 <&>", mtype="chat")
                await alice.hears(f"answer {number} ßあ🎭 <&>")
            await bob.leave()
            await alice.sees(bob.boundjid, "unavailable")
    play(scenario())


def test_roster_items_are_named_grouped_and_removed(server):
    async def scenario():
        async with together(server, "alice") as (alice,):
            await alice.update_roster("friend@localhost", name="A friend", groups=["Old", "Dear"])
            await alice.wait_for(lambda: alice.pushed, "a roster push")
            item = alice.client_roster["friend@localhost"]
            assert item["name"] == "A friend" and set(item["groups"]) == {"Old", "Dear"}
            await alice.del_roster_item("friend@localhost")
            await alice.wait_for(lambda: not alice.client_roster.has_jid("friend@localhost"), "the removal")
    play(scenario())


def test_messages_wait_for_who_is_away(server):
    async def scenario():
        away = server.account("bob")
        async with together(server, "alice") as (alice,):
            for number in range(10):
                alice.send_message(away.jid, f"line {number}", mtype="chat")
            await alice["xep_0199"].ping(server.hosts[0])
            bob = Person(away, server, "phone")
            await bob.come()
            last = await bob.hears("line 9")
            assert [m["body"] for m in bob.heard] == [f"line {number}" for number in range(10)]
            assert last["delay"]["from"].domain == server.hosts[0]
            await bob.leave()
    play(scenario())


# XEP-0191 §3.4-3
def test_blocking(server):
    async def scenario():
        async with together(server, "alice", "bob") as (alice, bob):
            await alice["xep_0191"].block(bob.boundjid.bare)
            listed = await alice["xep_0191"].get_blocked()
            assert {jid.bare for jid in listed["blocklist"]["items"]} == {bob.boundjid.bare}
            bob.send_message(alice.boundjid.bare, "hello?", mtype="chat")
            await bob.wait_for(lambda: bob.refused, "a refusal")
            assert bob.refused[0]["error"]["condition"] == "service-unavailable"
            await alice["xep_0191"].unblock(bob.boundjid.bare)
            bob.send_message(alice.boundjid.bare, "and now?", mtype="chat")
            await alice.hears("and now?")
            assert [m["body"] for m in alice.heard] == ["and now?"]
    play(scenario())


def test_vcard_and_private_data(server):
    async def scenario():
        async with together(server, "alice") as (alice,):
            card = alice["xep_0054"].make_vcard()
            card["FN"] = "Alice in Chains"
            await alice["xep_0054"].publish_vcard(vcard=card)
            stored = await alice["xep_0054"].get_vcard(alice.boundjid.bare, cached=False)
            assert stored["vcard_temp"]["FN"] == "Alice in Chains"
            from xml.etree import ElementTree as ET
            query = alice.make_iq_set(sub=ET.fromstring(
                "<query xmlns='jabber:iq:private'><notes xmlns='urn:x:notes'><note>milk</note></notes></query>"))
            await query.send()
            ask = alice.make_iq_get()
            ask.append(ET.fromstring("<query xmlns='jabber:iq:private'><notes xmlns='urn:x:notes'/></query>"))
            answer = await ask.send()
            assert answer.xml.find(".//{urn:x:notes}note").text == "milk"
    play(scenario())


# XEP-0202 §2-1
def test_what_the_server_says_of_itself(server):
    async def scenario():
        async with together(server, "alice") as (alice,):
            host = server.hosts[0]
            info = await alice["xep_0030"].get_info(jid=host)
            assert {"urn:xmpp:ping", "urn:xmpp:blocking", "vcard-temp"} <= info["disco_info"]["features"]
            assert ("server", "im") in {(i[0], i[1]) for i in info["disco_info"]["identities"]}
            await alice["xep_0030"].get_items(jid=host)
            version = await alice["xep_0092"].get_version(host)
            assert version["software_version"]["name"]
            assert await alice["xep_0199"].ping(host) is not None
            time = await alice["xep_0202"].get_entity_time(host)
            assert time.xml.find(".//{urn:xmpp:time}utc").text.endswith("Z")  # slixmpp 1.8 cannot parse it itself
            uptime = await alice["xep_0012"].get_last_activity(host)
            assert int(uptime["last_activity"]["seconds"]) >= 0
    play(scenario())


def test_a_password_is_changed_and_an_account_removed(server):
    async def scenario():
        async with together(server, "alice") as (alice,):
            account = dataclasses.replace(server.account("carol"))
            carol = Person(account, server, "phone")
            await carol.come()
            await carol["xep_0077"].change_password("new and longer", jid=server.hosts[0])
            await carol.leave()
            again = Person(dataclasses.replace(account, password="new and longer"), server, "phone")
            await again.come()
            await again["xep_0077"].cancel_registration(jid=server.hosts[0])
            with pytest.raises(AssertionError, match="refused"):
                await Person(dataclasses.replace(account, password="new and longer"), server, "phone").come()
            await alice["xep_0199"].ping(server.hosts[0])
    play(scenario())


def test_the_administrator_adds_a_user_by_command(server):
    async def scenario():
        server.administrator()
        boss = Person(ADMIN, server, "office")
        await boss.come()
        commands = await boss["xep_0050"].get_commands(server.hosts[0])
        nodes = {item[1] for item in commands["disco_items"]["items"]}
        assert "http://jabber.org/protocol/admin#add-user" in nodes
        form = await boss["xep_0050"].send_command(server.hosts[0], "http://jabber.org/protocol/admin#add-user")
        newcomer = server.account("existing").jid.replace("existing", "newcomer")
        reply = form["command"]["form"]
        reply["type"] = "submit"
        reply.set_values({"FORM_TYPE": "http://jabber.org/protocol/admin", "accountjid": newcomer,
                          "password": "welcome here", "password-verify": "welcome here"})
        done = await boss["xep_0050"].send_command(
            server.hosts[0], "http://jabber.org/protocol/admin#add-user", action="complete",
            payload=reply, sessionid=form["command"]["sessionid"])
        assert done["command"]["status"] == "completed"
        await boss.leave()
        fresh = Person(dataclasses.replace(ADMIN, jid=newcomer, password="welcome here"), server, "phone")
        await fresh.come()
        await fresh.leave()
    play(scenario())


def test_commands_are_not_for_everybody(server):
    async def scenario():
        async with together(server, "alice") as (alice,):
            with pytest.raises(IqError) as refused:
                await alice["xep_0050"].send_command(server.hosts[0], "http://jabber.org/protocol/admin#add-user")
            assert refused.value.condition == "forbidden"
    play(scenario())
