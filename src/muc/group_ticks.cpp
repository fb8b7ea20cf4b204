// SPDX-License-Identifier: Apache-2.0
#include "muc/group_ticks.hpp"

#include "muc/room.hpp"
#include "muc/room_handlers.hpp"
#include "muc/room_moderation.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds before_telling = 1s;

const Element* marker_of(const Element& message)
{
    for (const char* name : { "displayed", "received" }) {
        if (const Element* marker = message.child(name, ns::markers)) {
            return marker;
        }
    }
    return nullptr;
}

/// Returns the number of users who could read a message: the room's members and occupants except its author.
std::size_t readers_of(const Room& room, const Jid& author)
{
    std::set<std::string_view> readers;
    for (const auto& [jid, member] : room.members().all()) {
        if (member.affiliation >= Affiliation::member) {
            readers.insert(jid);
        }
    }
    room.occupants().for_each([&readers](const Occupant& occupant) { readers.insert(occupant.user.text()); });
    readers.erase(author.bare_text());
    return readers.size();
}

struct Counts {
    std::size_t received = 0;
    std::size_t displayed = 0;
};

Counts counts_of(const Room& room, const TickLedger::Entry& entry)
{
    Counts counts;
    for (const auto& [jid, progress] : room.progress().all()) {
        if (entry.author.same_bare(progress.jid)) {
            continue;
        }
        counts.received += progress.received >= entry.id ? 1 : 0;
        counts.displayed += progress.displayed >= entry.id ? 1 : 0;
    }
    return counts;
}

void send_to_author(const Room& room, const Jid& author, const Element& ticks)
{
    for (const Occupant* occupant : room.occupants().of_user(author)) {
        for (const Device& device : occupant->devices) {
            Stanza message = Stanza::message(room.address(), device.jid(), MessageType::headline);
            message.element().add(ticks);
            room.send(std::move(message));
        }
    }
}

/// Answers `<ticks id=''/>`: which users have received or read a message of the asker's.
Task<RoomAnswer> answer_ticks(std::shared_ptr<Room> room, Iq iq)
{
    const Jid& asker = iq.from();
    const auto id = message_id_from(iq.payload().attribute_or("id"));
    if (!room->config().ticks) {
        co_return StanzaError(StanzaError::service_unavailable);
    }
    if (!id) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    auto finding = find_message(room, *id);
    const auto found = co_await finding;
    const auto message = found ? parse_element(found->xml) : Result<Element, StreamError>(StreamError());
    const Element* author = message ? message->child("occupant-id", ns::occupant_id) : nullptr;
    if (author == nullptr || author->attribute_or("id") != room->occupant_id(asker)) {
        co_return StanzaError(StanzaError::item_not_found); // same answer for foreign and missing messages
    }
    Element ticks("ticks", ns::group_ticks);
    ticks.set_attribute("id", std::to_string(*id));
    for (const auto& [jid, progress] : room->progress().all()) {
        if (progress.received < *id || asker.same_bare(progress.jid)) {
            continue;
        }
        Element& reader = ticks.add(progress.displayed >= *id ? "displayed" : "received");
        reader.add("occupant-id", ns::occupant_id).set_attribute("id", room->occupant_id(progress.jid));
        const auto occupants = room->occupants().of_user(progress.jid);
        if (!occupants.empty()) {
            reader.set_attribute("nick", occupants.front()->nick());
        }
    }
    co_return RoomAnswer(std::optional(std::move(ticks)));
}

} // namespace

bool is_tick_for_room(const Element& message)
{
    return marker_of(message) != nullptr && message.child("body") == nullptr;
}

void take_tick(Room& room, const Occupant& occupant, const Stanza& message, Settlement& settlement)
{
    const Element* marker = marker_of(message.element());
    const auto id = message_id_from(marker->attribute_or("id"));
    if (!id) {
        room.refuse(message, StanzaError(StanzaError::item_not_found));
        return;
    }
    if (!room.rates().allows_message(occupant.user)) {
        room.refuse(message, StanzaError(StanzaError::resource_constraint));
        return;
    }
    if (room.archive().newest() < *id) {
        return; // there is no message with this id yet
    }
    const bool displayed = marker->name() == "displayed";
    if (!room.progress().advance(occupant.user, *id, displayed ? *id : 0)) {
        return;
    }
    room.tick_ledger().changed();
    if (room.state() != Room::State::open) {
        return;
    }
    RoomStore::Change change;
    change.progress.push_back(*room.progress().find(occupant.user));
    room.host()
        .storage()
        .rooms()
        .change(room.key(), std::move(change))
        .then([settlement = std::move(settlement)](const auto&) mutable { std::move(settlement).settle(); });
}

TickLedger::TickLedger(Room& room)
    : room_(room), timer_([](void* self) { static_cast<TickLedger*>(self)->tell(); }, this)
{}

void TickLedger::changed()
{
    if (!timer_.is_running()) {
        timer_.start(room_.host().shard().timers(), before_telling);
    }
}

bool TickLedger::knows(const Jid& account) const
{
    return std::any_of(entries_.begin(), entries_.end(),
        [&account](const Entry& entry) { return entry.author.same_bare(account); });
}

void TickLedger::forget(const Jid& account)
{
    std::erase_if(entries_, [&account](const Entry& entry) { return entry.author.same_bare(account); });
}

void TickLedger::add(MessageId id, Jid author)
{
    if (entries_.size() >= most) {
        entries_.pop_front();
    }
    entries_.push_back({ id, std::move(author) });
}

void TickLedger::tell()
{
    std::map<std::string, Element> by_author;
    for (Entry& entry : entries_) {
        const Counts counts = counts_of(room_, entry);
        if (counts.received == entry.received && counts.displayed == entry.displayed) {
            continue;
        }
        entry.received = counts.received;
        entry.displayed = counts.displayed;
        Element& ticks = by_author.try_emplace(entry.author.text(), "ticks", ns::group_ticks).first->second;
        ticks.add("tick")
            .set_attribute("id", std::to_string(entry.id))
            .set_attribute("received", std::to_string(counts.received))
            .set_attribute("displayed", std::to_string(counts.displayed))
            .set_attribute("of", std::to_string(readers_of(room_, entry.author)));
    }
    for (const auto& [author, ticks] : by_author) {
        send_to_author(room_, *Jid::parse(author), ticks);
    }
}

void attach_group_ticks(RoomHandlers& on)
{
    on.feature(ns::group_ticks, [](const Room& room) { return room.config().ticks; });
    on.iq_get(ns::group_ticks, "ticks", answer_ticks);
    on.account_removed([](const Room& room, const Jid& account) { return room.tick_ledger().knows(account); },
        [](Room& room, const Jid& account) { room.tick_ledger().forget(account); });
}

} // namespace stonechat
