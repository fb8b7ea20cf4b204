# SPDX-License-Identifier: Apache-2.0
"""XEP-0486: what a room tells of its avatar."""
from support.raw import login

ROOM = "faceless@conference.localhost"
FIELD = "{jabber:x:data}field"


# XEP-0486 §4-1
def test_a_room_without_avatar_tells_no_hash(server):
    with login(server, server.account("crone"), "desktop", presence=True) as owner:
        owner.send(f"<presence to='{ROOM}/crone'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        instant = ("<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/>"
                   "</query>")
        assert owner.ask("set", instant, to=ROOM).get("type") == "result"
        answer = owner.ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=ROOM)
        names = [field.get("var") for field in answer.iter(FIELD)]
        assert "muc#roominfo_occupants" in names
        assert "muc#roominfo_avatarhash" not in names
