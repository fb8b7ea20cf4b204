// SPDX-License-Identifier: Apache-2.0
#include "xmpp/result_set.hpp"

#include "xmpp/ns.hpp"

#include <charconv>

namespace stonechat {
namespace {

/// Reads a text of digits only. A number that is too large counts as the largest one.
std::optional<std::size_t> read_number(std::string_view text)
{
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::nullopt;
    }
    std::size_t number = 0;
    const auto failure = std::from_chars(text.data(), text.data() + text.size(), number).ec;
    return failure == std::errc::result_out_of_range ? SIZE_MAX : number;
}

StanzaError broken_paging(std::string_view what)
{
    return StanzaError(StanzaError::bad_request, what);
}

} // namespace

Result<ResultSetQuery, StanzaError> ResultSetQuery::from_parent(const Element& parent)
{
    ResultSetQuery query;
    const Element* set = parent.child("set", ns::result_set);
    if (set == nullptr) {
        return query;
    }
    if (const Element* max = set->child("max")) {
        query.max = read_number(max->text());
        if (!query.max) {
            return broken_paging("max is not a number");
        }
    }
    if (const Element* index = set->child("index")) {
        query.index = read_number(index->text());
        if (!query.index) {
            return broken_paging("index is not a number");
        }
    }
    if (const Element* after = set->child("after")) {
        query.after = after->text();
    }
    if (const Element* before = set->child("before")) {
        query.before = before->text();
    }
    return query;
}

Element ResultSetPage::to_element() const
{
    Element set("set", ns::result_set);
    if (!first.empty()) {
        Element& first_element = set.add_text_child("first", first);
        if (first_index) {
            first_element.set_attribute("index", std::to_string(*first_index));
        }
        set.add_text_child("last", last);
    }
    if (count) {
        set.add_text_child("count", std::to_string(*count));
    }
    return set;
}

} // namespace stonechat
