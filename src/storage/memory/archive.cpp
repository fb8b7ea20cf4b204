// SPDX-License-Identifier: Apache-2.0
// The archive in memory. Every query scans all messages.
#include "storage/archive_paging.hpp"
#include "storage/memory/contents.hpp"
#include "storage/message_text.hpp"
#include "xmpp/search_text.hpp"

#include <algorithm>

namespace stonechat::memory {

namespace {

/// Returns whether the tokens of `term` are in `tokens` from `at` on.
bool has_term_at(const std::vector<std::string>& tokens, std::size_t at, const SearchTerm& term)
{
    const std::size_t count = term.tokens.size();
    if (at + count > tokens.size()) {
        return false;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const bool may_go_on = term.is_prefix && i + 1 == count;
        const auto& found = tokens[at + i];
        if (may_go_on ? !found.starts_with(term.tokens[i]) : found != term.tokens[i]) {
            return false;
        }
    }
    return true;
}

bool has_terms(const KeptMessage& message, const std::vector<SearchTerm>& wanted)
{
    if (!message.indexed || wanted.empty()) {
        return false;
    }
    const auto tokens = search_tokens(body_of(message.xml), SearchSide::text);
    return std::all_of(wanted.begin(), wanted.end(), [&tokens](const SearchTerm& term) {
        for (std::size_t at = 0; at < tokens.size(); ++at) {
            if (has_term_at(tokens, at, term)) {
                return true;
            }
        }
        return false;
    });
}

bool is_with(const KeptEntry& entry, const Jid& peer)
{
    return peer.has_resource() ? entry.peer == peer : entry.peer.same_bare(peer);
}

bool is_selected(const KeptEntry& entry, const ArchiveQuery& query)
{
    const auto& message = *entry.message;
    if (query.with && !is_with(entry, *query.with)) {
        return false;
    }
    if ((query.start && message.stamp < *query.start) || (query.end && message.stamp > *query.end)) {
        return false;
    }
    if ((query.after_id && message.id <= *query.after_id)
        || (query.before_id && message.id >= *query.before_id)) {
        return false;
    }
    if (!query.ids.empty() && std::find(query.ids.begin(), query.ids.end(), message.id) == query.ids.end()) {
        return false;
    }
    return query.text.empty() || has_terms(message, search_terms(query.text));
}

bool knows_all_ids(const Belongings& owner, const ArchiveQuery& query)
{
    const auto knows = [&owner](const std::optional<MessageId>& id) {
        return !id || owner.archive.contains(*id);
    };
    return knows(query.after_id) && knows(query.before_id) && knows(query.page_after)
        && knows(query.page_before)
        && std::all_of(query.ids.begin(), query.ids.end(),
            [&owner](MessageId id) { return owner.archive.contains(id); });
}

ArchivedMessage archived(const KeptMessage& message)
{
    return { message.id, message.stamp, message.xml };
}

ArchivePage read_page(const Belongings& owner, const ArchiveQuery& query)
{
    std::vector<MessageId> selected;
    for (const auto& [id, entry] : owner.archive) {
        if (is_selected(entry, query)) {
            selected.push_back(id);
        }
    }
    const auto cut = cut_page(selected, query);
    ArchivePage page;
    page.complete = cut.complete;
    page.count = cut.count;
    page.first_index = cut.first_index;
    for (const auto id : cut.ids) {
        page.messages.push_back(archived(*owner.archive.at(id).message));
    }
    return page;
}

Retention retention_of(const Belongings& owner, const Jid& peer, Retention host_default)
{
    const auto own = owner.conversation_retention.find(peer.bare());
    return own != owner.conversation_retention.end() ? own->second : owner.retention.value_or(host_default);
}

std::uint64_t size_of(const Belongings& owner)
{
    std::uint64_t bytes = 0;
    for (const auto& [id, entry] : owner.archive) {
        bytes += entry.message->xml.size();
    }
    return bytes;
}

/// Ids are close to microseconds since 1970.
bool is_expired(MessageId id, Retention retention, WallTime now)
{
    return retention.days
        && static_cast<std::int64_t>(id)
        < (now - std::chrono::days(*retention.days)).time_since_epoch().count();
}

} // namespace

Stored<std::optional<ArchivePage>> MemoryArchive::page(const AccountKey& key, ArchiveQuery query)
{
    return scheduler_.ask([&key, &query](Everything& all) -> std::optional<ArchivePage> {
        const Belongings nobody;
        const auto* found = all.find(key);
        const auto& owner = found != nullptr ? *found : nobody;
        return knows_all_ids(owner, query) ? std::optional(read_page(owner, query)) : std::nullopt;
    });
}

Stored<ArchiveEnds> MemoryArchive::ends(const AccountKey& key)
{
    return scheduler_.ask([&key](Everything& all) {
        ArchiveEnds ends;
        const auto* owner = all.find(key);
        if (owner != nullptr && !owner->archive.empty()) {
            const auto& oldest = *owner->archive.begin()->second.message;
            const auto& newest = *owner->archive.rbegin()->second.message;
            ends.oldest = ArchiveEnds::End { oldest.id, oldest.stamp };
            ends.newest = ArchiveEnds::End { newest.id, newest.stamp };
        }
        return ends;
    });
}

Stored<bool> MemoryArchive::replace(const AccountKey& key, MessageId id, std::string xml)
{
    return scheduler_.change([&key, id, &xml](Everything& all) {
        auto* owner = all.find(key);
        if (owner == nullptr || !owner->archive.contains(id)) {
            return false;
        }
        auto& message = *owner->archive.at(id).message;
        message.xml = std::move(xml);
        message.searchable = false;
        message.indexed = false;
        return true;
    });
}

Stored<std::optional<ArchivedMessage>> MemoryArchive::find(const AccountKey& key, Jid peer, bool outgoing,
    std::string stanza_id)
{
    return scheduler_.ask([&key, &peer, outgoing,
                              &stanza_id](Everything& all) -> std::optional<ArchivedMessage> {
        const auto* owner = all.find(key);
        if (owner == nullptr) {
            return std::nullopt;
        }
        for (auto at = owner->archive.rbegin(); at != owner->archive.rend(); ++at) {
            const auto& entry = at->second;
            if (entry.outgoing == outgoing && entry.peer.same_bare(peer)
                && has_message_id(entry.message->xml, stanza_id)) {
                return archived(*entry.message);
            }
        }
        return std::nullopt;
    });
}

Stored<Done> MemoryArchive::remove(const AccountKey& key, std::optional<Jid> peer)
{
    return scheduler_.change([&key, &peer](Everything& all) {
        if (auto* owner = all.find(key)) {
            std::erase_if(owner->archive,
                [&peer](const auto& entry) { return !peer || entry.second.peer.same_bare(*peer); });
        }
        return Done();
    });
}

Stored<std::uint64_t> MemoryArchive::size(const AccountKey& key)
{
    return scheduler_.ask([&key](Everything& all) {
        const auto* owner = all.find(key);
        return owner != nullptr ? size_of(*owner) : 0;
    });
}

Stored<std::uint64_t> MemoryArchive::trim(const AccountKey& key, std::uint64_t bytes)
{
    return scheduler_.change([&key, bytes](Everything& all) -> std::uint64_t {
        auto* owner = all.find(key);
        if (owner == nullptr) {
            return 0;
        }
        std::uint64_t left = size_of(*owner);
        while (left > bytes) {
            left -= owner->archive.begin()->second.message->xml.size();
            owner->archive.erase(owner->archive.begin());
        }
        return left;
    });
}

Stored<Done> MemoryArchive::set_retention(const AccountKey& key, std::optional<Jid> peer,
    std::optional<Retention> retention)
{
    return scheduler_.change([&key, &peer, &retention](Everything& all) {
        auto& owner = all.owner(key);
        if (!peer) {
            owner.retention = retention;
        } else if (retention) {
            owner.conversation_retention.insert_or_assign(peer->bare(), *retention);
        } else {
            owner.conversation_retention.erase(peer->bare());
        }
        return Done();
    });
}

Stored<ArchiveStore::RetentionChoices> MemoryArchive::retention(const AccountKey& key)
{
    return scheduler_.ask([&key](Everything& all) {
        RetentionChoices choices;
        if (const auto* owner = all.find(key)) {
            choices.everything = owner->retention;
            choices.conversations.assign(owner->conversation_retention.begin(),
                owner->conversation_retention.end());
        }
        return choices;
    });
}

Stored<std::size_t> MemoryArchive::expire(std::string host, Retention host_default, WallTime now,
    std::size_t limit)
{
    return scheduler_.change([&host, host_default, now, limit](Everything& all) {
        std::size_t removed = 0;
        for (auto& [key, belongings] : all.owners) {
            if (key.host != host) {
                continue;
            }
            const auto& owner = belongings;
            std::erase_if(belongings.archive, [&](const auto& entry) {
                const bool goes = removed < limit
                    && is_expired(entry.first, retention_of(owner, entry.second.peer, host_default), now);
                removed += goes ? 1 : 0;
                return goes;
            });
        }
        return removed;
    });
}

Stored<std::size_t> MemoryArchive::index(std::size_t limit)
{
    return scheduler_.change([limit](Everything& all) {
        std::size_t looked_at = 0;
        while (looked_at < limit && !all.unindexed.empty()) {
            if (const auto message = all.unindexed.front().lock()) {
                message->indexed = message->searchable;
                ++looked_at;
            }
            all.unindexed.pop_front();
        }
        return looked_at;
    });
}

} // namespace stonechat::memory
