// SPDX-License-Identifier: Apache-2.0
// Storing a message as SQL: one insert for the stanza, one for each archive and each unacked entry.
#include "storage/sqlite/queries.hpp"

#include <algorithm>

namespace stonechat::sqlite {

namespace {

constexpr auto insert_message =
    "INSERT INTO message (id, stamp, searchable, owner_a, peer_a, owner_b, peer_b, xml, how, resource_a,"
    " resource_b, replay) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr auto insert_unacked_reference =
    "INSERT OR REPLACE INTO unacked (stream, sequence, form, id) VALUES (?1, ?2, ?3, ?4)";
constexpr auto insert_unacked_stanza = "INSERT OR REPLACE INTO unacked"
                                       " (stream, sequence, form, id, stamp, xml)"
                                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

// The original was sent right before a stream broke, so it is among the newest messages of its conversation.
constexpr std::int64_t looked_through_at_most = 1000;
constexpr auto select_sent_since =
    "SELECT id, replay FROM archive WHERE owner = ?1 AND peer = ?2 AND id >= ?3"
    " AND replay IS NOT NULL ORDER BY id DESC LIMIT ?4";

/// Returns the replay numbers of this message, one for each other stream of the sender that broke.
std::vector<std::int64_t> earlier_numbers(Database& db, const Origin& origin, WallTime now,
    std::int64_t& since)
{
    std::vector<std::int64_t> numbers;
    const auto sender = db.find_owner(origin.sender);
    if (!sender) {
        return numbers;
    }
    std::int64_t first = INT64_MAX;
    for (const auto& stream : db.sent_streams().of(*sender)) {
        if (stream.state == SentStream::State::broken && stream.number != origin.stream) {
            numbers.push_back(replay_number(origin.key, stream.number));
            first = std::min(first, stream.first);
        }
    }
    since = std::max(first, sql_time(now - repeated_within));
    return numbers;
}

/// Returns the message that `message` repeats (see Origin), if any.
std::optional<MessageId> find_repeated(Database& db, const MessageToStore& message, WallTime now)
{
    const auto sent = std::find_if(message.archives.begin(), message.archives.end(),
        [](const ArchiveEntry& entry) { return entry.outgoing; });
    if (!message.origin || message.origin->is_new_attempt || sent == message.archives.end()) {
        return std::nullopt;
    }
    std::int64_t since = 0;
    const auto numbers = earlier_numbers(db, *message.origin, now, since);
    if (numbers.empty()) {
        return std::nullopt;
    }
    const auto is_one = [&numbers](std::int64_t number) {
        return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
    };
    const auto owner = db.owner(sent->owner);
    const auto peer = db.address(sent->peer.bare_text());
    const auto is_sent = [peer, since, &is_one](const TailEntry& entry) {
        return entry.peer == peer && entry.id >= since && entry.replay && is_one(*entry.replay);
    };
    if (const auto id = db.filing().newest(owner, is_sent)) {
        return static_cast<MessageId>(*id);
    }
    auto rows = db.connection().query(select_sent_since, owner, peer, since, looked_through_at_most);
    while (rows.next()) {
        if (is_one(rows.integer(1))) {
            return static_cast<MessageId>(rows.integer(0));
        }
    }
    return std::nullopt;
}

MailboxAnswer admit(Database& db, const MailboxEntry& entry, std::size_t size)
{
    return db.mailbox_counts(db.owner(entry.owner)).admit(entry.sender, size, entry.limits);
}

/// Makes the entry for one owner's archive.
TailEntry entry_for(Database& db, const ArchiveEntry& archive, std::int64_t id, const MessageToStore& message)
{
    const std::optional<Origin>& origin = message.origin;
    TailEntry entry;
    entry.size = static_cast<std::int64_t>(message.xml.size());
    entry.owner = db.owner(archive.owner);
    entry.peer = db.address(archive.peer.bare_text());
    entry.id = id;
    entry.outgoing = archive.outgoing;
    db.ensure_conversation(entry.owner, entry.peer);
    if (archive.peer.has_resource()) {
        entry.resource = std::string(archive.peer.resource());
    }
    if (origin && archive.outgoing) {
        entry.replay = replay_number(origin->key, origin->stream);
        db.sent_streams().use(db.owner(origin->sender), origin->stream, id);
    }
    return entry;
}

void insert_archived(Database& db, const MessageToStore& message, std::int64_t id)
{
    const auto& first = message.archives.front();
    auto a = entry_for(db, first, id, message);
    std::optional<TailEntry> b;
    // A message to oneself: both sides are the same archive, which gets one entry.
    if (message.archives.size() > 1 && message.archives[1].owner != first.owner) {
        b = entry_for(db, message.archives[1], id, message);
    }
    std::optional<std::int64_t> owner_b;
    std::optional<std::int64_t> peer_b;
    std::optional<std::string> resource_b;
    std::int64_t how = a.outgoing ? archived_outgoing_a : 0;
    if (b) {
        owner_b = b->owner;
        peer_b = b->peer;
        resource_b = b->resource;
        how |= b->outgoing ? archived_outgoing_b : 0;
    }
    db.connection().execute(insert_message, id, sql_time(message.stamp), std::int64_t(message.searchable),
        a.owner, a.peer, owner_b, peer_b, Blob { message.xml }, how, a.resource, resource_b,
        a.replay || !b ? a.replay : b->replay);
    db.filing().add(std::move(a));
    if (b) {
        db.filing().add(std::move(*b));
    }
}

void insert_unacked_entries(Database& db, const MessageToStore& message, std::int64_t id)
{
    for (const auto& entry : message.unacked_entries) {
        const auto stream = sql_number(entry.stream);
        if (!db.has_stream(stream)) {
            continue; // the session has ended; the code that ends it takes care of the message
        }
        const auto form = static_cast<std::int64_t>(entry.form);
        if (message.archives.empty()) {
            db.connection().execute(insert_unacked_stanza, stream, sql_number(entry.sequence), form, id,
                sql_time(message.stamp), Blob { message.xml });
        } else {
            db.connection().execute(insert_unacked_reference, stream, sql_number(entry.sequence), form, id);
        }
    }
}

void insert_mail(Database& db, const MessageToStore& message, std::int64_t id)
{
    MailToPut mail;
    mail.sender = message.mailbox->sender;
    mail.stamp = sql_time(message.stamp);
    mail.size = static_cast<std::int64_t>(message.xml.size());
    if (message.archives.empty()) {
        mail.xml = message.xml;
    } else {
        mail.message = id;
    }
    put_into_mailbox(db, db.owner(message.mailbox->owner), mail);
}

MessageReceipt repetition_of(MessageId earlier)
{
    MessageReceipt receipt;
    receipt.is_repeated = true;
    receipt.id = receipt.sent_id = earlier;
    return receipt;
}

} // namespace

MessageReceipt accept_message(Database& db, const MessageToStore& message, WallTime now)
{
    if (const auto earlier = find_repeated(db, message, now)) {
        return repetition_of(*earlier);
    }
    MessageReceipt receipt;
    if (message.mailbox) {
        receipt.mailbox = admit(db, *message.mailbox, message.xml.size());
        if (receipt.mailbox != MailboxAnswer::stored) {
            return receipt;
        }
    }
    const auto id = db.next_message(now, message.stamp);
    if (!message.archives.empty()) {
        insert_archived(db, message, id);
    }
    insert_unacked_entries(db, message, id);
    if (message.mailbox) {
        insert_mail(db, message, id);
    }
    receipt.id = receipt.sent_id = static_cast<MessageId>(id);
    return receipt;
}

MessageReceipt accept_both(Database& db, const MessageToStore& received, const MessageToStore& sent,
    WallTime now)
{
    if (const auto earlier = find_repeated(db, sent, now)) {
        return repetition_of(*earlier);
    }
    MessageReceipt receipt = accept_message(db, received, now);
    if (receipt.mailbox == MailboxAnswer::stored) {
        receipt.sent_id = accept_message(db, sent, now).id;
    }
    return receipt;
}

} // namespace stonechat::sqlite
