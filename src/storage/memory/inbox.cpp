// SPDX-License-Identifier: Apache-2.0
// The conversations of an account in memory. Every call scans the whole archive.
#include "storage/memory/contents.hpp"
#include "xmpp/stream_parser.hpp"
#include "xmpp/unread_counter.hpp"

#include <algorithm>

namespace stonechat::memory {

namespace {

std::size_t count_unread(const Belongings& owner, const Jid& peer)
{
    const auto position = owner.read_positions.find(peer);
    const MessageId read_to = position != owner.read_positions.end() ? position->second : 0;
    UnreadCounter counter;
    std::size_t looked_at = 0;
    for (auto at = owner.archive.rbegin(); at != owner.archive.rend() && at->first > read_to; ++at) {
        if (!at->second.peer.same_bare(peer)) {
            continue;
        }
        const auto message = parse_element(at->second.message->xml);
        if (++looked_at > unread_counted_at_most
            || (message && !counter.take(*message, at->second.outgoing, at->first))) {
            break;
        }
    }
    return counter.count();
}

/// Whether the account has a conversation with `peer`, or `peer` is a room here.
bool is_known(const Everything& all, const Belongings& owner, const Jid& peer)
{
    const AccountKey key { std::string(peer.domain()), std::string(peer.local()) };
    return all.find(key) != nullptr
        || std::any_of(owner.archive.begin(), owner.archive.end(),
            [&peer](const auto& entry) { return entry.second.peer.same_bare(peer); });
}

std::optional<ArchivedMessage> newest_instant(const Belongings& owner, const Jid& peer)
{
    for (auto at = owner.archive.rbegin(); at != owner.archive.rend(); ++at) {
        if (!at->second.peer.same_bare(peer)) {
            continue;
        }
        const KeptMessage& kept = *at->second.message;
        const auto message = parse_element(kept.xml);
        if (message && is_instant_message(*message)) {
            return ArchivedMessage { kept.id, kept.stamp, kept.xml };
        }
    }
    return std::nullopt;
}

} // namespace

Stored<std::vector<Conversation>> MemoryInbox::conversations(const AccountKey& key)
{
    return scheduler_.ask([&key](Everything& all) {
        std::vector<Conversation> found;
        const auto* owner = all.find(key);
        if (owner == nullptr) {
            return found;
        }
        std::map<Jid, MessageId> newest;
        for (const auto& [id, entry] : owner->archive) {
            newest[entry.peer.bare()] = id;
        }
        for (const auto& [peer, id] : newest) {
            found.push_back({ peer, id, count_unread(*owner, peer) });
        }
        std::sort(found.begin(), found.end(),
            [](const Conversation& a, const Conversation& b) { return a.newest > b.newest; });
        return found;
    });
}

Stored<std::vector<std::optional<ArchivedMessage>>> MemoryInbox::newest(const AccountKey& key,
    std::vector<Jid> peers)
{
    return scheduler_.ask([&key, &peers](Everything& all) {
        std::vector<std::optional<ArchivedMessage>> found(peers.size());
        if (const auto* owner = all.find(key)) {
            std::transform(peers.begin(), peers.end(), found.begin(),
                [owner](const Jid& peer) { return newest_instant(*owner, peer); });
        }
        return found;
    });
}

Stored<Done> MemoryInbox::set_read(const AccountKey& key, std::vector<ReadPosition> positions)
{
    return scheduler_.change([&key, &positions](Everything& all) {
        if (auto* owner = all.find(key)) {
            for (const auto& position : positions) {
                if (!is_known(all, *owner, position.peer)) {
                    continue;
                }
                auto& id = owner->read_positions[position.peer.bare()];
                id = std::max(id, std::min(position.id, all.last_message));
            }
        }
        return Done();
    });
}

Stored<std::vector<InboxStore::ReadPosition>> MemoryInbox::read_positions(const AccountKey& key,
    std::vector<Jid> peers)
{
    return scheduler_.ask([&key, &peers](Everything& all) {
        std::vector<ReadPosition> found;
        const auto* owner = all.find(key);
        if (owner == nullptr) {
            return found;
        }
        for (const Jid& peer : peers) {
            const auto at = owner->read_positions.find(peer.bare());
            if (at != owner->read_positions.end()) {
                found.push_back({ peer, at->second });
            }
        }
        return found;
    });
}

} // namespace stonechat::memory
