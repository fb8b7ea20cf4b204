// SPDX-License-Identifier: Apache-2.0
// XEP-0441 Message Archive Management Preferences as they are written: <prefs/>. Pure.
#pragma once

#include "modules/archive_choices.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza_error.hpp"

namespace stonechat {

Element to_element(const ArchivePreferences& preferences);

/// Reads `<prefs/>`, with `most` addresses at most. An address in both lists is one of <never/>: to keep
/// too little can be put right later.
Result<ArchivePreferences, StanzaError> read_archive_preferences(const Element& prefs, std::size_t most);

} // namespace stonechat
