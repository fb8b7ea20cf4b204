// SPDX-License-Identifier: Apache-2.0
// OccupantRelay: requests from one occupant of a room to another (XEP-0045 section 17.4). The room passes
// them on under the asker's nick, with an id that only the one who is asked gets to know, and takes the
// answer back by it, so that neither learns the other's address. Part of a MucService; shard-bound.
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

    /// Passes `request` of a device of `asker` on to `asked`. False if too much is under way.
    bool pass(const Stanza& request, const Occupant& asker, const Occupant& asked);
    /// An answer has come; what nobody waits for is dropped.
    void take(const Stanza& answer);
    /// Forgets what was never answered; who asked is told.
    void expire();

private:
    struct Open {
        Stanza request;
        Jid asked; ///< who may answer: full, or bare for what an account answers
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
