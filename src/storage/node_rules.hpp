// SPDX-License-Identifier: Apache-2.0
// Rules of the node store that both backends follow. Pure.
#pragma once

#include "storage/archive_paging.hpp"
#include "storage/node_store.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace stonechat {

/// Returns how long items of a node are kept; nothing: for ever.
inline std::optional<std::chrono::microseconds> kept_for(std::chrono::seconds item_lifetime)
{
    constexpr std::chrono::seconds longest(1'000'000'000'000); // so that the time of the end fits
    if (item_lifetime <= std::chrono::seconds::zero()) {
        return std::nullopt;
    }
    return std::min(item_lifetime, longest);
}

/// Returns whether a publication is too large, given the bytes of all items before and after it.
inline bool is_too_much(const NodeLimits& limits, std::uint64_t before, std::uint64_t after)
{
    return limits.bytes != 0 && after > limits.bytes && after > before;
}

/// The ids in their order, each once.
inline std::vector<std::string> each_once(std::vector<std::string> ids)
{
    std::unordered_set<std::string> seen;
    std::erase_if(ids, [&seen](const std::string& id) { return !seen.insert(id).second; });
    return ids;
}

/// The places of a page: from the first to the one behind the last.
struct PlacesOfItems {
    std::size_t from = 0;
    std::size_t to = 0;
};

/// Returns the page that `query` asks for among `count` items. `after` and `before` are the places of the
/// items that it names.
inline PlacesOfItems cut_items(const NodeStore::ItemQuery& query, std::size_t count,
    std::optional<std::size_t> after, std::optional<std::size_t> before)
{
    std::size_t from = std::max(after ? *after + 1 : 0, query.index.value_or(0));
    std::size_t to = before ? std::min(*before, count) : count;
    from = std::min(from, to);
    const std::size_t taken = std::min(query.max, to - from);
    if (query.before) {
        from = to - taken;
    } else {
        to = from + taken;
    }
    return { from, to };
}

/// The publications that a query of a node's archive names: all have to exist.
inline std::vector<MessageId> named_publications(const ArchiveQuery& query)
{
    std::vector<MessageId> named = query.ids;
    for (const auto& id : { query.after_id, query.before_id, query.page_after, query.page_before }) {
        if (id) {
            named.push_back(*id);
        }
    }
    return named;
}

/// Cuts the page out of those publications, in order, that meet the conditions on time and publisher.
inline PageOfIds cut_publications(std::vector<MessageId> ids, const ArchiveQuery& query)
{
    std::vector<MessageId> wanted = query.ids;
    std::sort(wanted.begin(), wanted.end());
    const auto is_left_out = [&query, &wanted](MessageId id) {
        return (query.after_id && id <= *query.after_id) || (query.before_id && id >= *query.before_id)
            || (!wanted.empty() && !std::binary_search(wanted.begin(), wanted.end(), id));
    };
    std::erase_if(ids, is_left_out);
    return cut_page(ids, query);
}

} // namespace stonechat
