// SPDX-License-Identifier: Apache-2.0
// Storing of messages, and the mailbox, in memory.
#include "storage/memory/contents.hpp"

#include <algorithm>

namespace stonechat::memory {

namespace {

MessageId next_id(Everything& all, WallTime now)
{
    const auto clock = static_cast<MessageId>(std::max<std::int64_t>(now.time_since_epoch().count(), 0));
    all.last_message = std::max(all.last_message + 1, clock);
    return all.last_message;
}

KeptSentStream& stream_of(Belongings& sender, std::uint64_t number)
{
    auto& streams = sender.sent_streams;
    const auto found = std::find_if(streams.begin(), streams.end(),
        [number](const KeptSentStream& stream) { return stream.number == number; });
    if (found != streams.end()) {
        return *found;
    }
    if (streams.size() == sent_streams_remembered) {
        streams.pop_front();
    }
    return streams.emplace_back(KeptSentStream { number, std::nullopt });
}

/// Returns whether `origin` repeats `entry`.
bool is_repeated(const KeptEntry& entry, const Belongings& sender, const Origin& origin)
{
    if (!entry.origin || entry.origin->sender != origin.sender || entry.origin->key != origin.key
        || entry.origin->stream == origin.stream) {
        return false;
    }
    return std::any_of(sender.sent_streams.begin(), sender.sent_streams.end(),
        [&entry](const KeptSentStream& stream) {
            return stream.number == entry.origin->stream && stream.end == StreamEnd::broken;
        });
}

std::optional<MessageId> find_repeated(Everything& all, const MessageToStore& message, WallTime now)
{
    const auto sent = std::find_if(message.archives.begin(), message.archives.end(),
        [](const ArchiveEntry& entry) { return entry.outgoing; });
    if (!message.origin || message.origin->is_new_attempt || sent == message.archives.end()) {
        return std::nullopt;
    }
    const auto since = (now - repeated_within).time_since_epoch().count();
    const auto& archive = all.owner(sent->owner).archive;
    const auto& sender = all.owner(message.origin->sender);
    for (auto entry = archive.rbegin(); entry != archive.rend(); ++entry) {
        if (static_cast<std::int64_t>(entry->first) < since) {
            break;
        }
        if (entry->second.peer.same_bare(sent->peer) && is_repeated(entry->second, sender, *message.origin)) {
            return entry->first;
        }
    }
    return std::nullopt;
}

void keep(Everything& all, MessageToStore& to_store, const SharedMessage& message)
{
    for (auto& entry : to_store.archives) {
        // A message to oneself: both sides are the same archive, which gets one entry.
        all.owner(entry.owner)
            .archive.try_emplace(message->id,
                KeptEntry { message, std::move(entry.peer), entry.outgoing,
                    entry.outgoing ? to_store.origin : std::nullopt });
        if (entry.outgoing && to_store.origin) {
            stream_of(all.owner(to_store.origin->sender), to_store.origin->stream);
        }
    }
    for (const auto& entry : to_store.unacked_entries) {
        const auto stream = all.streams.find(entry.stream);
        if (stream != all.streams.end()) {
            stream->second.unacked_entries.insert_or_assign(entry.sequence,
                KeptUnackedEntry { entry.form, message });
        }
    }
    if (message->searchable) {
        all.unindexed.push_back(message);
    }
}

MessageReceipt repetition_of(MessageId earlier)
{
    MessageReceipt receipt;
    receipt.is_repeated = true;
    receipt.id = receipt.sent_id = earlier;
    return receipt;
}

MessageReceipt take_in(Everything& all, MessageToStore& to_store, WallTime now)
{
    if (const auto earlier = find_repeated(all, to_store, now)) {
        return repetition_of(*earlier);
    }
    MessageReceipt receipt;
    if (to_store.mailbox) {
        auto& counts = all.owner(to_store.mailbox->owner).mailbox.counts;
        const auto& entry = *to_store.mailbox;
        receipt.mailbox = counts.admit(entry.sender, to_store.xml.size(), entry.limits);
        if (receipt.mailbox != MailboxAnswer::stored) {
            return receipt;
        }
    }
    auto message = std::make_shared<KeptMessage>();
    message->id = next_id(all, now);
    message->stamp = to_store.stamp;
    message->xml = std::move(to_store.xml);
    message->searchable = to_store.searchable && !to_store.archives.empty();
    keep(all, to_store, message);
    if (to_store.mailbox) {
        put_into_mailbox(all.owner(to_store.mailbox->owner).mailbox, to_store.mailbox->sender, message);
    }
    receipt.id = receipt.sent_id = message->id;
    return receipt;
}

/// Returns the message of this row; null if there is none.
SharedMessage take_out(Mailbox& mailbox, std::uint64_t row)
{
    const auto found = std::find_if(mailbox.messages.begin(), mailbox.messages.end(),
        [row](const KeptMail& mail) { return mail.row == row; });
    if (found == mailbox.messages.end()) {
        return nullptr;
    }
    auto message = std::move(found->message);
    mailbox.counts.remove(found->sender, found->size);
    mailbox.messages.erase(found);
    return message;
}

} // namespace

void put_into_mailbox(Mailbox& mailbox, std::string sender, SharedMessage message, std::uint64_t row)
{
    const auto size = message->xml.size();
    mailbox.counts.add(sender, size);
    KeptMail mail { row != 0 ? row : ++mailbox.last_row, std::move(sender), size, std::move(message) };
    const auto behind = std::find_if(mailbox.messages.begin(), mailbox.messages.end(),
        [&mail](const KeptMail& each) { return each.row > mail.row; });
    mailbox.messages.insert(behind, std::move(mail));
}

Stored<MessageReceipt> MemoryMessages::accept(MessageToStore message)
{
    return scheduler_.change([&message, now = scheduler_.now()](Everything& all) {
        return take_in(all, message, now);
    });
}

Stored<MessageReceipt> MemoryMessages::accept_both(MessageToStore received, MessageToStore sent)
{
    return scheduler_.change([&received, &sent, now = scheduler_.now()](Everything& all) {
        if (const auto earlier = find_repeated(all, sent, now)) {
            return repetition_of(*earlier);
        }
        MessageReceipt receipt = take_in(all, received, now);
        if (receipt.mailbox == MailboxAnswer::stored) {
            receipt.sent_id = take_in(all, sent, now).id;
        }
        return receipt;
    });
}

Stored<Done> MemoryMessages::end_stream(const AccountKey& sender, std::uint64_t stream, StreamEnd how)
{
    return scheduler_.change([&sender, stream, how](Everything& all) {
        stream_of(all.owner(sender), stream).end = how;
        return Done();
    });
}

Stored<std::vector<MailboxMessage>> MemoryMailbox::read(const AccountKey& key, std::uint64_t after,
    std::size_t limit)
{
    return scheduler_.ask([&key, after, limit](Everything& all) {
        std::vector<MailboxMessage> messages;
        const auto* owner = all.find(key);
        if (owner == nullptr) {
            return messages;
        }
        for (const auto& mail : owner->mailbox.messages) {
            if (mail.row > after && messages.size() < limit) {
                auto& message = messages.emplace_back();
                message.row = mail.row;
                message.sender = mail.sender;
                message.stamp = mail.message->stamp;
                message.xml = mail.message->xml;
                if (owner->archive.contains(mail.message->id)) {
                    message.archived = mail.message->id;
                }
            }
        }
        return messages;
    });
}

Stored<Done> MemoryMailbox::remove(const AccountKey& key, std::vector<std::uint64_t> rows)
{
    return scheduler_.change([&key, &rows](Everything& all) {
        if (auto* owner = all.find(key)) {
            for (const auto row : rows) {
                take_out(owner->mailbox, row);
            }
        }
        return Done();
    });
}

Stored<std::vector<std::uint64_t>> MemoryMailbox::hand_over(const AccountKey& key, std::vector<HandOver> mail)
{
    return scheduler_.change([&key, &mail](Everything& all) {
        std::vector<std::uint64_t> moved;
        auto* owner = all.find(key);
        for (const auto& [row, entry] : mail) {
            const auto stream = all.streams.find(entry.stream);
            if (owner == nullptr || stream == all.streams.end()) {
                continue;
            }
            if (auto message = take_out(owner->mailbox, row)) {
                stream->second.unacked_entries.insert_or_assign(entry.sequence,
                    KeptUnackedEntry { entry.form, message, row });
                moved.push_back(row);
            }
        }
        return moved;
    });
}

Stored<Done> MemoryMailbox::remove_archived(const AccountKey& key, MessageId up_to)
{
    return scheduler_.change([&key, up_to](Everything& all) {
        if (auto* owner = all.find(key)) {
            std::erase_if(owner->mailbox.messages, [owner, up_to](const KeptMail& mail) {
                const bool archived = mail.message->id <= up_to && owner->archive.contains(mail.message->id);
                if (archived) {
                    owner->mailbox.counts.remove(mail.sender, mail.size);
                }
                return archived;
            });
        }
        return Done();
    });
}

Stored<std::size_t> MemoryMailbox::count(const AccountKey& key)
{
    return scheduler_.ask([&key](Everything& all) {
        const auto* owner = all.find(key);
        return owner != nullptr ? owner->mailbox.messages.size() : std::size_t(0);
    });
}

} // namespace stonechat::memory
