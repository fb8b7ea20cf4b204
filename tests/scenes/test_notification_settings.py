# SPDX-License-Identifier: Apache-2.0
"""Notification settings (XEP-0492) are honoured after the server was killed, also for accounts that nobody has
loaded since (PB37)."""
from support.raw import login

BOOKMARKS = "urn:xmpp:bookmarks:1"
PUBSUB = "http://jabber.org/protocol/pubsub"
ROOM = "coven@conference.localhost"
MUC = "http://jabber.org/protocol/muc"


def choose(client, chat, setting):
    notify = f"<notify xmlns='urn:xmpp:notification-settings:1'><{setting}/></notify>"
    answer = client.ask("set", f"<pubsub xmlns='{PUBSUB}'><publish node='{BOOKMARKS}'><item id='{chat}'>"
                               f"<conference xmlns='{BOOKMARKS}'><extensions>{notify}</extensions></conference>"
                               "</item></publish></pubsub>")
    assert answer.get("type") == "result"


def next_push(service):
    push = service.expect(f"<iq type='set'><pubsub xmlns='{PUBSUB}'/></iq>")
    service.send(f"<iq type='result' id='{push.get('id')}' to='{push.get('from')}'/>")
    return [value.text for value in push.iter("{jabber:x:data}value")][-1]


def enter(client, nick):
    client.send(f"<presence to='{ROOM}/{nick}'><x xmlns='{MUC}'/></presence>")
    client.expect("<message type='groupchat'><subject/></message>")
    client.settle()


def say(client, identity, words):
    client.send(f"<message to='{ROOM}' type='groupchat' id='{identity}'><body>{words}</body></message>")
    client.expect(f"<message id='{identity}'/>")


def make_room(owner, members):
    """A public room that stays, with members."""
    enter(owner, "firstwitch")
    form = ("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#"
            "roomconfig</value></field><field var='muc#roomconfig_persistentroom'><value>1</value></field></x>")
    assert owner.ask("set", f"<query xmlns='{MUC}#owner'>{form}</query>", to=ROOM).get("type") == "result"
    items = "".join(f"<item affiliation='member' jid='{member.jid}'/>" for member in members)
    assert owner.ask("set", f"<query xmlns='{MUC}#admin'>{items}</query>", to=ROOM).get("type") == "result"


def test_settings_outlive_a_kill(private_server):
    server = private_server(push_interval="0s")
    crone, friend, hag, cat, toad = server.accounts("crone", "friend", "hag", "cat", "toad")
    service = server.push_service("app")
    with login(server, crone, "desk") as owner:
        make_room(owner, (hag, cat, toad))
        for account in (hag, cat):  # the toad has no device that could be woken
            with login(server, account, "pda", presence=True) as phone:
                phone.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{service.jid}/app' node='{account.user}'/>")
                if account is hag:
                    choose(phone, ROOM, "always")
                    choose(phone, friend.jid, "never")
        server.kill()
    server.start()
    with login(server, service, "app", presence=True) as app, login(server, crone, "desk") as owner, \
            login(server, friend, "desk") as writer:
        writer.send(f"<message to='{hag.jid}' type='chat' id='m'><body>Hail!</body></message>")
        writer.ping()
        enter(owner, "firstwitch")
        say(owner, "m1", "Where is everybody?")
        assert next_push(app) == "1"
        say(owner, "m2", "Where is everybody?")
        assert next_push(app) == "2"
        with login(server, toad, "pda", presence=True) as phone:
            phone.ask("set", f"<enable xmlns='urn:xmpp:push:0' jid='{service.jid}/app' node='toad'/>")
            choose(phone, ROOM, "always")
        say(owner, "m3", "Where is everybody?")
        assert {next_push(app), next_push(app)} == {"3", "1"}
        app.expect_nothing(owner, writer)
