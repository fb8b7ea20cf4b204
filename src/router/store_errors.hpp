// SPDX-License-Identifier: Apache-2.0
// What somebody is told whose stanza needed the store, and the store did not do it.
#pragma once

#include "storage/stored.hpp"
#include "xmpp/stanza_error.hpp"

namespace stonechat {

StanzaError to_stanza_error(StoreError error);

} // namespace stonechat
