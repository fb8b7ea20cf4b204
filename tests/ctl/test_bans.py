# SPDX-License-Identifier: Apache-2.0
"""Bans: what an administrator sees of them, makes and lifts."""
import pytest

from support.raw import RawClient, login
from support.scram import Scram, unb64


def served(server, source):
    """Whether a connection from there gets a stream."""
    client = RawClient(server, "tcp", source=source)
    try:
        client.open()
        return True
    except (AssertionError, OSError):
        return False
    finally:
        client.drop()


def wrong_password(server, user, source):
    with RawClient(server, source=source) as client:
        client.open()
        scram = Scram("SCRAM-SHA-256", user, "wrong")
        answer = client.begin_sasl(scram.mechanism, scram.first())
        client.expect_sasl_failure(client.respond(scram.final(unb64(answer.text).decode())), "not-authorized")


def banned(server):
    return [row["prefix"] for row in server.ctl_json("ban", "list")["bans"]]


def test_an_administrator_bans_and_lifts(private_server):
    server = private_server()
    account = server.account("resident")
    with login(server, account, "here", source="127.0.7.7") as session:
        assert server.ctl("ban", "add", "127.0.7.77/24", "--reason", "noise").stdout == "banned 127.0.7.0/24\n"
        assert not served(server, "127.0.7.7") and served(server, "127.0.8.7")
        session.ping()  # who is in stays
    row, = server.ctl_json("ban", "list")["bans"]
    assert row.pop("since") > 1_700_000_000
    assert row == {"prefix": "127.0.7.0/24", "cause": "administrator", "until": None, "failures": 0, "reason": "noise"}
    assert "127.0.7.0/24" in server.ctl("ban", "list").stdout
    assert server.ctl("ban", "remove", "127.0.7.0/24").stdout == "lifted the ban of 127.0.7.0/24\n"
    assert served(server, "127.0.7.7") and banned(server) == []
    assert 'control command="ban add" about=127.0.7.77/24 outcome=done' in server.log()


def test_an_administrators_ban_outlives_the_server_and_ends_in_time(private_server):
    server = private_server()
    server.ctl("ban", "add", "127.0.7.7")
    server.ctl("ban", "add", "127.0.7.8", "--for", "2 h")
    server.ctl("ban", "add", "2001:db8:0:1::/64", "--for", "1 s")
    server.ctl("ban", "add", "127.0.7.9")
    server.ctl("ban", "remove", "127.0.7.9")
    until = {row["prefix"]: row["until"] for row in server.ctl_json("ban", "list")["bans"]}
    assert until["127.0.7.7"] is None
    server.kill()
    server.start()
    assert not served(server, "127.0.7.7") and not served(server, "127.0.7.8") and served(server, "127.0.7.9")
    after = {row["prefix"]: row["until"] for row in server.ctl_json("ban", "list")["bans"]}
    assert {prefix: after[prefix] for prefix in ("127.0.7.7", "127.0.7.8")} == {
        "127.0.7.7": None, "127.0.7.8": until["127.0.7.8"]}


def test_a_ban_by_guesses_is_listed_and_can_be_lifted(private_server):
    server = private_server(login_failures=2)
    for user in ("a", "b"):
        wrong_password(server, user, "127.0.7.7")
    row, = server.ctl_json("ban", "list")["bans"]
    assert (row["prefix"], row["cause"], row["failures"]) == ("127.0.7.7", "failed logins", 2)
    assert row["until"] - row["since"] == pytest.approx(3600, abs=2)
    assert not served(server, "127.0.7.7")
    refused = server.ctl("ban", "remove", "127.0.7.0/24", check=False)
    assert (refused.returncode, refused.stderr) == (
        1, "stonechatctl: there is no ban of 127.0.7.0/24; there is one of 127.0.7.7\n")
    server.ctl("ban", "remove", "127.0.7.7")
    wrong_password(server, "c", "127.0.7.7")  # and it does not begin again with the next one
    assert served(server, "127.0.7.7")


@pytest.mark.parametrize("change", [{"login_failures": 0}, {"login_failures": 3}, {"exempt": ["127.0.7.0/28"]}])
def test_settings_that_would_not_have_banned_lift_the_ban(private_server, change):
    server = private_server(login_failures=2)
    for user in ("a", "b"):
        wrong_password(server, user, "127.0.7.7")
    assert banned(server) == ["127.0.7.7"]
    server.configure(change)
    server.ctl("reload")
    assert banned(server) == [] and served(server, "127.0.7.7")
    assert 'bans lifted count=1 why="the settings"' in server.log()


@pytest.mark.parametrize("arguments, says", [
    (["add", "localhost"], "'localhost' is neither an IP address nor a prefix"),
    (["add", "127.0.0.1/33"], "is neither an IP address nor a prefix"),
    (["add", "127.0.0.1", "--for", "soon"], "'soon' is no time to ban for"),
    (["add", "127.0.0.1", "--for", "0 s"], "'0 s' is no time to ban for"),
    (["add", "127.0.0.1", "--reason", "x" * 300], "the reason is longer than 256 bytes"),
    (["remove", "127.0.7.7"], "there is no ban of 127.0.7.7"),
])
def test_what_makes_no_sense_is_refused(server, arguments, says):
    refused = server.ctl("ban", *arguments, check=False)
    assert refused.returncode == 1 and says in refused.stderr, refused
    assert banned(server) == []


def test_an_exempt_entry_that_is_no_prefix_is_a_problem_of_the_configuration(private_server):
    server = private_server()
    server.configure({"exempt": ["office.example.org"]})
    refused = server.ctl("reload", check=False)
    assert "\"office.example.org\" in 'exempt' is no address or prefix" in refused.stderr


def test_every_ban_command_has_help(server):
    for words in (["ban"], ["ban", "list"], ["ban", "add"], ["ban", "remove"]):
        assert "Usage:" in server.ctl(*words, "--help").stdout
