# SPDX-License-Identifier: Apache-2.0
"""What is rewritten on its way to somebody is the same to him on every way on which he gets it.

A room passes things on under its own addresses: private messages (XEP-0045 7.5), invitations and their refusals
(7.8). KINDS says what is sent, and what its recipient gets as it comes; WAYS says how else he comes by it, and the
table compares. Whoever writes another module that rewrites what passes through it adds a row to KINDS.
"""
import copy
import dataclasses
import itertools
import xml.etree.ElementTree as ET

import pytest

from support import match
from support.match import CLIENT
from support.raw import RawClient, login
from support.server import make_server

NAMES = ("romeo", "tybalt", "benvolio")

SM = "urn:xmpp:sm:3"
MAM = "urn:xmpp:mam:2"
CARBONS = "urn:xmpp:carbons:2"
HINTS = "urn:xmpp:hints"
SID = "urn:xmpp:sid:0"
DELAY = "urn:xmpp:delay"
MUC_USER = "http://jabber.org/protocol/muc#user"
OCCUPANT_ID = "urn:xmpp:occupant-id:0"
RETRACT = "urn:xmpp:message-retract:1"
OWNER = "http://jabber.org/protocol/muc#owner"

ROOM = "verona@conference.localhost"
FORGED = (f"<occupant-id xmlns='{OCCUPANT_ID}' id='forged'/>",
          f"<stanza-id xmlns='{SID}' by='{{tybalt}}' id='forged'/>")

_rooms = itertools.count(1)


@dataclasses.dataclass
class Kind:
    """`sent` by romeo, and as tybalt `got` it; None: word for word what was sent. The stanza-id is left aside."""
    sent: str
    got: str = None
    missing: str = ""  # ways on which it does not come

    def __post_init__(self):
        self.got = self.got or self.sent.replace("<message ", "<message from='{romeo}/orchard' ")


def private(inside, type_="type='chat' ", kept=None):
    """A private message to an occupant. To devices that are not in the room it does not go."""
    return Kind(f"<message {type_}to='{{room}}/tyb' id='{{id}}'>{inside}</message>",
                f"<message {type_}from='{{room}}/masked' to='{{tybalt}}/phone' id='{{id}}'>"
                f"{inside if kept is None else kept}<x xmlns='{MUC_USER}'/><occupant-id xmlns='{OCCUPANT_ID}' id='*'/>"
                f"<no-copy xmlns='{HINTS}'/></message>", missing="carbon")


KINDS = {
    "private message": private("<body>Alla stoccata</body>"),
    "private message without a type": private("<body>Alla stoccata</body>", type_=""),
    "private message with marks that only a room may set": private(
        f"<body>Alla stoccata</body><x xmlns='{MUC_USER}'><item jid='forged@localhost'/></x>"
        + "".join(FORGED),
        kept="<body>Alla stoccata</body>"),
    "encrypted private message": private(
        "<encrypted xmlns='eu.siacs.conversations.axolotl'><payload>x</payload></encrypted>"
        f"<body>I sent you an OMEMO message.</body><store xmlns='{HINTS}'/>"),
    "corrected private message": private(
        "<body>Alla stoccata!</body><replace xmlns='urn:xmpp:message-correct:0' id='before'/>"),
    "receipt in private": private("<received xmlns='urn:xmpp:receipts' id='before'/>"),
    "reaction in private": private(
        "<reactions xmlns='urn:xmpp:reactions:0' id='before'><reaction>x</reaction></reactions>"),
    "invitation by the room": Kind(
        f"<message to='{{room}}' id='{{id}}'><x xmlns='{MUC_USER}'><invite to='{{tybalt}}'><reason>Come</reason></invite>"
        "<invite to='nobody@localhost'/></x></message>",
        f"<message from='{{room}}' to='{{tybalt}}' id='{{id}}'><x xmlns='{MUC_USER}'>"
        "<invite from='{romeo}'><reason>Come</reason></invite><password>verona</password></x></message>",
        missing="archive, by address"),
    "refusal of an invitation": Kind(
        f"<message to='{{room}}' id='{{id}}'><x xmlns='{MUC_USER}'><decline to='{{tybalt}}'><reason>No</reason></decline>"
        "</x></message>",
        f"<message from='{{room}}' to='{{tybalt}}/phone' id='{{id}}'><x xmlns='{MUC_USER}'>"
        "<decline from='{romeo}'><reason>No</reason></decline></x></message>",
        # Of the moment: nobody looks it up later.
        missing="carbon; archive; archive, by address; archive, by room"),
    "message that nobody rewrites": Kind(
        "<message type='chat' to='{tybalt}/phone' id='{id}'><body>Peace? I hate the word</body></message>",
        missing="archive, by room"),
    "message to all devices that nobody rewrites": Kind(
        "<message type='chat' to='{tybalt}' id='{id}'><body>Peace? I hate the word</body></message>",
        missing="archive, by room"),
}

SENT_WAYS = ["carbon", "archive", "archive, by address", "archive, by room", "resumed", "resumed after a restart"]
WAYS = [*SENT_WAYS, "as it comes", "mailbox, after an interrupted session", "mailbox, a moment after login",
        "mailbox, after a restart"]

ROWS = [pytest.param(kind, way, id=f"{kind}: {way}") for kind, each in KINDS.items() for way in WAYS
        if way not in each.missing.split("; ")]
SENT_ROWS = [pytest.param(kind, way, id=f"{kind}: {way}") for kind, each in KINDS.items() for way in SENT_WAYS
             if way == "carbon" or way not in each.missing.split("; ")]


def identity(kind):
    return kind.replace(" ", "-").replace(",", "")


def messages_in(elements):
    """Messages by kind, out of whatever carries them."""
    found = {}
    for element in elements:
        inner = element.find(f".//{{{CLIENT}}}message")
        message = element if inner is None else inner
        for kind in KINDS:
            if message.get("id") == identity(kind):
                assert kind not in found, f"came twice: {match.show(message)}"
                found[kind] = message
    return found


def form(message):
    """What a message says, but for when it came and where it is kept, which its carrier adds."""
    said = copy.deepcopy(message)
    for child in list(said):
        if child.tag in (f"{{{DELAY}}}delay", f"{{{SID}}}stanza-id"):
            said.remove(child)
        elif child.tag == f"{{{OCCUPANT_ID}}}occupant-id" and child.get("id") != "forged":
            child.set("id", "*")
    return ET.canonicalize(ET.tostring(said, encoding="unicode"), rewrite_prefixes=True)


class Stage:
    """A room that shows no real addresses, with romeo as `masked` and tybalt as `tyb`, and benvolio, who owns it."""

    def __init__(self, server):
        self.server = server
        self.accounts = dict(zip(NAMES, server.accounts(*NAMES)))
        self.room = f"verona{next(_rooms)}@conference.localhost"
        self.sessions = []
        self.owner = self.connect("benvolio", "street")
        self.enter(self.owner, "ben")
        settings = {"FORM_TYPE": "http://jabber.org/protocol/muc#roomconfig", "muc#roomconfig_persistentroom": 1,
                    "muc#roomconfig_allowinvites": 1, "muc#roomconfig_passwordprotectedroom": 1,
                    "muc#roomconfig_roomsecret": "verona"}
        self.owner.ask("set", f"<query xmlns='{OWNER}'>{submit(settings)}</query>", to=self.room)
        self.romeo = self.connect("romeo", "orchard")
        self.enter(self.romeo, "masked")

    def connect(self, name, resource, presence=True):
        session = login(self.server, self.accounts[name], resource, presence=presence)
        self.sessions.append(session)
        return session

    def enter(self, session, nick):
        session.send(f"<presence to='{self.room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'>"
                     "<password>verona</password></x></presence>")
        session.expect(f"<presence from='{self.room}/{nick}'><x xmlns='{MUC_USER}'><status code='110'/></x></presence>")

    def phone(self, presence=True):
        """Tybalt's, in the room. He has invited romeo, who may refuse."""
        phone = self.connect("tybalt", "phone", presence)
        self.enter(phone, "tyb")
        phone.send(f"<message to='{self.room}'><x xmlns='{MUC_USER}'><invite to='{self.romeo.bare}'/></x></message>")
        phone.ping()
        self.romeo.forget(phone)
        return phone

    def garden(self):
        """Romeo's other device, which is not in the room."""
        garden = self.connect("romeo", "garden")
        garden.ask("set", f"<enable xmlns='{CARBONS}'/>")
        return garden

    def romeo_says_everything(self):
        """Everything is safe when this returns."""
        names = {name: account.jid for name, account in self.accounts.items()}
        for kind, each in KINDS.items():
            self.romeo.send(each.sent.format(room=self.room, id=identity(kind), **names))
        self.romeo.ping()

    def resume(self, session):
        again = self.ask_to_resume(session)
        again.expect(lambda e: e.tag == f"{{{SM}}}resumed", what="<resumed/>")
        again.jid = session.jid
        return messages_in(again.forget())

    def ask_to_resume(self, session):
        again = RawClient(self.server)
        self.sessions.append(again)
        again.open()
        again.authenticate(session.bare, self.accounts["romeo"].password)
        again.open()
        again.send(f"<resume xmlns='{SM}' previd='{session.token}' h='0'/>")
        return again

    def kill_and_start(self):
        self.server.kill()
        self.server.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for session in self.sessions:
            session.socket.close()


def submit(fields):
    return "<x xmlns='jabber:x:data' type='submit'>" + "".join(
        f"<field var='{var}'><value>{value}</value></field>" for var, value in fields.items()) + "</x>"


def can_be_resumed(session):
    session.send(f"<enable xmlns='{SM}' resume='true'/>")
    session.token = session.expect(lambda e: e.tag == f"{{{SM}}}enabled", what="<enabled/>").get("id")
    return session


def archive(session, other=None):
    """What is in the archive, or of it what was exchanged with another."""
    form_ = submit({"FORM_TYPE": MAM, "with": other}) if other else ""
    session.ask("set", f"<query xmlns='{MAM}'>{form_}</query>")
    return messages_in(session.forget())


def archive_by_address(session, *others):
    found = {}
    for other in others:
        messages = archive(session, other)
        assert messages and not found.keys() & messages.keys(), f"with {other}: {sorted(messages)}"
        found.update(messages)
    return found


class Played:
    """All that was heard, by way and kind: what tybalt got, and what romeo has of what he sent."""

    def __init__(self, server):
        self.got, self.sent = {}, {}
        for scene in (self.undisturbed, self.interrupted, self.ended, self.just_come, self.restarted):
            with Stage(server) as stage:
                scene(stage)

    def note(self, stage, way, got=None, sent=None):
        """Accounts and rooms are others in each scene; here they have one name."""
        for heard, table in ((got, self.got), (sent, self.sent)):
            for kind, message in (heard or {}).items():
                text = text_of(message).replace(stage.room, ROOM)
                for name, account in stage.accounts.items():
                    text = text.replace(account.jid, f"{name}@localhost")
                table.setdefault(way, {})[kind] = ET.fromstring(text)

    def undisturbed(self, stage):
        phone, garden, desk = stage.phone(), stage.garden(), stage.connect("tybalt", "desk", -1)
        desk.ask("set", f"<enable xmlns='{CARBONS}'/>")
        stage.romeo_says_everything()
        self.note(stage, "as it comes", got=messages_in(phone.forget(stage.romeo)))
        self.note(stage, "carbon", got=messages_in(desk.forget(stage.romeo)),
                  sent=messages_in(garden.forget(stage.romeo)))
        self.note(stage, "archive", got=archive(phone), sent=archive(garden))
        # The invitation is from the room itself.
        masked, tyb = f"{stage.room}/masked", f"{stage.room}/tyb"
        self.note(stage, "archive, by address", got=archive_by_address(phone, masked, stage.romeo.bare),
                  sent=archive_by_address(garden, tyb, phone.bare))
        self.note(stage, "archive, by room", got=archive(phone, stage.room), sent=archive(garden, stage.room))

    def interrupted(self, stage):
        phone, garden = can_be_resumed(stage.phone()), can_be_resumed(stage.garden())
        phone.reset()
        garden.reset()
        stage.romeo_says_everything()
        self.note(stage, "resumed", got=stage.resume(phone), sent=stage.resume(garden))

    def ended(self, stage):
        phone = can_be_resumed(stage.phone())
        phone.reset()
        stage.romeo_says_everything()
        stage.server.ctl("sessions", "kick", phone.jid)
        later = stage.connect("tybalt", "later", presence=False)
        self.note(stage, "mailbox, after an interrupted session", got=messages_in(later.become_available()))

    def just_come(self, stage):
        """The phone has not read the mail that waited, so what comes meanwhile waits behind that."""
        tybalt = stage.accounts["tybalt"].jid
        stage.owner.send("".join(f"<message type='chat' to='{tybalt}'><body>{number}</body></message>"
                                 for number in range(250)))
        stage.owner.ping()
        phone = stage.phone(presence=False)
        phone.send(f"<presence/><presence to='{stage.room}/tyb'><status>here</status></presence>")
        stage.owner.expect("<presence><status>here</status></presence>")
        stage.romeo_says_everything()
        phone.note_to_self()
        got = messages_in(phone.forget(stage.romeo))
        assert all(message.find(f"{{{DELAY}}}delay") is not None for message in got.values()), "not from the mailbox"
        self.note(stage, "mailbox, a moment after login", got=got)

    def restarted(self, stage):
        phone, garden = can_be_resumed(stage.phone()), can_be_resumed(stage.garden())
        phone.reset()
        garden.reset()
        stage.romeo_says_everything()
        stage.kill_and_start()
        self.note(stage, "resumed after a restart", got=stage.resume(phone), sent=stage.resume(garden))
        stage.kill_and_start()  # nothing was acknowledged
        again = stage.connect("tybalt", "phone")
        stage.ask_to_resume(phone).expect(lambda e: e.tag == f"{{{SM}}}failed", what="<failed/>")
        last = again.expect(lambda e: e.get("id") == identity(list(KINDS)[-1]), what="mail")
        self.note(stage, "mailbox, after a restart", got=messages_in([*again.forget(), last]))


@pytest.fixture(scope="module")
def house():
    own = make_server(settings={"offline_per_sender": 1000, "message_rate": 0, "room_message_rate": 0,
                                "presence_rate": 0}).start()
    yield own
    own.remove()


@pytest.fixture(scope="module")
def played(house):
    return Played(house)


def expected(pattern, kind):
    names = {name: f"{name}@localhost" for name in NAMES}
    return form(match.parse(pattern.format(room=ROOM, id=identity(kind), **names)))


# XEP-0045 §7.5-4 §7.5-5 §7.8.2-1
# XEP-0421 §4-1
@pytest.mark.parametrize("kind, way", ROWS)
def test_who_gets_a_message_gets_the_same_on_every_way(played, kind, way):
    heard = played.got[way]
    assert kind in heard, f"did not come; this came: {sorted(heard)}"
    assert form(heard[kind]) == expected(KINDS[kind].got, kind)
    text = text_of(heard[kind])
    for secret in ("forged", "romeo", "orchard"):
        assert secret not in text or secret in KINDS[kind].got, f"says {secret}: {text}"


@pytest.mark.parametrize("kind, way", SENT_ROWS)
def test_who_has_sent_a_message_has_what_he_sent_on_every_way(played, kind, way):
    heard = played.sent[way]
    assert kind in heard, f"did not come; this came: {sorted(heard)}"
    sent = KINDS[kind].sent.replace("<message ", "<message from='{romeo}/orchard' ")
    for forged in FORGED:  # which a client cannot say
        sent = sent.replace(forged, "")
    assert form(heard[kind]) == expected(sent, kind)
    assert "masked" not in text_of(heard[kind])


# XEP-0313 §3.5-1
def test_the_id_that_comes_along_is_that_in_ones_own_archive(house):
    with Stage(house) as stage:
        phone, garden = stage.phone(), stage.garden()
        stage.romeo_says_everything()
        for session in (phone, garden):
            told = {message.get("id"): each.get("id") for message in messages_in(session.forget(stage.romeo)).values()
                    for each in message.iter(f"{{{SID}}}stanza-id") if each.get("by") == session.bare}
            session.ask("set", f"<query xmlns='{MAM}'/>")
            kept = {message.get("id"): result.get("id") for element in session.forget()
                    for result in element.iter(f"{{{MAM}}}result") for message in result.iter(f"{{{CLIENT}}}message")}
            assert told and told.items() <= kept.items()


# XEP-0424 §4-1 §5-1 §5-3
def test_a_private_message_that_was_taken_back_leaves_graves_that_tell_no_more_than_it_did(house):
    with Stage(house) as stage:
        phone = stage.phone()
        stage.romeo.send(f"<message type='chat' to='{stage.room}/tyb' id='said'><body>Alla stoccata</body>"
                         f"<x xmlns='{MUC_USER}'/></message>")
        # Whoever takes it back has to be who said it, and not another under the room's address.
        retract(stage, stage.owner)
        assert "stoccata" in text_of(in_archive(phone, "said"))
        stage.enter(stage.romeo, "unmasked")
        retract(stage, stage.romeo)
        grave = in_archive(phone, "said")
        assert match.fits(f"<message type='chat' from='{stage.room}/masked' to='{phone.jid}' id='said'>{{only}}"
                          f"<x xmlns='{MUC_USER}'/><occupant-id xmlns='{OCCUPANT_ID}' id='*'/>"
                          f"<retracted xmlns='{RETRACT}' id='taken-back'/></message>", grave), text_of(grave)
        assert stage.romeo.bare not in text_of(grave)
        while "stoccata" in text_of(in_archive(stage.romeo, "said")):
            pass  # its sender's side is not waited for
        grave = in_archive(stage.romeo, "said")
        assert match.fits(f"<message type='chat' from='{stage.romeo.jid}' to='{stage.room}/tyb' id='said'>{{only}}"
                          f"<x xmlns='{MUC_USER}'/><retracted xmlns='{RETRACT}' id='taken-back'/></message>",
                          grave), text_of(grave)


def retract(stage, session):
    session.send(f"<message type='chat' to='{stage.room}/tyb' id='taken-back'><retract xmlns='{RETRACT}' id='said'/>"
                 "<body>/me retracted a previous message</body></message>")
    session.ping()


def in_archive(session, identity_):
    session.forget()
    session.ask("set", f"<query xmlns='{MAM}'/>")
    found = [message for each in session.forget() for message in each.iter(f"{{{CLIENT}}}message")
             if message.get("id") == identity_]
    assert len(found) == 1, [text_of(each) for each in found]
    return found[0]


def text_of(element):
    return ET.tostring(element, encoding="unicode")
