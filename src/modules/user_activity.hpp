// SPDX-License-Identifier: Apache-2.0
// Tells whether a stanza shows that a person uses the device, or only that the app is running. The module
// last_activity depends on it. Pure.
#pragma once

#include "xmpp/stanza.hpp"

namespace stonechat {

/// Returns whether a person caused the stanza. `shown` is the presence that the session broadcast before, or
/// null. Only for sessions that are not inactive (XEP-0352); stanzas of inactive ones never count.
bool is_user_activity(const Stanza& stanza, const Stanza* shown);

} // namespace stonechat
