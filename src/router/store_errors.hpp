// SPDX-License-Identifier: Apache-2.0
// The stanza error that a sender gets when the store refused or failed to store a stanza.
#pragma once

#include "storage/stored.hpp"
#include "xmpp/stanza_error.hpp"

namespace stonechat {

StanzaError to_stanza_error(StoreError error);

} // namespace stonechat
