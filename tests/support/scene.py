# SPDX-License-Identifier: Apache-2.0
"""Plays `.scene` files: who sends what, who receives what, in XML, as the XEPs print it.

A file holds scenes separated by `---`; the first comment of each is its title and names the RFC
section or XEP example. The lines:

    server of its own                           nobody else is there; also: server with registration = true
    account mercutio@localhost                  exists, but is not online
    account pusher@localhost is a push service  devices may register at it
    romeo and juliet are mutual contacts        also: romeo and juliet are in state To+PendingIn
    romeo@localhost/orchard connects            bound, interested in the roster, available
                  ... connects silently         bound only
                  ... connects with priority -1
                  ... connects to the roster    interested, not available
                  ... connects with interest in urn:xmpp:avatar:metadata, http://jabber.org/protocol/nick
                                                its capabilities (XEP-0115) ask for the events of these nodes
    romeo/orchard is interested in NODE, NODE   from now on, in these nodes alone
    romeo/orchard sends    <xml/>               may go on over the next, indented lines
    romeo/orchard receives <xml/>               the first that fits; an unfitting stanza of the same kind
                                                and sender must not come before it (patterns: match.py)
    romeo/orchard receives next <xml/>          nothing at all that no line mentioned came before it
    romeo/orchard receives nothing              also nothing left over that no line mentioned
    romeo/orchard ignores the rest              what came until now, once all is quiet
    everybody receives nothing                  also: everybody ignores the rest
    romeo/orchard disconnects                   ends the stream; also: is cut off (the socket breaks)
    romeo/orchard is thrown out                 stream error and end; also: ... with not-authorized
    romeo@localhost can log in                  also: ... with password X; can not log in

    romeo/orchard creates cave@conference.localhost as romeo      an instant room; what it says is swallowed
                  ... with muc#roomconfig_membersonly=1 muc#roomconfig_whois=anyone      and configured so
    romeo/orchard enters cave@conference.localhost as romeo       what it says is swallowed

    romeo/orchard creates node musings                  at pubsub.localhost
                  ... with pubsub#access_model=whitelist pubsub#max_items=2
    romeo/orchard makes juliet@localhost publisher of musings
    romeo/orchard publishes lark to musings             an item with the id lark
    romeo/orchard subscribes to musings                 with the bare address
    node musings                                        nobody has created it yet

    romeo/orchard publishes <item id='1'><a xmlns='b'/></item> at NODE          a node of its own account
                  ... with pubsub#access_model=open pubsub#max_items=max        as publish-options

Accounts, rooms and nodes are new in each scene: romeo@localhost stands for an address like romeo.12@localhost,
both in what is sent and in what is expected, and {user_romeo} for its localpart; a node that a line has named
stands for one like musings.12. Only admin@localhost is the same for all. {a*1000} is a thousand times "a".
"""
import dataclasses
import itertools
import pathlib
import re

from support import match
from support.capabilities import Capabilities
from support.friends import befriend
from support.raw import SASL_NS, RawClient, fresh_id, login, presence_xml
from support.scram import Scram, unb64

_ADDRESS = re.compile(r"(?<![\w.])([a-z]+)@(localhost|other\.example)")
_ROOM = re.compile(r"(?<![\w.])([a-z]+)@conference\.localhost")
_REPEATED = re.compile(r"\{(\w)\*(\d+)\}")
_rooms = itertools.count(1)
_KEPT_NAMES = ("admin",)
_PUBSUB = "http://jabber.org/protocol/pubsub"


@dataclasses.dataclass
class Script:
    title: str
    lines: list  # (line number, text)


class SceneFailure(AssertionError):
    pass


def load(path):
    """The scenes of one file."""
    scripts, lines = [], []
    for number, line in enumerate([*pathlib.Path(path).read_text().splitlines(), "---"], 1):
        if line.strip() != "---":
            lines.append((number, line))
            continue
        title = next((text.lstrip("# ") for _, text in lines if text.startswith("#")), None)
        assert title, f"{path}: a scene without title before line {number}"
        scripts.append(Script(title, list(_joined(lines))))
        lines = []
    return scripts


def _joined(lines):
    """Steps with their continuation lines; comments and empty lines dropped."""
    step = None
    for number, line in lines:
        text = re.sub(r"(^|\s\s)#.*", "", line).rstrip()
        if not text:
            continue
        if text[0].isspace() and step:
            step = (step[0], f"{step[1]} {text.strip()}")
            continue
        if step:
            yield step
        step = (number, text)
    if step:
        yield step


class Scene:
    """One run of a script on a server; `private` starts a server with settings."""

    def __init__(self, script, server, private):
        self._script = script
        self._server = server
        self._private = private
        self._accounts = {}
        self._sessions = {}
        self._bound = {}
        self._settings = {}
        self._nodes = set()
        self._performance = next(_rooms)

    def play(self):
        try:
            for number, step in self._script.lines:
                try:
                    self._play(step)
                except Exception as problem:
                    raise SceneFailure(f"line {number}: {step}\n{problem}") from None
        finally:
            for session in self._sessions.values():
                session.drop()

    def _play(self, step):
        for pattern, action in _STEPS:
            found = pattern.fullmatch(step)
            if found:
                return action(self, **found.groupdict())
        raise SceneFailure("no such step")

    # -- names -----------------------------------------------------------------------------------------

    def _account(self, name, host="localhost"):
        if (name, host) not in self._accounts:
            kept = name in _KEPT_NAMES
            account = self._server.administrator() if kept else self._server.account(name, host)
            self._accounts[name, host] = account
            self._bound[f"user_{name}"] = account.user
        return self._accounts[name, host]

    def _by_name(self, name):
        return next((a for (known, _), a in self._accounts.items() if known == name), None) or self._account(name)

    def _text(self, text):
        """With the names of the play replaced by those of this performance; unknown ones stay."""
        def address(found):
            account = self._accounts.get(found.groups())
            return account.jid if account else found.group(0)
        text = _ROOM.sub(lambda found: f"{found.group(1)}.{self._performance}@conference.localhost", text)
        for node in self._nodes:
            text = re.sub(rf"(?<![\w./]){node}(?![\w.@/])", f"{node}.{self._performance}", text)
        text = _REPEATED.sub(lambda found: found.group(1) * int(found.group(2)), text)
        return match.fill(_ADDRESS.sub(address, text), self._bound)

    def _session(self, label):
        if label in self._sessions:
            return self._sessions[label]
        fitting = [s for name, s in self._sessions.items() if name.split("/")[0] == label]
        assert len(fitting) == 1, f"no single session called {label}"
        return fitting[0]

    # -- steps -----------------------------------------------------------------------------------------

    def set_up(self, settings=""):
        pairs = (part.split("=") for part in settings.split(",") if part)
        values = {key.strip(): _value(value.strip()) for key, value in pairs}
        self._server = self._private(**values)

    def exists(self, name, host):
        self._account(name, host)

    def serve_pushes(self, name, host):
        self._server.name_push_service(self._account(name, host).jid)

    def relate(self, one, other, state=None):
        befriend(self._server, self._by_name(one), self._by_name(other), state or "Both")

    def connect(self, name, host, resource, how=None):
        how = (how or "").strip()
        priority = re.fullmatch(r"with priority (-?\d+)", how)
        interests = re.fullmatch(r"with interest in (.+)", how)
        presence = None if how in ("silently", "to the roster") else int(priority[1]) if priority else True
        session = login(self._server, self._account(name, host), resource, presence=None, roster=how != "silently")
        if presence is not None:
            if interests:
                session.announce(_interested_in(interests[1]))
            else:
                session.send(presence_xml(presence))
                session.ping()
            session.expect(f"<presence from='{session.jid}' type='{{none}}'/>")
        self._sessions[f"{name}/{resource}"] = session

    def be_interested(self, label, nodes):
        self._session(label).announce(_interested_in(nodes))

    def send(self, label, xml):
        match.parse_all(self._text(xml))
        self._session(label).send(self._text(xml))

    def receive(self, label, xml, at_once=None):
        session = self._session(label)
        pattern = match.parse(self._text(xml))
        taken = session.expect(lambda element: match.mismatch(pattern, element, dict(self._bound)) is None,
                               what="fitting stanza")
        match.mismatch(pattern, taken, self._bound)
        assert not (at_once and session.passed_over), "came before it: " + _shown(session.passed_over)
        self._check_not_overtaken(session, pattern)

    def _check_not_overtaken(self, session, pattern):
        sender = pattern.get("from")
        if sender is None:
            return
        overtaken = [e for e in session.passed_over if e.tag == pattern.tag and e.get("from") == sender]
        assert not overtaken, "came before it: " + _shown(overtaken)

    def receive_nothing(self, label):
        others = [s for s in self._sessions.values() if s is not self._session(label)]
        self._session(label).expect_nothing(*others)

    def ignore(self, label):
        others = [s for s in self._sessions.values() if s is not self._session(label)]
        self._session(label).forget(*others)

    def all_receive_nothing(self):
        self._settle()
        for session in self._sessions.values():
            session.expect_nothing()

    def all_ignore(self):
        self._settle()
        for session in self._sessions.values():
            session.forget()

    def _settle(self):
        """What anybody has sent is taken care of."""
        for session in self._sessions.values():
            session.ping()

    def disconnect(self, label):
        self._session(label).close()
        self._leave(label)

    def cut_off(self, label):
        self._session(label).reset()
        self._leave(label)

    def thrown_out(self, label, condition=None):
        session = self._session(label)
        if condition:
            session.expect_stream_error(condition)
        else:
            session.expect_end()
        self._leave(label)

    # -- rooms -----------------------------------------------------------------------------------------

    def enter(self, label, room, nick):
        self.send(label, f"<presence to='{room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        self.receive(label, f"<presence from='{room}/{nick}'><x xmlns='http://jabber.org/protocol/muc#user'>"
                            "<status code='110'/></x></presence>")
        self.receive(label, f"<message type='groupchat' from='{{subject}}'><subject/></message>")
        self._bound.pop("subject", None)
        self.ignore(label)

    def create(self, label, room, nick, fields=None):
        self.enter(label, room, nick)
        form = _form("http://jabber.org/protocol/muc#roomconfig", fields)
        self.send(label, f"<iq type='set' id='create' to='{room}'><query xmlns='http://jabber.org/protocol/muc#owner'>"
                         f"{form}</query></iq>")
        self.receive(label, "<iq type='result' id='create'/>")
        self.ignore(label)

    # -- nodes -----------------------------------------------------------------------------------------

    def name_node(self, node):
        self._nodes.add(node)

    def create_node(self, label, node, fields=None):
        self.name_node(node)
        form = _form(f"{_PUBSUB}#node_config", fields)
        self._ask_pubsub(label, f"create-{node}", f"<create node='{node}'/><configure>{form}</configure>")

    def affiliate(self, label, address, affiliation, node):
        self._ask_pubsub(label, f"affiliate-{address}", f"<affiliations node='{node}'>"
                         f"<affiliation jid='{address}' affiliation='{affiliation}'/></affiliations>", "#owner")

    def publish(self, label, item, node):
        self._ask_pubsub(label, f"publish-{item}", f"<publish node='{node}'><item id='{item}'>"
                         f"<entry xmlns='http://www.w3.org/2005/Atom'><title>{item}</title></entry></item></publish>")

    def subscribe(self, label, node):
        subscriber = self._session(label).jid.split("/")[0]
        self._ask_pubsub(label, f"subscribe-{node}", f"<subscribe node='{node}' jid='{subscriber}'/>",
                         answer=f"<pubsub xmlns='{_PUBSUB}'><subscription subscription='subscribed'/></pubsub>")

    def _ask_pubsub(self, label, identity, request, part="", answer=""):
        self.send(label, f"<iq type='set' id='{identity}' to='pubsub.localhost'><pubsub xmlns='{_PUBSUB}{part}'>"
                         f"{request}</pubsub></iq>")
        self.receive(label, f"<iq type='result' id='{identity}'>{answer}</iq>")

    def publish_at_own_node(self, label, item, node, options=None):
        form = f"<publish-options>{_form(f'{_PUBSUB}#publish-options', options)}</publish-options>" if options else ""
        identity = fresh_id("publish")
        self.send(label, f"<iq type='set' id='{identity}'><pubsub xmlns='{_PUBSUB}'>"
                         f"<publish node='{node}'>{item}</publish>{form}</pubsub></iq>")
        self.receive(label, f"<iq type='result' id='{identity}'/>")

    # -- the end ---------------------------------------------------------------------------------------

    def _leave(self, label):
        session = self._session(label)
        self._sessions = {name: s for name, s in self._sessions.items() if s is not session}

    def try_login(self, name, host, refused=None, password=None):
        account = self._account(name, host)
        let_in = can_log_in(self._server, account.jid, password or account.password)
        assert let_in != bool(refused), f"{account.jid} could {'' if let_in else 'not '}log in"


def can_log_in(server, jid, password):
    """Whether SCRAM succeeds; the stream is left at that."""
    with RawClient(server) as client:
        client.open(jid.split("@")[1])
        scram = Scram("SCRAM-SHA-256" if "SCRAM-SHA-256" in client.mechanisms() else "SCRAM-SHA-1",
                      jid.split("@")[0], password)
        challenge = client.begin_sasl(scram.mechanism, scram.first())
        if challenge.tag != f"{{{SASL_NS}}}challenge":
            return False
        return client.respond(scram.final(unb64(challenge.text).decode())).tag == f"{{{SASL_NS}}}success"


def _form(form_type, fields):
    """A submitted form with `fields`, a text like "a=1 b=2,3"; empty without any."""
    form = "".join(f"<field var='{var}'>{''.join(f'<value>{v}</value>' for v in value.split(','))}</field>"
                   for var, value in (each.split("=", 1) for each in (fields or "").split()))
    named = f"<field var='FORM_TYPE'><value>{form_type}</value></field>" if form else ""
    return f"<x xmlns='jabber:x:data' type='submit'>{named}{form}</x>"


def _shown(elements):
    return "\n".join(map(match.show, elements))


def _interested_in(nodes):
    return Capabilities.interested_in(node.strip() for node in nodes.split(","))


def _value(text):
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?\d+", text) else text


_NAME = r"(?P<name>[a-z]+)@(?P<host>[a-z.]+)"
_LABEL = r"(?P<label>[a-z]+(?:/\w+)?)"
_STEPS = [(re.compile(pattern), action) for pattern, action in [
    (r"server of its own", Scene.set_up),
    (r"server with (?P<settings>.+)", Scene.set_up),
    (rf"account {_NAME}", Scene.exists),
    (rf"account {_NAME} is a push service", Scene.serve_pushes),
    (r"(?P<one>[a-z]+) and (?P<other>[a-z]+) are mutual contacts", Scene.relate),
    (r"(?P<one>[a-z]+) and (?P<other>[a-z]+) are in state (?P<state>\S+)", Scene.relate),
    (rf"{_NAME}/(?P<resource>\w+) connects(?P<how> .*)?", Scene.connect),
    (rf"{_LABEL} is interested in (?P<nodes>.+)", Scene.be_interested),
    (r"everybody receives nothing", Scene.all_receive_nothing),
    (r"everybody ignores the rest", Scene.all_ignore),
    (rf"{_LABEL} receives nothing", Scene.receive_nothing),
    (rf"{_LABEL} ignores the rest", Scene.ignore),
    (rf"{_LABEL} sends\s+(?P<xml>.+)", Scene.send),
    (rf"{_LABEL} receives (?P<at_once>next )?\s*(?P<xml><.+)", Scene.receive),
    (rf"{_LABEL} creates node (?P<node>\w+)(?: with (?P<fields>.+))?", Scene.create_node),
    (r"node (?P<node>\w+)", Scene.name_node),
    (rf"{_LABEL} makes (?P<address>\S+) (?P<affiliation>[a-z-]+) of (?P<node>\w+)", Scene.affiliate),
    (rf"{_LABEL} publishes (?P<item>\w+) to (?P<node>\w+)", Scene.publish),
    (rf"{_LABEL} subscribes to (?P<node>\w+)", Scene.subscribe),
    (rf"{_LABEL} enters (?P<room>\S+) as (?P<nick>\w+)", Scene.enter),
    (rf"{_LABEL} creates (?P<room>\S+) as (?P<nick>\w+)(?: with (?P<fields>.+))?", Scene.create),
    (rf"{_LABEL} publishes (?P<item><item\b.+) at (?P<node>\S+)(?: with (?P<options>.+))?",
     Scene.publish_at_own_node),
    (rf"{_LABEL} disconnects", Scene.disconnect),
    (rf"{_LABEL} is cut off", Scene.cut_off),
    (rf"{_LABEL} is thrown out(?: with (?P<condition>\S+))?", Scene.thrown_out),
    (rf"{_NAME} can (?P<refused>not )?log in(?: with password (?P<password>.+))?", Scene.try_login),
]]
