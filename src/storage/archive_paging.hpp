// SPDX-License-Identifier: Apache-2.0
// A page out of a selection that is known in whole (XEP-0059). Both backends share it. Pure.
#pragma once

#include "storage/archive_store.hpp"

#include <algorithm>
#include <vector>

namespace stonechat {

/// The ids of a page, oldest first, and what is said about them.
struct PageOfIds {
    std::vector<MessageId> ids;
    bool complete = false;
    std::optional<std::size_t> count;
    std::optional<std::size_t> first_index;
};

/// `selected` in ascending order.
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
