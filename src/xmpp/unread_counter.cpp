// SPDX-License-Identifier: Apache-2.0
#include "xmpp/unread_counter.hpp"

#include "xmpp/message_content.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

// A reader who sends markers that fit to nothing costs no more than this.
constexpr std::size_t most_marked = 16;

const Element* marker_of(const Element& message)
{
    const Element* displayed = message.child("displayed", ns::markers);
    return displayed != nullptr ? displayed : message.child("acknowledged", ns::markers);
}

} // namespace

bool is_instant_message(const Element& message)
{
    const bool has_text = message.child("body") != nullptr || has_ciphertext(message);
    const bool changes_another = message.child("replace", ns::correction) != nullptr
        || message.child("retract", ns::retraction) != nullptr
        || message.child("reactions", ns::reactions) != nullptr;
    return has_text && !changes_another && message.attribute_or("type") != "error";
}

bool UnreadCounter::take(const Element& message, bool is_own, std::uint64_t archive_id)
{
    if (is_own) {
        const Element* marker = marker_of(message);
        if (marker != nullptr && marked_.size() < most_marked) {
            marked_.emplace_back(marker->attribute_or("id"));
        }
        return !is_instant_message(message);
    }
    if (is_marked(message, archive_id)) {
        return false;
    }
    count_ += is_instant_message(message) ? 1 : 0;
    return true;
}

bool UnreadCounter::is_marked(const Element& message, std::uint64_t archive_id) const
{
    const Element* origin = message.child("origin-id", ns::stanza_id);
    const std::string given = std::to_string(archive_id);
    return std::any_of(marked_.begin(), marked_.end(), [&](const std::string& id) {
        return message.attribute("id") == id || given == id
            || (origin != nullptr && origin->attribute("id") == id);
    });
}

} // namespace stonechat
