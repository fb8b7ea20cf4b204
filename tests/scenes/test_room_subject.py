# SPDX-License-Identifier: Apache-2.0
"""XEP-0045 7.2.15: the subject that who enters is told comes with the time at which it was changed."""
import datetime
import time

from support.raw import login

MUC = "http://jabber.org/protocol/muc"
ROOM = "dated@conference.localhost"
DELAY = "{urn:xmpp:delay}delay"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def enter(session, nick):
    """Gives the subject."""
    session.send(f"<presence to='{ROOM}/{nick}'><x xmlns='{MUC}'><history maxstanzas='0'/></x></presence>")
    session.expect(f"<presence from='{ROOM}/{nick}'><x xmlns='{MUC}#user'><status code='110'/></x></presence>")
    return session.expect("<message type='groupchat'><subject/></message>")


def change_subject(session, text):
    """Gives when it was not changed yet, and when it was."""
    before = now()
    session.send(f"<message to='{ROOM}' type='groupchat'><subject>{text}</subject></message>")
    session.expect(f"<message type='groupchat'><subject>{text}</subject></message>")
    return before - datetime.timedelta(milliseconds=1), now()  # stamps have milliseconds


def let_the_clock_move_on(session):
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        session.ping()


# XEP-0045 §7.2.15-2
def test_the_subject_is_stamped_with_the_time_of_its_last_change(server):
    crone, hag = server.accounts("crone", "hag")
    with login(server, crone, "desktop", presence=True) as owner, login(server, hag, "pda", presence=True) as guest:
        enter(owner, "crone")
        instant = f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'/></query>"
        assert owner.ask("set", instant, to=ROOM).get("type") == "result"
        for text in ("Cauldron", "Broth"):
            before, after = change_subject(owner, text)
            let_the_clock_move_on(owner)
            subject = enter(guest, "hag")
            assert subject.findtext("{jabber:client}subject") == text
            delay = subject.find(DELAY)
            assert delay.get("from") == ROOM
            stamp = datetime.datetime.fromisoformat(delay.get("stamp").replace("Z", "+00:00"))
            assert before <= stamp <= after, f"changed from {before} to {after}, stamped {stamp}"
            guest.send(f"<presence to='{ROOM}/hag' type='unavailable'/>")
            guest.expect(f"<presence from='{ROOM}/hag' type='unavailable'/>")
            guest.forget()
            let_the_clock_move_on(owner)
        owner.send(f"<presence to='{ROOM}/crone' type='unavailable'/>")
