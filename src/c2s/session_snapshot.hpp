// SPDX-License-Identifier: Apache-2.0
// SessionSnapshot: what of a session outlives the server, so that it can be resumed (XEP-0198): its presence,
// that it wants the roster, and what modules keep (Handlers::session_kept). As text in a StreamRecord.
#pragma once

#include "router/session.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

class Handlers;

std::string write_kept_state(const Session& session, const Handlers& handlers);

struct SessionSnapshot {
    /// What cannot be read counts as nothing.
    static SessionSnapshot read(std::string_view text);

    Element modules; ///< for Handlers::restore
    bool interested = false;
    std::optional<Stanza> presence; ///< none: it was not available
};

} // namespace stonechat
