// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_preferences.hpp"

#include "xmpp/ns.hpp"

#include <set>
#include <utility>

namespace stonechat {
namespace {

void add_list(Element& prefs, std::string_view name, const std::vector<Jid>& jids)
{
    Element& list = prefs.add(name);
    for (const Jid& jid : jids) {
        list.add_text_child("jid", jid.text());
    }
}

/// Returns the addresses of a list that are not in `known`, without duplicates, and adds them to `known`.
Result<std::vector<Jid>, StanzaError> read_list(const Element& prefs, std::string_view name,
    std::set<Jid>& known)
{
    std::vector<Jid> jids;
    const Element* list = prefs.child(name);
    if (list == nullptr) {
        return jids;
    }
    for (const Element* item : list->children("jid", ns::archive)) {
        auto jid = Jid::parse(item->text());
        if (!jid) {
            return StanzaError(StanzaError::jid_malformed);
        }
        if (known.insert(*jid).second) {
            jids.push_back(std::move(*jid));
        }
    }
    return jids;
}

} // namespace

Element to_element(const ArchivePreferences& preferences)
{
    Element prefs("prefs", ns::archive);
    prefs.set_attribute("default", to_text(preferences.otherwise));
    add_list(prefs, "always", preferences.always);
    add_list(prefs, "never", preferences.never);
    return prefs;
}

Result<ArchivePreferences, StanzaError> read_archive_preferences(const Element& prefs, std::size_t most)
{
    ArchivePreferences preferences;
    const auto otherwise = archive_default(prefs.attribute_or("default"));
    if (!otherwise) {
        return StanzaError(StanzaError::bad_request, "`default` is none of always, never, roster");
    }
    preferences.otherwise = *otherwise;
    std::set<Jid> known;
    auto never = read_list(prefs, "never", known);
    if (!never) {
        return never.error();
    }
    auto always = read_list(prefs, "always", known);
    if (!always) {
        return always.error();
    }
    if (known.size() > most) {
        return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
            "The lists are too long");
    }
    preferences.never = std::move(*never);
    preferences.always = std::move(*always);
    return preferences;
}

} // namespace stonechat
