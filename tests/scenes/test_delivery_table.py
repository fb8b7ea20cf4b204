# SPDX-License-Identifier: Apache-2.0
"""RFC 6121 section 8.5 as data: what becomes of a stanza, by its type, its address and who is there.

Each column is a recipient account with a set of resources, each row a stanza; a cell is one test.
Outcomes (several where the RFC leaves the choice):
    one       the most available resource or resources (which is a local choice), or all that are not negative
    all       every non-negative resource
    everyone  every available resource, negative ones too
    match     the addressed resource alone
    offline   kept, and delivered to the next available resource
    error     service-unavailable comes back
    answer    the server answers on behalf of the account (here: the unknown payload is refused)
    silent    nothing happens
"""
import dataclasses

import pytest

from support import match
from support.friends import befriend
from support.raw import check_error, fresh_id, login

# Recipients: resource -> priority.
RECIPIENTS = {
    "no account": None,
    "nobody there": {},
    "only negative": {"cellar": -1},
    "one at zero": {"balcony": 0},
    "one positive": {"balcony": 5},
    "many": {"balcony": 5, "chamber": 1, "hall": 5, "cellar": -1},
}

MESSAGE = "<message to='{to}' id='{id}' type='{type}'><body>words</body></message>"
STANZAS = {
    "message normal": "<message to='{to}' id='{id}'><body>words</body></message>",
    "message chat": MESSAGE.replace("{type}", "chat"),
    "message groupchat": MESSAGE.replace("{type}", "groupchat"),
    "message headline": MESSAGE.replace("{type}", "headline"),
    "message error": "<message to='{to}' id='{id}' type='error'><body>words</body><error type='cancel'>"
                     "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    "presence available": "<presence to='{to}' id='{id}'/>",
    "presence unavailable": "<presence to='{to}' id='{id}' type='unavailable'/>",
    "presence error": "<presence to='{to}' id='{id}' type='error'><error type='cancel'>"
                      "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
    "iq get": "<iq to='{to}' id='{id}' type='get'><q xmlns='urn:example:unknown'/></iq>",
    "iq set": "<iq to='{to}' id='{id}' type='set'><q xmlns='urn:example:unknown'/></iq>",
    "iq result": "<iq to='{to}' id='{id}' type='result'/>",
    "iq error": "<iq to='{to}' id='{id}' type='error'><error type='cancel'>"
                "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
}

# RFC 6121 8.5.1: the account does not exist.
NO_ACCOUNT = {
    "message normal": "silent error", "message chat": "silent error", "message groupchat": "silent error",
    "message headline": "silent error", "message error": "silent",
    "presence available": "silent", "presence unavailable": "silent", "presence error": "silent",
    "iq get": "error", "iq set": "error", "iq result": "silent", "iq error": "silent",
}
# 8.5.2.2: bare JID, no available resource (8.5.2.1.1: or only negative ones, for messages).
BARE_EMPTY = {
    "message normal": "offline", "message chat": "offline", "message groupchat": "error",
    "message headline": "silent", "message error": "silent",
    "presence available": "silent", "presence unavailable": "silent", "presence error": "silent",
    "iq get": "answer", "iq set": "answer", "iq result": "silent", "iq error": "silent",
}
BARE_NEGATIVE = {**BARE_EMPTY, "presence available": "everyone", "presence unavailable": "everyone",
                 "presence error": "silent everyone"}
# 8.5.2.1: bare JID, at least one non-negative resource.
BARE_PRESENT = {
    "message normal": "one", "message chat": "one", "message groupchat": "error",
    "message headline": "all", "message error": "silent",
    "presence available": "everyone", "presence unavailable": "everyone", "presence error": "silent everyone",
    "iq get": "answer", "iq set": "answer", "iq result": "silent", "iq error": "silent",
}
# 8.5.3.1: full JID of a resource that is there.
FULL_MATCH = dict.fromkeys(STANZAS, "match")
# 8.5.3.2: full JID of a resource that is not there.
FULL_OTHER = {
    "message normal": "silent error", "message chat": "offline", "message groupchat": "silent error",
    "message headline": "silent error", "message error": "silent",
    "presence available": "silent", "presence unavailable": "silent", "presence error": "silent",
    "iq get": "error", "iq set": "error", "iq result": "silent", "iq error": "silent",
}
FULL_OTHER_PRESENT = {**FULL_OTHER, "message chat": "one"}  # 8.5.3.2.1: a chat is then treated as to the bare JID

# (recipient, resource of the address or None) -> column
COLUMNS = {
    ("no account", None): NO_ACCOUNT,
    ("no account", "balcony"): NO_ACCOUNT,
    ("nobody there", None): BARE_EMPTY,
    ("nobody there", "balcony"): FULL_OTHER,
    ("only negative", None): BARE_NEGATIVE,
    ("only negative", "cellar"): FULL_MATCH,
    ("only negative", "gone"): FULL_OTHER,
    ("one at zero", None): BARE_PRESENT,
    ("one at zero", "balcony"): FULL_MATCH,
    ("one at zero", "gone"): FULL_OTHER_PRESENT,
    ("one positive", None): BARE_PRESENT,
    ("one positive", "balcony"): FULL_MATCH,
    ("one positive", "gone"): FULL_OTHER_PRESENT,
    ("many", None): BARE_PRESENT,
    ("many", "chamber"): FULL_MATCH,
    ("many", "cellar"): FULL_MATCH,
    ("many", "gone"): FULL_OTHER_PRESENT,
}

CELLS = [pytest.param(recipient, resource, stanza, column[stanza],
                      id=f"{stanza} to {'bare' if resource is None else resource}, {recipient}")
         for (recipient, resource), column in COLUMNS.items() for stanza in STANZAS]


@dataclasses.dataclass
class Stage:
    """A sender who is a mutual contact of the recipient, and the recipient's resources."""
    server: object
    sender: object
    account: object
    resources: dict
    priorities: dict

    @property
    def bare(self):
        return self.account.jid

    def most_available(self):
        return self.names(max(self.priorities.values()))

    def names(self, at_least):
        return {name for name, priority in self.priorities.items() if priority >= at_least}


@pytest.fixture(scope="module")
def stages(server):
    """One stage per recipient, set up when its first cell runs."""
    made = {}

    def stage(recipient):
        if recipient not in made:
            made[recipient] = set_stage(server, RECIPIENTS[recipient])
        return made[recipient]

    yield stage
    for each in made.values():
        for session in (each.sender, *each.resources.values()):
            session.drop()


def set_stage(server, priorities):
    romeo = server.account("romeo")
    if priorities is None:
        ghost = dataclasses.replace(romeo, jid=f"nobody.{romeo.jid}")
        return Stage(server, login(server, romeo, "orchard", presence=True), ghost, {}, {})
    juliet = server.account("juliet")
    befriend(server, romeo, juliet)
    resources = {name: login(server, juliet, name, presence=priority) for name, priority in priorities.items()}
    sender = login(server, romeo, "orchard", presence=True)
    for session in resources.values():
        session.forget(sender)
    return Stage(server, sender, juliet, resources, priorities)


def observe(stage, stanza, resource):
    """Sends it and tells who received it, and the error that came back (or None)."""
    identity = fresh_id("cell")
    to = stage.bare if resource is None else f"{stage.bare}/{resource}"
    stage.sender.send(stanza.format(to=to, id=identity))
    returned = [e for e in stage.sender.forget() if e.get("id") == identity]
    got = {name for name, session in stage.resources.items()
           if any(e.get("id") == identity for e in session.forget(stage.sender))}
    assert len(returned) <= 1, "answered twice: " + " ".join(map(match.show, returned))
    if returned:
        check_error(returned[0], "service-unavailable")
        assert returned[0].get("from") == to
    return identity, got, bool(returned)


def kept_for_later(stage, identity):
    """Whether the next available resource gets it."""
    with login(stage.server, stage.account, "later") as later:
        kept = any(e.get("id") == identity for e in later.become_available())
        later.close()
    for session in (stage.sender, *stage.resources.values()):
        session.forget()
    return kept


def matches(outcome, stage, resource, got, returned):
    expected = {
        "one": None, "all": stage.names(0), "everyone": stage.names(-128), "match": {resource},
        "offline": set(), "error": set(), "answer": set(), "silent": set(),
    }[outcome]
    if outcome in ("error", "answer"):
        return returned and not got
    if returned:
        return False
    if outcome == "one":
        return len(got) == 1 and got <= stage.names(0) or got in (stage.names(0), stage.most_available())
    return got == expected


@pytest.mark.parametrize("recipient, resource, stanza, outcomes", CELLS)
def test_rfc_6121_8_5(stages, recipient, resource, stanza, outcomes):
    stage = stages(recipient)
    identity, got, returned = observe(stage, STANZAS[stanza], resource)
    fitting = [each for each in outcomes.split() if matches(each, stage, resource, got, returned)]
    assert fitting, f"expected {outcomes}: received by {sorted(got) or 'nobody'}, error came back: {returned}"
    may_be_kept = RECIPIENTS[recipient] is not None and not got and not returned
    if may_be_kept and stanza.startswith("message"):
        assert kept_for_later(stage, identity) == ("offline" in fitting), "kept for later or not"


def test_a_chat_for_many_goes_to_the_most_available(stages):
    """RFC 6121 8.5.2.1.1: whichever the choice, the lower priority does not get it alone."""
    stage = stages("many")
    _, got, _ = observe(stage, STANZAS["message chat"], None)
    assert got != {"chamber"}


PRESENCE_TO_NOBODY = ["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"]


@pytest.mark.parametrize("kind", PRESENCE_TO_NOBODY)
def test_rfc_6121_8_5_1_presence_to_no_account_is_ignored(stages, kind):
    """Silence; a probe and a subscription may also be answered with 'unsubscribed' (4.3.2)."""
    stage = stages("no account")
    stage.sender.send(f"<presence to='{stage.bare}' type='{kind}'/>")
    answers = [e.get("type") for e in stage.sender.forget() if e.tag.endswith("presence")]
    assert answers in ([], ["unsubscribed"]), answers


# RFC 6121 §8.5.3.1-1
def test_rfc_6121_8_5_3_1_iq_without_shared_presence_is_not_delivered(server):
    """A stranger's iq to a full JID gets the answer that a resource that is not there gets."""
    romeo, juliet = server.accounts("romeo", "juliet")
    with login(server, romeo, "orchard", presence=True) as stranger, \
            login(server, juliet, "balcony", presence=True) as balcony:
        answers = [stranger.ask("get", "<ping xmlns='urn:xmpp:ping'/>", to=f"{juliet.jid}/{resource}")
                   for resource in ("balcony", "gone")]
        for answer in answers:
            check_error(answer, "service-unavailable", "cancel")
        balcony.expect_nothing(stranger)


def test_rfc_6121_8_5_3_1_directed_presence_gives_the_right_to_ask(server):
    romeo, juliet = server.accounts("romeo", "juliet")
    with login(server, romeo, "orchard", presence=True) as stranger, \
            login(server, juliet, "balcony", presence=True) as balcony:
        balcony.send(f"<presence to='{stranger.jid}'/>")
        stranger.forget(balcony)
        stranger.send(f"<iq type='get' id='p' to='{balcony.jid}'><ping xmlns='urn:xmpp:ping'/></iq>")
        balcony.expect("<iq type='get' id='p'/>")
