// SPDX-License-Identifier: Apache-2.0
#include "modules/directed_presences.hpp"

#include <algorithm>

namespace stonechat {

void DirectedPresences::keep(const Jid& to, std::string content)
{
    forget(to);
    Content kept = find(content);
    if (!kept) {
        if (bytes_ + content.size() > most_bytes) {
            return;
        }
        bytes_ += content.size();
        kept = std::make_shared<const std::string>(std::move(content));
    }
    shown_.emplace(place_of(to), to, std::move(kept));
}

void DirectedPresences::forget(const Jid& to)
{
    const auto place = place_of(to);
    if (place == shown_.end() || place->first != to) {
        return;
    }
    const Content content = std::move(place->second);
    shown_.erase(place);
    release(content);
}

void DirectedPresences::forget_bare(const Jid& to)
{
    const auto shown = shown_;
    for (const auto& [jid, content] : shown) {
        if (jid.same_bare(to)) {
            forget(jid);
        }
    }
}

std::vector<std::pair<Jid, DirectedPresences::Content>>::iterator DirectedPresences::place_of(const Jid& to)
{
    return std::lower_bound(shown_.begin(), shown_.end(), to,
        [](const auto& entry, const Jid& jid) { return entry.first < jid; });
}

DirectedPresences::Content DirectedPresences::find(std::string_view content) const
{
    const auto found = std::find_if(shown_.begin(), shown_.end(),
        [content](const auto& entry) { return *entry.second == content; });
    return found == shown_.end() ? nullptr : found->second;
}

void DirectedPresences::release(const Content& content)
{
    const bool is_used = std::any_of(shown_.begin(), shown_.end(),
        [&content](const auto& entry) { return entry.second == content; });
    if (!is_used) {
        bytes_ -= content->size();
    }
}

} // namespace stonechat
