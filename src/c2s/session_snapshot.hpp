// SPDX-License-Identifier: Apache-2.0
// SessionSnapshot: the state of a session that survives a restart of the server, so that the session can be
// resumed (XEP-0198): its presence, whether it is interested in the roster, and the state that modules keep
// (Handlers::session_kept). Stored as text in a StreamRecord.
#pragma once

#include "router/session.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

class Handlers;

/// Returns the session's snapshot as text.
std::string write_kept_state(const Session& session, const Handlers& handlers);

struct SessionSnapshot {
    /// Parses a snapshot. Parts that cannot be parsed are left empty.
    static SessionSnapshot read(std::string_view text);

    Element modules; ///< for Handlers::restore
    bool interested = false;
    std::optional<Stanza> presence; ///< empty if the session was not available
};

} // namespace stonechat
