// SPDX-License-Identifier: Apache-2.0
#include "router/message_log.hpp"

#include "xmpp/utf8.hpp"

#include <algorithm>
#include <functional>

namespace stonechat {
std::uint64_t MessageLog::key_of(std::string_view message_id)
{
    return message_id.empty() ? 0 : std::hash<std::string_view>()(message_id);
}

void MessageLog::note(std::uint64_t key, WallTime when, std::string_view what, std::string_view detail)
{
    if (key == 0) {
        return;
    }
    if (ring_.size() < most) {
        ring_.emplace_back();
        next_ = ring_.size() - 1;
    }
    Entry& entry = ring_[next_];
    next_ = (next_ + 1) % most;
    entry.key = key;
    entry.when = when;
    std::size_t size = 0;
    const auto append = [&entry, &size](std::string_view text) {
        const std::string_view fits = utf8_prefix(text, entry.text.size() - size);
        std::copy(fits.begin(), fits.end(), entry.text.begin() + static_cast<std::ptrdiff_t>(size));
        size += fits.size();
    };
    append(what);
    if (!detail.empty()) {
        append(": ");
        append(detail);
    }
    entry.size = static_cast<std::uint8_t>(size);
}

std::vector<MessageLog::Note> MessageLog::find(std::uint64_t key) const
{
    std::vector<Note> notes;
    for (std::size_t i = 0; i < ring_.size(); ++i) {
        const Entry& entry = ring_[(next_ + i) % ring_.size()];
        if (entry.key == key) {
            notes.push_back({ entry.when, std::string(entry.text.data(), entry.size) });
        }
    }
    return notes;
}

} // namespace stonechat
