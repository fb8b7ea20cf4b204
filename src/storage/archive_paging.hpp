// SPDX-License-Identifier: Apache-2.0
// Cuts a page (XEP-0059) out of a selection whose ids are all known. Used by both backends. Pure.
#pragma once

#include "storage/archive_store.hpp"

#include <algorithm>
#include <vector>

namespace stonechat {

/// The ids of a page, oldest first, and the facts reported with it.
struct PageOfIds {
    std::vector<MessageId> ids;
    bool complete = false;
    std::optional<std::size_t> count;
    std::optional<std::size_t> first_index;
};

/// Returns the page of `selected` that `query` asks for. `selected` is in ascending order.
inline PageOfIds cut_page(const std::vector<MessageId>& selected, const ArchiveQuery& query)
{
    auto from = selected.begin();
    auto to = selected.end();
    if (query.page_after) {
        from = std::upper_bound(from, to, *query.page_after);
    }
    if (query.page_before) {
        to = std::lower_bound(from, to, *query.page_before);
    }
    const auto available = static_cast<std::size_t>(to - from);
    const auto taken = static_cast<std::ptrdiff_t>(std::min(query.limit, available));
    PageOfIds page;
    page.complete = available <= query.limit;
    page.count = selected.size();
    if (query.from_the_end) {
        from = to - taken;
    } else {
        to = from + taken;
    }
    page.ids.assign(from, to);
    if (!page.ids.empty()) {
        page.first_index = static_cast<std::size_t>(from - selected.begin());
    }
    return page;
}

} // namespace stonechat
