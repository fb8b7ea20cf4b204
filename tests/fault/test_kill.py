# SPDX-License-Identifier: Apache-2.0
"""kill -9 in a storm loses nothing that was acknowledged; and the judge of that is judged itself."""
import pytest

from kill_loop import KillLoop
from ledger import DELIVERED, IN_READERS_ARCHIVE, IN_SENDERS_ARCHIVE, Ledger
from mail_loop import MailLoop
from room_loop import RoomLoop
from support.limits import SANITIZED
from support.raw import login


def test_five_kills_lose_no_mail_and_no_roster_change():
    verdict = MailLoop(pairs=4).run(5)
    assert verdict.is_clean, str(verdict)


@pytest.mark.slow
def test_fifty_kills_lose_no_mail_and_no_roster_change():
    verdict = MailLoop(pairs=6).run(50)
    assert verdict.is_clean, str(verdict)


@pytest.mark.skipif(SANITIZED, reason="sanitizers want to be the first library, before the shim")
def test_after_fifty_kills_everybody_resumed_and_nothing_is_lost_doubled_or_displaced():
    loop = KillLoop(kills=50, pairs=30, longest=0.5)
    verdict = loop.run()
    assert verdict.is_clean, f"{verdict}\n{loop.details()}"


@pytest.mark.skipif(SANITIZED, reason="sanitizers want to be the first library, before the shim")
def test_the_kill_loop_finds_losses_when_sent_is_taken_for_acknowledged():
    verdict = KillLoop(kills=4, pairs=20, longest=1, control="sent").run()
    assert verdict.lost > 0, str(verdict)


def test_after_four_kills_everybody_is_still_in_the_rooms_and_nothing_said_there_is_lost():
    verdict = RoomLoop(kills=4).run()
    assert verdict.is_clean, str(verdict)


@pytest.mark.slow
def test_fifty_kills_of_rooms():
    verdict = RoomLoop(kills=50, rooms=10).run()
    assert verdict.is_clean, str(verdict)


def judged(acknowledged, delivered, archived=None):
    ledger = Ledger()
    lane = ledger.lane("a to b")
    for number in acknowledged:
        lane.acknowledge(number)
    for number in delivered:
        lane.deliver(number)
    for number in archived if archived is not None else delivered:
        lane.archive(number, is_sender=True)
        lane.archive(number, is_sender=False)
    return ledger.judge(1, DELIVERED, IN_SENDERS_ARCHIVE, IN_READERS_ARCHIVE)


@pytest.mark.parametrize("acknowledged, delivered, finding", [
    ([1, 2, 3], [1, 3], "lost"),
    ([1, 2, 3], [], "lost"),
    ([1, 2], [1, 2, 2], "doubled"),
    ([1, 2, 3], [1, 3, 2], "out_of_order"),
])
def test_the_judge_finds_a_fabricated_fault(acknowledged, delivered, finding):
    verdict = judged(acknowledged, delivered)
    assert getattr(verdict, finding) > 0 and not verdict.is_clean


@pytest.mark.parametrize("archived, finding", [([1], "lost"), ([1, 2, 1], "doubled"), ([2, 1], "out_of_order")])
def test_the_judge_looks_into_the_archives(archived, finding):
    assert getattr(judged([1, 2], [1, 2], archived), finding) > 0


def test_the_judge_knows_what_was_refused():
    ledger = Ledger()
    ledger.lane("a to b").acknowledge(1)
    ledger.lane("a to b").acknowledge(2)
    ledger.lane("a to b").refuse(2)
    ledger.lane("a to b").deliver(1)
    verdict = ledger.judge(1)
    assert verdict.is_clean and verdict.acknowledged == 1


@pytest.mark.parametrize("found, is_clean", [(None, False), (6, False), (7, True), (9, True)])
def test_the_judge_finds_a_change_that_was_taken_back(found, is_clean):
    made = Ledger()
    made.acknowledge_field("name of a contact", 3)
    made.acknowledge_field("name of a contact", 7)
    if found is not None:
        made.find_field("name of a contact", found)
    assert made.judge(1).is_clean == is_clean


def test_the_judge_accepts_what_came_without_being_acknowledged():
    assert judged([1, 2], [1, 2, 3]).is_clean


def test_the_judge_does_not_accept_that_nothing_was_tried():
    assert not judged([], []).is_clean


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
