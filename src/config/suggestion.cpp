// SPDX-License-Identifier: Apache-2.0
#include "config/suggestion.hpp"

#include <algorithm>

namespace stonechat {

std::size_t edit_distance(std::string_view a, std::string_view b)
{
    // Three rows of the usual table: the one being filled and, for swaps, the two above it.
    std::vector<std::size_t> above2(b.size() + 1);
    std::vector<std::size_t> above(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        above2.swap(above);
        above.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({ above[j] + 1, row[j - 1] + 1, replaced });
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], above2[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words)
{
    constexpr std::size_t longest = 64; // longer than any key, so no suggestion
    if (word.empty() || word.size() > longest) {
        return std::nullopt;
    }
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& each : words) {
        std::size_t distance = edit_distance(word, each);
        // "stanza" for "stanza_bytes", or the reverse
        if (word.size() >= 4 && each.size() >= 4 && (each.starts_with(word) || word.starts_with(each))) {
            distance = std::min<std::size_t>(distance, 1);
        }
        if (distance < best_distance) {
            best = each;
            best_distance = distance;
        }
    }
    return best;
}

} // namespace stonechat
