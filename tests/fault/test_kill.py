# SPDX-License-Identifier: Apache-2.0
"""kill -9 in a storm loses nothing that was acknowledged; and the judge of that is judged itself."""
import pytest

from kill_loop import KillLoop, Ledger
from support.raw import login


def test_five_kills_lose_nothing():
    verdict = KillLoop(pairs=4).run(5)
    assert verdict.is_clean, str(verdict)


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing():
    verdict = KillLoop(pairs=6).run(200)
    assert verdict.is_clean, str(verdict)


def ledger(acknowledged, received):
    made = Ledger()
    made.acknowledge("a to b", acknowledged)
    made.receive("a to b", received)
    return made.judge(1)


@pytest.mark.parametrize("acknowledged, received, finding", [
    ([1, 2, 3], [1, 3], "lost"),
    ([1, 2, 3], [], "lost"),
    ([1, 2], [1, 2, 2], "doubled"),
    ([1, 2, 3], [1, 3, 2], "out_of_order"),
])
def test_the_judge_finds_a_fabricated_fault(acknowledged, received, finding):
    verdict = ledger(acknowledged, received)
    assert getattr(verdict, finding) > 0 and not verdict.is_clean


@pytest.mark.parametrize("found, is_clean", [(None, False), (6, False), (7, True), (9, True)])
def test_the_judge_finds_a_change_that_was_taken_back(found, is_clean):
    made = Ledger()
    made.acknowledge_field("name of a contact", 3)
    made.acknowledge_field("name of a contact", 7)
    if found is not None:
        made.find_field("name of a contact", found)
    assert made.judge(1).is_clean == is_clean


def test_the_judge_accepts_what_came_without_being_acknowledged():
    assert ledger([1, 2], [1, 2, 3]).is_clean


def test_the_judge_does_not_accept_that_nothing_was_tried():
    assert not ledger([], []).is_clean


def test_sigterm_ends_every_stream_with_system_shutdown(private_server):
    """RFC 6120 4.9.3.21; within the five seconds that `stop` waits."""
    server = private_server()
    sessions = [login(server, server.account("guest"), "here") for _ in range(5)]
    sender, reader = server.accounts("sender", "reader")
    with login(server, sender, "here") as writer:
        writer.send(f"<message to='{reader.jid}' type='chat' id='last'><body>x</body></message>")
        writer.ping()
        assert server.stop() == 0
        for session in (*sessions, writer):
            session.expect_stream_error("system-shutdown")
    server.start()
    with login(server, reader, "here") as session:
        session.send("<presence/>")
        session.expect("<message id='last'/>")
