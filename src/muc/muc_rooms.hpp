// SPDX-License-Identifier: Apache-2.0
// MucRooms: the rooms of a MucService as administrators manage them (router/rooms.hpp). Part of the service
// on one shard. Each call runs on the home shard of the room, and the answer comes back.
#pragma once

#include "router/rooms.hpp"

namespace stonechat {

class MucService;

class MucRooms final : public Rooms {
public:
    explicit MucRooms(MucService& service) : service_(service) {}

    const Host& host() const override;
    const Jid& domain() const override;

    Task<RoomResult<RoomList>> list(std::string after, std::size_t limit) override;
    Task<RoomResult<RoomFacts>> inspect(Jid room) override;
    Task<RoomResult<Done>> configure(Jid room, std::vector<RoomSetting> settings) override;
    Task<RoomResult<Done>> affiliate(Jid room, Jid user, std::string affiliation,
        std::string reason) override;
    Task<RoomResult<Done>> destroy(Jid room, std::string reason, Jid venue) override;

private:
    MucService& service_;
};

} // namespace stonechat
