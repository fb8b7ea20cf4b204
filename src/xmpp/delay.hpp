// SPDX-License-Identifier: Apache-2.0
// XEP-0203 Delayed Delivery: when a stanza was first received, and by whom. Pure.
#pragma once

#include "base/clock.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"

#include <optional>
#include <string_view>

namespace stonechat {

struct Delay {
    WallTime stamp;
    Jid from;           ///< the entity that delayed the stanza; may be empty
    std::string reason; ///< natural language, may be empty

    Element to_element() const;
    static std::optional<Delay> from_element(const Element& delay);
};

/// Removes every `<delay/>` from `stanza` that claims to come from `domain` or an address there
/// (XEP-0203 §5: only this server may say so).
void strip_forged_delays(Element& stanza, std::string_view domain);

} // namespace stonechat
