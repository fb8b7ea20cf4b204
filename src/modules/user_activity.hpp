// SPDX-License-Identifier: Apache-2.0
// Whether a stanza shows that a person is at the device, or only that the app on it runs. What
// contacts are told of somebody's last activity depends on it. Pure.
#pragma once

#include "xmpp/stanza.hpp"

namespace stonechat {

/// `shown` is the presence that the session has broadcast before, or null. Of one session that is not
/// inactive (XEP-0352); what an inactive one sends is never the user's.
bool is_user_activity(const Stanza& stanza, const Stanza* shown);

} // namespace stonechat
