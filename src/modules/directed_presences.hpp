// SPDX-License-Identifier: Apache-2.0
// DirectedPresences: what a session has last shown of itself to each addressee of directed presence, rooms
// above all, so that the server can repeat it with another avatar. Clients tell all rooms the same, so the
// content is kept once. A part of a Session; a value.
#pragma once

#include "xmpp/jid.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat {

class DirectedPresences {
public:
    /// Limit of all contents together. A presence for which there is no room is not kept.
    static constexpr std::size_t most_bytes = 16UL * 1024;

    using Content = std::shared_ptr<const std::string>;

    void keep(const Jid& to, std::string content);
    void forget(const Jid& to);
    /// Forgets all addresses with the bare address of `to`.
    void forget_bare(const Jid& to);
    bool empty() const { return shown_.empty(); }
    std::vector<std::pair<Jid, Content>> all() const { return shown_; }

private:
    std::vector<std::pair<Jid, Content>>::iterator place_of(const Jid& to);
    /// Returns the kept content of this text, or null.
    Content find(std::string_view content) const;
    void release(const Content& content);

    std::vector<std::pair<Jid, Content>> shown_; ///< sorted by address
    std::size_t bytes_ = 0;
};

} // namespace stonechat
