// SPDX-License-Identifier: Apache-2.0
#include "muc/room_handlers.hpp"

#include "muc/room_features.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace stonechat;

namespace {

Task<RoomAnswer> answer(std::shared_ptr<Room>, Iq)
{
    co_return RoomAnswer(std::nullopt);
}

/// Registers the same thing twice. Returns whether the second time is refused with the name of its feature.
template <class F> bool is_refused_twice(F add)
{
    RoomHandlers on;
    on.attaching("owner");
    add(on);
    on.attaching("intruder");
    try {
        add(on);
    } catch (const std::logic_error& refused) {
        return std::string(refused.what()).find("intruder: ") != std::string::npos;
    }
    return false;
}

RoomCommand command(const char* node)
{
    RoomCommand command;
    command.node = node;
    command.run = nullptr;
    return command;
}

} // namespace

TEST_CASE("room handlers: one thing has one handler; a second one is refused at start")
{
    CHECK(is_refused_twice([](RoomHandlers& on) { on.iq_get("urn:a", "query", answer); }));
    CHECK(is_refused_twice([](RoomHandlers& on) { on.iq_set("urn:a", "*", answer); }));
    CHECK(is_refused_twice([](RoomHandlers& on) { on.feature("urn:a"); }));
    CHECK(is_refused_twice([](RoomHandlers& on) { on.command(command("urn:a")); }));
    RoomHandlers on;
    on.iq_get("urn:a", "query", answer);
    on.iq_set("urn:a", "query", answer);
    on.iq_get("urn:b", "query", answer);
    on.command(command("urn:a"));
    on.command(command("urn:b"));
    CHECK(on.find_command("urn:b") == &on.commands().back());
    CHECK(on.find_command("urn:c") == nullptr);
}

TEST_CASE("room handlers: a message goes to the first feature that recognises it")
{
    const RoomHandlers::OnMessage first = [](Room&, const Stanza&, Settlement&) {};
    const RoomHandlers::OnMessage second = [](Room&, const Stanza&, Settlement&) { FAIL("not called here"); };
    RoomHandlers on;
    on.message([](const Stanza& message) { return message.id() == "one"; }, first);
    on.message([](const Stanza& message) { return !message.id().empty(); }, second);
    Stanza message = Stanza::message(Jid(), Jid());
    CHECK((on.find_message_handler(message) == nullptr));
    message.element().set_attribute("id", "one");
    CHECK((on.find_message_handler(message) == first));
    message.element().set_attribute("id", "two");
    CHECK((on.find_message_handler(message) == second));
}

TEST_CASE("room handlers: what rooms answer, and which feature does")
{
    RoomHandlers on;
    attach_room_features(on);
    CHECK(on.print()
        == "iq get: query http://jabber.org/protocol/disco#info: disco\n"
           "iq get: query http://jabber.org/protocol/disco#items: disco\n"
           "iq get: query http://jabber.org/protocol/muc#admin: admin\n"
           "iq get: query http://jabber.org/protocol/muc#owner: owner\n"
           "iq get: query jabber:iq:register: registration\n"
           "iq get: ticks urn:stonechat:muc:ticks:0: ticks\n"
           "iq get: inbox urn:xmpp:inbox:1: inbox\n"
           "iq get: metadata urn:xmpp:mam:2: archive\n"
           "iq get: query urn:xmpp:mam:2: archive\n"
           "iq get: ping urn:xmpp:ping: ping\n"
           "iq get: vCard vcard-temp: card\n"
           "iq set: command http://jabber.org/protocol/commands: commands\n"
           "iq set: query http://jabber.org/protocol/muc#admin: admin\n"
           "iq set: query http://jabber.org/protocol/muc#owner: owner\n"
           "iq set: query jabber:iq:register: registration\n"
           "iq set: query urn:xmpp:mam:2: archive\n"
           "iq set: moderate urn:xmpp:message-moderate:1: moderation\n"
           "iq set: vCard vcard-temp: card\n"
           "command: urn:xmpp:hats:commands:create\n"
           "command: urn:xmpp:hats:commands:destroy\n"
           "command: urn:xmpp:hats:commands:assign\n"
           "command: urn:xmpp:hats:commands:unassign\n"
           "command: urn:xmpp:hats:commands:list\n"
           "command: urn:xmpp:hats:commands:list-assigned\n");
}
