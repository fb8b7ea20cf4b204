// SPDX-License-Identifier: Apache-2.0
#include "modules/inbox_page.hpp"

#include "router/archive_query.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t most_in_a_page = 200;

/// Reads an xs:boolean.
std::optional<bool> read_flag(const Element& inbox, std::string_view name, bool otherwise)
{
    const auto text = inbox.attribute(name);
    if (!text) {
        return otherwise;
    }
    if (*text == "true" || *text == "1") {
        return true;
    }
    return *text == "false" || *text == "0" ? std::optional(false) : std::nullopt;
}

using Place = std::optional<MessageId>;

/// Reads a place in the list, which is the id of an entry.
Result<Place, StanzaError> read_place(const std::optional<std::string>& text)
{
    if (!text || text->empty()) {
        return Place();
    }
    const Place place = read_archive_id(*text);
    if (!place) {
        return StanzaError(StanzaError::item_not_found, "There is no such entry");
    }
    return place;
}

std::optional<StanzaError> read_page(const ResultSetQuery& set, InboxQuery& query)
{
    const auto after = read_place(set.after);
    const auto before = read_place(set.before);
    if (!after || !before) {
        return after ? before.error() : after.error();
    }
    if (set.index) {
        return StanzaError(StanzaError::feature_not_implemented, "Pages by index are not supported");
    }
    query.after = *after;
    query.before = *before;
    query.from_the_end = set.before.has_value();
    query.limit = std::min(set.max.value_or(query.limit), most_in_a_page);
    return std::nullopt;
}

bool is_in_range(const InboxEntry& entry, const InboxQuery& query)
{
    return (!query.after || entry.newest < *query.after) && (!query.before || entry.newest > *query.before);
}

Element to_inbox_fin(const std::vector<InboxEntry>& all)
{
    const auto unread = std::count_if(all.begin(), all.end(),
        [](const InboxEntry& entry) { return entry.unread > 0; });
    const auto messages = std::accumulate(all.begin(), all.end(), std::size_t(0),
        [](std::size_t sum, const InboxEntry& entry) { return sum + entry.unread; });
    Element fin("fin", ns::inbox);
    fin.set_attribute("total", std::to_string(all.size()));
    fin.set_attribute("unread", std::to_string(unread));
    fin.set_attribute("all-unread", std::to_string(messages));
    return fin;
}

} // namespace

Result<InboxQuery, StanzaError> read_inbox_query(const Element& inbox)
{
    InboxQuery query;
    const auto unread_only = read_flag(inbox, "unread-only", false);
    const auto messages = read_flag(inbox, "messages", true);
    if (!unread_only || !messages) {
        return StanzaError(StanzaError::bad_request, "unread-only and messages have to be true or false");
    }
    query.unread_only = *unread_only;
    query.messages = *messages;
    const auto set = ResultSetQuery::from_parent(inbox);
    if (!set) {
        return set.error();
    }
    if (auto refusal = read_page(*set, query)) {
        return std::move(*refusal);
    }
    return query;
}

Element to_inbox_entry(const InboxEntry& entry)
{
    Element element("entry", ns::inbox);
    element.set_attribute("jid", entry.jid.text());
    element.set_attribute("unread", std::to_string(entry.unread));
    element.set_attribute("id", std::to_string(entry.newest));
    return element;
}

InboxPage inbox_page(std::vector<InboxEntry> entries, const InboxQuery& query)
{
    InboxPage page { {}, to_inbox_fin(entries) };
    std::sort(entries.begin(), entries.end(),
        [](const InboxEntry& a, const InboxEntry& b) { return a.newest > b.newest; });
    if (query.unread_only) {
        std::erase_if(entries, [](const InboxEntry& entry) { return entry.unread == 0; });
    }
    const auto is_wanted = [&query](const InboxEntry& entry) { return is_in_range(entry, query); };
    auto first = std::find_if(entries.begin(), entries.end(), is_wanted);
    auto last = std::find_if_not(first, entries.end(), is_wanted);
    const auto limit = std::min(static_cast<std::ptrdiff_t>(query.limit), last - first);
    (query.from_the_end ? first : last) = query.from_the_end ? last - limit : first + limit;

    ResultSetPage set;
    set.count = entries.size();
    if (first != last) {
        set.first = std::to_string(first->newest);
        set.last = std::to_string(std::prev(last)->newest);
        set.first_index = static_cast<std::size_t>(first - entries.begin());
    }
    page.fin.add(set.to_element());
    page.entries.assign(std::make_move_iterator(first), std::make_move_iterator(last));
    return page;
}

} // namespace stonechat
