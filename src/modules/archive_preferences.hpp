// SPDX-License-Identifier: Apache-2.0
// XEP-0441 Message Archive Management Preferences: parses and builds <prefs/>. Pure.
#pragma once

#include "modules/archive_choices.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza_error.hpp"

namespace stonechat {

Element to_element(const ArchivePreferences& preferences);

/// Parses `<prefs/>` with at most `most` addresses. An address in both lists counts as one of <never/>,
/// because keeping too little is the more harmless mistake.
Result<ArchivePreferences, StanzaError> read_archive_preferences(const Element& prefs, std::size_t most);

} // namespace stonechat
