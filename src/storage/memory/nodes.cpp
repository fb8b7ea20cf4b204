// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/contents.hpp"
#include "storage/node_rules.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace stonechat::memory {
namespace {

KeptNode* find_node(Everything& all, const AccountKey& service, const std::string& name)
{
    auto* owner = all.find(service);
    if (owner == nullptr) {
        return nullptr;
    }
    const auto found = owner->nodes.find(name);
    return found == owner->nodes.end() ? nullptr : &found->second;
}

std::uint64_t size_of(const NodeItem& item)
{
    return item.id.size() + item.payload.size();
}

bool has_most_nodes(Everything& all, const AccountKey& service, const NodeLimits& limits)
{
    const auto* owner = all.find(service);
    return limits.nodes != 0 && owner != nullptr && owner->nodes.size() >= limits.nodes;
}

void put_affiliates(KeptNode& node, const std::vector<NodeAffiliate>& affiliates)
{
    for (const auto& affiliate : affiliates) {
        if (affiliate.affiliation == NodeAffiliation::none) {
            node.affiliates.erase(affiliate.jid);
        } else {
            node.affiliates[affiliate.jid] = affiliate.affiliation;
        }
    }
}

void put_subscribers(KeptNode& node, const std::vector<NodeSubscriber>& subscribers)
{
    for (const auto& subscriber : subscribers) {
        if (subscriber.state == NodeSubscriptionState::none) {
            node.subscribers.erase(subscriber.jid);
        } else {
            node.subscribers.insert_or_assign(subscriber.jid, subscriber);
        }
    }
}

KeptNode& put_node(Everything& all, const AccountKey& service, const std::string& name, NodeRecord record)
{
    KeptNode& node = all.owner(service).nodes[name];
    put_affiliates(node, record.affiliates);
    put_subscribers(node, record.subscribers);
    record.name = name;
    record.affiliates.clear();
    record.subscribers.clear();
    record.items = 0;
    record.item_bytes = 0;
    node.record = std::move(record);
    return node;
}

std::vector<NodeAffiliate> affiliates_of(const KeptNode& node)
{
    std::vector<NodeAffiliate> affiliates;
    for (const auto& [jid, affiliation] : node.affiliates) {
        affiliates.push_back({ jid, affiliation });
    }
    return affiliates;
}

std::vector<NodeSubscriber> subscribers_of(const KeptNode& node)
{
    std::vector<NodeSubscriber> subscribers;
    for (const auto& [jid, subscriber] : node.subscribers) {
        subscribers.push_back(subscriber);
    }
    return subscribers;
}

bool remove_item(KeptNode& node, const std::string& id)
{
    const auto place = node.places.find(id);
    if (place == node.places.end()) {
        return false;
    }
    node.record.item_bytes -= size_of(node.items.at(place->second).item);
    --node.record.items;
    node.items.erase(place->second);
    node.places.erase(place);
    return true;
}

std::vector<std::string> trim(KeptNode& node, std::size_t keep)
{
    std::vector<std::string> ids;
    while (node.items.size() > keep) {
        ids.push_back(node.items.begin()->second.item.id);
        remove_item(node, ids.back());
    }
    return ids;
}

void put_item(Everything& all, KeptNode& node, NodeItem item)
{
    item.created = item.modified;
    std::uint64_t first = ++all.last_item;
    if (const auto place = node.places.find(item.id); place != node.places.end()) {
        const KeptItem& before = node.items.at(place->second);
        item.created = before.item.created;
        first = before.first;
        const std::string id = item.id;
        remove_item(node, id);
    }
    node.record.item_bytes += size_of(item);
    ++node.record.items;
    node.places[item.id] = ++node.sequence;
    node.items[node.sequence] = { std::move(item), first };
}

/// Returns the total size of the node's items after a publication.
std::uint64_t size_after(const KeptNode* node, const NodeStore::Publication& publication)
{
    std::vector<std::uint64_t> sizes; // newest first
    std::set<std::string> seen;
    for (auto item = publication.items.rbegin(); item != publication.items.rend(); ++item) {
        if (seen.insert(item->id).second) {
            sizes.push_back(size_of(*item));
        }
    }
    if (node != nullptr) {
        for (auto kept = node->items.rbegin(); kept != node->items.rend(); ++kept) {
            if (!seen.contains(kept->second.item.id)) {
                sizes.push_back(size_of(kept->second.item));
            }
        }
    }
    sizes.resize(std::min(sizes.size(), std::max<std::size_t>(publication.keep_items, 1)));
    return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t(0));
}

bool is_too_large(const Belongings* owner, const KeptNode* node, const NodeStore::Publication& publication)
{
    const std::uint64_t before = owner == nullptr ? 0 : bytes_in_nodes(*owner);
    const std::uint64_t replaced = node == nullptr ? 0 : node->record.item_bytes;
    return is_too_much(publication.limits, before, before - replaced + size_after(node, publication));
}

/// The items of a node in an order, oldest first.
std::vector<const NodeItem*> in_order(const KeptNode& node, NodeStore::ItemOrder order)
{
    std::vector<const KeptItem*> kept;
    for (const auto& [sequence, item] : node.items) {
        kept.push_back(&item);
    }
    if (order == NodeStore::ItemOrder::created) {
        std::sort(kept.begin(), kept.end(),
            [](const KeptItem* a, const KeptItem* b) { return a->first < b->first; });
    }
    std::vector<const NodeItem*> items;
    for (const KeptItem* each : kept) {
        items.push_back(&each->item);
    }
    return items;
}

NodeItem answer_of(const NodeItem& kept, bool with_payload)
{
    NodeItem item = kept;
    if (!with_payload) {
        item.payload.clear();
    }
    return item;
}

NodeStore::ItemPage items_by_id(const KeptNode& node, const NodeStore::ItemQuery& query)
{
    NodeStore::ItemPage page;
    for (const auto& id : each_once(query.ids)) {
        if (const auto place = node.places.find(id); place != node.places.end()) {
            page.items.push_back(answer_of(node.items.at(place->second).item, query.with_payload));
        }
    }
    page.count = page.items.size();
    return page;
}

NodeStore::ItemPage page_of(const KeptNode& node, const NodeStore::ItemQuery& query)
{
    auto items = in_order(node, query.order);
    if (query.newest != 0 && items.size() > query.newest) {
        items.erase(items.begin(), items.end() - static_cast<std::ptrdiff_t>(query.newest));
    }
    NodeStore::ItemPage page;
    page.count = items.size();
    const auto place_of = [&items, &page](const std::string& id) {
        const auto found = std::find_if(items.begin(), items.end(),
            [&id](const NodeItem* item) { return item->id == id; });
        page.found = page.found && found != items.end();
        return static_cast<std::size_t>(found - items.begin());
    };
    std::optional<std::size_t> after;
    std::optional<std::size_t> before;
    if (query.after) {
        after = place_of(*query.after);
    }
    if (query.before && !query.before->empty()) {
        before = place_of(*query.before);
    }
    if (!page.found) {
        return page;
    }
    const auto places = cut_items(query, page.count, after, before);
    for (std::size_t i = places.from; i < places.to; ++i) {
        page.items.push_back(answer_of(*items[i], query.with_payload));
    }
    page.first = page.items.empty() ? 0 : places.from;
    return page;
}

/// Whether an item meets the conditions of a query on time and publisher.
bool is_selected(const NodeItem& item, const ArchiveQuery& query)
{
    return (!query.start || item.modified >= *query.start) && (!query.end || item.modified <= *query.end)
        && (!query.with || item.publisher == query.with->bare());
}

std::optional<NodeStore::ArchivedItems> archive_page(const KeptNode& node, const ArchiveQuery& query)
{
    for (const MessageId id : named_publications(query)) {
        if (!node.items.contains(id)) {
            return std::nullopt;
        }
    }
    std::vector<MessageId> selected;
    for (const auto& [sequence, kept] : node.items) {
        if (is_selected(kept.item, query)) {
            selected.push_back(sequence);
        }
    }
    const PageOfIds cut = cut_publications(std::move(selected), query);
    NodeStore::ArchivedItems page { {}, cut.complete, cut.count.value_or(0), cut.first_index };
    for (const MessageId id : cut.ids) {
        page.items.push_back({ id, node.items.at(id).item });
    }
    return page;
}

/// Returns whether an account answers the reader. Sets `groups` to the reader's groups in its roster.
bool is_open(const AccountKey& key, const Belongings& account, const NodeStore::LastItemsQuery& query,
    std::vector<std::string>& groups)
{
    const Jid& reader = query.reader;
    const auto contact = account.roster.find(reader.bare());
    if (contact != account.roster.end()) {
        groups = contact->second.groups;
    }
    if (reader.local() == key.user && reader.domain() == key.host) {
        return true;
    }
    const auto blocked = account.keyval.find(query.block_store);
    const auto is_blocked = [&](std::string_view name) {
        return blocked->second.contains(std::string(name));
    };
    if (blocked != account.keyval.end()
        && (is_blocked(reader.text()) || is_blocked(reader.bare_text()) || is_blocked(reader.domain()))) {
        return false;
    }
    return contact != account.roster.end()
        && (contact->second.subscription == SubscriptionState::from
            || contact->second.subscription == SubscriptionState::both);
}

NodeAffiliation affiliation_of(const KeptNode& node, const Jid& reader)
{
    for (const Jid& jid : { reader.bare(), reader.domain_jid() }) {
        if (const auto found = node.affiliates.find(jid); found != node.affiliates.end()) {
            return found->second;
        }
    }
    return NodeAffiliation::none;
}

bool is_owned_by(const KeptNode& node, const Jid& owner)
{
    const auto found = node.affiliates.find(owner);
    return found != node.affiliates.end() && found->second == NodeAffiliation::owner;
}

bool has_pending(const KeptNode& node)
{
    return std::any_of(node.subscribers.begin(), node.subscribers.end(),
        [](const auto& each) { return each.second.state == NodeSubscriptionState::pending; });
}

NodeSubscriptionState subscription_of(const KeptNode& node, const Jid& reader)
{
    NodeSubscriptionState best = NodeSubscriptionState::none;
    for (const auto& [jid, subscriber] : node.subscribers) {
        if (jid.same_bare(reader)) {
            best = std::max(best, subscriber.state);
        }
    }
    return best;
}

/// An item whose time is over.
struct DueItem {
    WallTime expires;
    std::uint64_t first = 0;
    const AccountKey* service = nullptr;
    const std::string* node = nullptr;
    std::string id;
};

std::vector<DueItem> due_items(const Everything& all, WallTime now)
{
    std::vector<DueItem> due;
    for (const auto& [key, owner] : all.owners) {
        for (const auto& [name, node] : owner.nodes) {
            const auto lifetime = kept_for(node.record.item_lifetime);
            for (const auto& [sequence, kept] : node.items) {
                if (lifetime && kept.item.modified + *lifetime <= now) {
                    due.push_back({ kept.item.modified + *lifetime, kept.first, &key, &name, kept.item.id });
                }
            }
        }
    }
    std::sort(due.begin(), due.end(), [](const DueItem& a, const DueItem& b) {
        return std::tie(a.expires, a.first) < std::tie(b.expires, b.first);
    });
    return due;
}

} // namespace

std::uint64_t bytes_in_nodes(const Belongings& owner)
{
    std::uint64_t bytes = 0;
    for (const auto& [name, node] : owner.nodes) {
        bytes += node.record.item_bytes;
    }
    return bytes;
}

void forget_in_nodes(Everything& all, const Jid& user)
{
    for (auto& [key, owner] : all.owners) {
        for (auto& [name, node] : owner.nodes) {
            std::erase_if(node.subscribers,
                [&user](const auto& subscriber) { return subscriber.first.same_bare(user); });
            node.affiliates.erase(user);
        }
    }
}

Stored<std::optional<NodeRecord>> MemoryNodes::find(const AccountKey& service, std::string node)
{
    return scheduler_.ask([&service, &node](Everything& all) -> std::optional<NodeRecord> {
        const KeptNode* kept = find_node(all, service, node);
        if (kept == nullptr) {
            return std::nullopt;
        }
        NodeRecord record = kept->record;
        record.affiliates = affiliates_of(*kept);
        record.subscribers = subscribers_of(*kept);
        return record;
    });
}

Stored<std::vector<NodeSummary>> MemoryNodes::list(const AccountKey& service, std::string after,
    std::size_t limit)
{
    return scheduler_.ask([&service, &after, limit](Everything& all) {
        std::vector<NodeSummary> nodes;
        const auto* owner = all.find(service);
        if (owner == nullptr) {
            return nodes;
        }
        for (auto at = owner->nodes.upper_bound(after); at != owner->nodes.end() && nodes.size() < limit;
             ++at) {
            nodes.push_back({ at->first, at->second.record.config, affiliates_of(at->second),
                subscribers_of(at->second) });
        }
        return nodes;
    });
}

Stored<NodeStore::Creation> MemoryNodes::create(const AccountKey& service, NodeRecord record,
    NodeLimits limits)
{
    return scheduler_.change([&service, &record, &limits](Everything& all) {
        if (find_node(all, service, record.name) != nullptr) {
            return Creation::exists;
        }
        if (has_most_nodes(all, service, limits)) {
            return Creation::too_many_nodes;
        }
        const std::string name = record.name;
        put_node(all, service, name, std::move(record));
        return Creation::created;
    });
}

Stored<std::optional<std::vector<std::string>>> MemoryNodes::change(const AccountKey& service,
    std::string node, Change change)
{
    return scheduler_.change([&service, &node,
                                 &change](Everything& all) -> std::optional<std::vector<std::string>> {
        KeptNode* kept = find_node(all, service, node);
        if (kept == nullptr) {
            return std::nullopt;
        }
        if (change.config) {
            kept->record.config = std::move(*change.config);
        }
        if (change.item_lifetime) {
            kept->record.item_lifetime = *change.item_lifetime;
        }
        put_affiliates(*kept, change.affiliates);
        put_subscribers(*kept, change.subscribers);
        return trim(*kept, change.keep_items.value_or(SIZE_MAX));
    });
}

Stored<bool> MemoryNodes::remove(const AccountKey& service, std::string node)
{
    return scheduler_.change([&service, &node](Everything& all) {
        auto* owner = all.find(service);
        return owner != nullptr && owner->nodes.erase(node) > 0;
    });
}

Stored<NodeStore::Published> MemoryNodes::publish(const AccountKey& service, Publication publication)
{
    return scheduler_.change([&service, &publication](Everything& all) {
        using Outcome = Published::Outcome;
        KeptNode* node = find_node(all, service, publication.node);
        if (node == nullptr && !publication.create) {
            return Published { Outcome::no_node, false, {} };
        }
        if (node == nullptr && has_most_nodes(all, service, publication.limits)) {
            return Published { Outcome::too_many_nodes, false, {} };
        }
        if (is_too_large(all.find(service), node, publication)) {
            return Published { Outcome::too_many_bytes, false, {} };
        }
        Published published;
        if (node == nullptr) {
            node = &put_node(all, service, publication.node, std::move(*publication.create));
            published.created = true;
        }
        for (NodeItem& item : publication.items) {
            put_item(all, *node, std::move(item));
        }
        published.trimmed = trim(*node, std::max<std::size_t>(publication.keep_items, 1));
        return published;
    });
}

Stored<std::optional<std::vector<std::string>>> MemoryNodes::retract(const AccountKey& service,
    std::string node, std::vector<std::string> ids)
{
    return scheduler_.change([&service, &node,
                                 &ids](Everything& all) -> std::optional<std::vector<std::string>> {
        KeptNode* kept = find_node(all, service, node);
        if (kept == nullptr) {
            return std::nullopt;
        }
        std::erase_if(ids, [kept](const std::string& id) { return !remove_item(*kept, id); });
        return std::move(ids);
    });
}

Stored<bool> MemoryNodes::purge(const AccountKey& service, std::string node)
{
    return scheduler_.change([&service, &node](Everything& all) {
        KeptNode* kept = find_node(all, service, node);
        if (kept == nullptr) {
            return false;
        }
        trim(*kept, 0);
        return true;
    });
}

Stored<NodeStore::ItemPage> MemoryNodes::items(const AccountKey& service, std::string node, ItemQuery query)
{
    return scheduler_.ask([&service, &node, &query](Everything& all) {
        const KeptNode* kept = find_node(all, service, node);
        if (kept == nullptr) {
            return ItemPage();
        }
        return query.ids.empty() ? page_of(*kept, query) : items_by_id(*kept, query);
    });
}

Stored<std::optional<NodeStore::ArchivedItems>> MemoryNodes::archive(const AccountKey& service,
    std::string node, ArchiveQuery query)
{
    return scheduler_.ask([&service, &node, &query](Everything& all) -> std::optional<ArchivedItems> {
        const KeptNode* kept = find_node(all, service, node);
        return kept == nullptr ? ArchivedItems { {}, true, 0, {} } : archive_page(*kept, query);
    });
}

Stored<std::vector<NodeStore::Involvement>> MemoryNodes::involving(const AccountKey& service, Jid user)
{
    return scheduler_.ask([&service, &user](Everything& all) {
        std::vector<Involvement> involvements;
        const auto* owner = all.find(service);
        if (owner == nullptr) {
            return involvements;
        }
        for (const auto& [name, node] : owner->nodes) {
            Involvement involvement;
            involvement.node = name;
            if (const auto found = node.affiliates.find(user); found != node.affiliates.end()) {
                involvement.affiliation = found->second;
            }
            for (const auto& [jid, subscriber] : node.subscribers) {
                if (jid.same_bare(user)) {
                    involvement.subscriptions.push_back(subscriber);
                }
            }
            if (involvement.affiliation != NodeAffiliation::none || !involvement.subscriptions.empty()) {
                involvements.push_back(std::move(involvement));
            }
        }
        return involvements;
    });
}

Stored<std::vector<std::string>> MemoryNodes::pending(const AccountKey& service, Jid owner, std::size_t limit)
{
    return scheduler_.ask([&service, &owner, limit](Everything& all) {
        std::vector<std::string> names;
        const auto* belongings = all.find(service);
        if (belongings == nullptr) {
            return names;
        }
        for (const auto& [name, node] : belongings->nodes) {
            if (names.size() < limit && (owner.empty() || is_owned_by(node, owner)) && has_pending(node)) {
                names.push_back(name);
            }
        }
        return names;
    });
}

Stored<Done> MemoryNodes::forget(Jid user)
{
    return scheduler_.change([&user](Everything& all) {
        forget_in_nodes(all, user);
        return Done();
    });
}

Stored<std::vector<NodeStore::LastItem>> MemoryNodes::last_items(LastItemsQuery query)
{
    return scheduler_.ask([&query](Everything& all) {
        std::vector<LastItem> items;
        for (const AccountKey& key : query.accounts) {
            const auto* owner = all.find(key);
            std::vector<std::string> groups;
            if (owner == nullptr || !is_open(key, *owner, query, groups)) {
                continue;
            }
            for (const std::string& name : query.nodes) {
                const KeptNode* node = find_node(all, key, name);
                if (node != nullptr && !node->items.empty()) {
                    items.push_back({ key, name, node->record.config, affiliation_of(*node, query.reader),
                        subscription_of(*node, query.reader), groups, node->items.rbegin()->second.item });
                }
            }
        }
        return items;
    });
}

Stored<std::vector<NodeStore::Expired>> MemoryNodes::expire(WallTime now, std::size_t limit)
{
    return scheduler_.change([now, limit](Everything& all) {
        auto due = due_items(all, now);
        due.resize(std::min(due.size(), limit));
        std::vector<Expired> expired;
        for (DueItem& item : due) {
            auto place = std::find_if(expired.begin(), expired.end(), [&item](const Expired& each) {
                return each.service == *item.service && each.node == *item.node;
            });
            if (place == expired.end()) {
                place = expired.insert(place, { *item.service, *item.node, {} });
            }
            remove_item(*find_node(all, *item.service, *item.node), item.id);
            place->ids.push_back(std::move(item.id));
        }
        return expired;
    });
}

} // namespace stonechat::memory
