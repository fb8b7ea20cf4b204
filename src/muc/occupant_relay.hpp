// SPDX-License-Identifier: Apache-2.0
// OccupantRelay: passes requests from one occupant of a room to another (XEP-0045 section 17.4). A request
// goes out under the asker's nick with an id that only the asked client learns. The room matches the answer
// by that id. So neither side learns the other's real address. Part of a MucService; shard-bound.
#pragma once

#include "base/clock.hpp"
#include "xmpp/stanza.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

namespace stonechat {

class MucService;
struct Occupant;

class OccupantRelay {
public:
    static constexpr std::chrono::seconds patience { 60 };
    static constexpr std::size_t most = 10'000;

    explicit OccupantRelay(MucService& service) : service_(service) {}

    /// Passes `request`, sent by a device of `asker`, to `asked`. Returns false if too many requests are
    /// open.
    bool pass(const Stanza& request, const Occupant& asker, const Occupant& asked);
    /// Passes an answer back to the asker. Drops an answer that matches no open request.
    void take(const Stanza& answer);
    /// Removes requests that got no answer in time and answers each asker with an error.
    void expire();

private:
    struct Open {
        Stanza request;
        Jid asked; ///< the address that may answer: full, or bare if the account answers
    };
    struct Due {
        SteadyTime time;
        std::string id;
    };

    MucService& service_;
    std::unordered_map<std::string, Open> open_;
    std::deque<Due> due_;
};

} // namespace stonechat
