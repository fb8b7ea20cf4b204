// SPDX-License-Identifier: Apache-2.0
#include "muc/room_inbox.hpp"

#include "muc/room.hpp"
#include "muc/room_archive.hpp"
#include "muc/room_handlers.hpp"
#include "router/archive_query.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/read_mark.hpp"
#include "xmpp/stream_parser.hpp"
#include "xmpp/unread_counter.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t inbox_step = 100; ///< messages read at a time
/// Running queries of one address. An account asks in the name of all its devices.
constexpr std::size_t most_inbox_queries = 10;

/// How far `asker` has read: what the question says, or what the room was told (group ticks).
MessageId read_position(const Room& room, const Iq& iq)
{
    const Element* displayed = iq.payload().child("displayed", ns::displayed_sync);
    const auto mark = displayed != nullptr ? read_mark(room.address(), *displayed) : std::nullopt;
    const auto told = mark ? read_archive_id(mark->id) : std::nullopt;
    const RoomProgress* progress = room.progress().find(iq.from());
    return std::max(told.value_or(0), progress != nullptr ? progress->displayed : 0);
}

bool is_from(const Element& message, const Jid& user)
{
    const Element* x = message.child("x", ns::muc_user);
    const Element* item = x != nullptr ? x->child("item") : nullptr;
    const auto author = item != nullptr ? Jid::parse(item->attribute_or("jid")) : std::nullopt;
    return author && author->same_bare(user);
}

/// Goes through the messages of a room, from the newest to older ones.
struct RoomReading {
    MessageId read_to = 0;
    MessageId newest = 0;
    std::optional<ArchivedMessage> last; ///< the newest instant message
    UnreadCounter unread;
    bool is_counted = false;
    std::size_t looked_at = 0;

    void take(const ArchivedMessage& message, const Jid& asker)
    {
        ++looked_at;
        newest = std::max(newest, message.id);
        is_counted = is_counted || message.id <= read_to || looked_at > unread_counted_at_most;
        const auto stanza = parse_element(message.xml);
        if (!stanza) {
            return;
        }
        if (!last && is_instant_message(*stanza)) {
            last = message;
        }
        is_counted = is_counted || !unread.take(*stanza, is_from(*stanza, asker), message.id);
    }

    /// An instant message is only looked for among the newest.
    bool is_over() const { return is_counted && (last || looked_at >= inbox_step); }
};

Task<Result<RoomReading, StoreError>> read_back(std::shared_ptr<Room> room, Jid asker, MessageId read_to)
{
    RoomReading reading;
    reading.read_to = read_to;
    ArchiveQuery query;
    query.from_the_end = true;
    query.limit = inbox_step;
    while (!reading.is_over()) {
        auto asking = room->host().storage().archive().page(room->key(), query);
        const auto page = co_await asking;
        if (!page) {
            co_return page.error();
        }
        if (!*page || (*page)->messages.empty()) { // or its oldest message was removed meanwhile
            break;
        }
        const auto& messages = (*page)->messages;
        for (auto each = messages.rbegin(); each != messages.rend() && !reading.is_over(); ++each) {
            reading.take(*each, asker);
        }
        if ((*page)->complete) {
            break;
        }
        query.page_before = messages.front().id;
    }
    co_return reading;
}

Task<RoomAnswer> answer_inbox(std::shared_ptr<Room> room, Iq iq)
{
    if (auto refusal = archive_problem(*room, iq.from())) {
        co_return std::move(*refusal);
    }
    if (!room->archive().begin_query(iq.from(), most_inbox_queries)) {
        co_return StanzaError(StanzaError::resource_constraint);
    }
    auto asking = read_back(room, iq.from(), read_position(*room, iq));
    const auto reading = co_await asking;
    room->archive().end_query(iq.from());
    if (!reading) {
        co_return to_stanza_error(reading.error());
    }
    if (reading->newest == 0) {
        co_return StanzaError(StanzaError::item_not_found, "The room has no messages");
    }
    Element entry("entry", ns::inbox);
    entry.set_attribute("jid", room->address().text());
    entry.set_attribute("unread", std::to_string(reading->unread.count()));
    entry.set_attribute("id", std::to_string(reading->newest));
    if (reading->last) {
        entry.add(archive_result(*reading->last, "",
            room->shows_real_addresses_to(iq.from()) ? nullptr : strip_real_address));
    }
    co_return RoomAnswer(std::optional(std::move(entry)));
}

} // namespace

void attach_room_inbox(RoomHandlers& on)
{
    on.iq_get(ns::inbox, "inbox", answer_inbox);
}

} // namespace stonechat
