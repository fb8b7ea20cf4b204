// SPDX-License-Identifier: Apache-2.0
// The way in of a message as SQL: one insert for the stanza, one for each archive and each claim.
#include "storage/sqlite/queries.hpp"

namespace stonechat::sqlite {

namespace {

constexpr auto insert_message =
    "INSERT INTO message (id, stamp, searchable, owner_a, peer_a, owner_b, peer_b, xml)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
constexpr auto insert_entry = "INSERT INTO archive (owner, peer, id, outgoing, resource, replay)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr auto insert_claim =
    "INSERT OR REPLACE INTO unacked (stream, sequence, form, id) VALUES (?1, ?2, ?3, ?4)";
constexpr auto insert_claim_with_stanza = "INSERT OR REPLACE INTO unacked"
                                          " (stream, sequence, form, id, stamp, xml)"
                                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// The conversation of an owner that gets the message.
struct Side {
    std::int64_t owner = 0;
    std::int64_t peer = 0;
};

MailboxAnswer admit(Database& db, const MailboxEntry& entry, std::size_t size)
{
    return db.mailbox_counts(db.owner(entry.owner)).admit(entry.sender, size, entry.limits);
}

Side insert_into_archive(Database& db, const ArchiveEntry& entry, std::int64_t id)
{
    const Side side { db.owner(entry.owner), db.address(entry.peer.bare_text()) };
    db.ensure_conversation(side.owner, side.peer);
    const auto resource = entry.peer.has_resource() ? std::optional(std::string(entry.peer.resource()))
                                                    : std::nullopt;
    const auto replay = entry.replay_key != 0 ? std::optional(static_cast<std::int64_t>(entry.replay_key))
                                              : std::nullopt;
    db.connection().execute(insert_entry, side.owner, side.peer, id, std::int64_t(entry.outgoing), resource,
        replay);
    return side;
}

void insert_archived(Database& db, const MessageToStore& message, std::int64_t id)
{
    const auto& first = message.archives.front();
    const auto a = insert_into_archive(db, first, id);
    std::optional<std::int64_t> owner_b;
    std::optional<std::int64_t> peer_b;
    // To oneself: both sides are one archive, which has it once.
    if (message.archives.size() > 1 && message.archives[1].owner != first.owner) {
        const auto b = insert_into_archive(db, message.archives[1], id);
        owner_b = b.owner;
        peer_b = b.peer;
    }
    db.connection().execute(insert_message, id, sql_time(message.stamp), std::int64_t(message.searchable),
        a.owner, a.peer, owner_b, peer_b, Blob { message.xml });
}

void insert_claims(Database& db, const MessageToStore& message, std::int64_t id)
{
    for (const auto& claim : message.claims) {
        const auto stream = sql_number(claim.stream);
        if (!db.has_stream(stream)) {
            continue; // it has ended, and whoever sees to that sees to this message
        }
        const auto form = static_cast<std::int64_t>(claim.form);
        if (message.archives.empty()) {
            db.connection().execute(insert_claim_with_stanza, stream, sql_number(claim.sequence), form, id,
                sql_time(message.stamp), Blob { message.xml });
        } else {
            db.connection().execute(insert_claim, stream, sql_number(claim.sequence), form, id);
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

} // namespace

MessageReceipt accept_message(Database& db, const MessageToStore& message, WallTime now)
{
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
    insert_claims(db, message, id);
    if (message.mailbox) {
        insert_mail(db, message, id);
    }
    receipt.id = static_cast<MessageId>(id);
    return receipt;
}

} // namespace stonechat::sqlite
