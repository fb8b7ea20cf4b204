// SPDX-License-Identifier: Apache-2.0
#include "muc/leftover_rooms.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "storage/storage.hpp"

#include <string>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

constexpr std::size_t rooms_at_once = 500;

void load(const MucService& service, const RoomSummary& room)
{
    const auto address = Jid::from_parts(room.room, service.domain().text());
    if (room.persistent || !address) {
        return;
    }
    service.host().router().server().at_home(*address, [address = *address](Router& home) {
        if (auto* there = dynamic_cast<MucService*>(home.service(address.domain()))) {
            there->room(address);
        }
    });
}

void load_after(MucService& service, std::string after)
{
    service.host()
        .storage()
        .rooms()
        .list(service.domain().text(), std::move(after), rooms_at_once, false)
        .then([&service](const Result<std::vector<RoomSummary>, StoreError>& rooms) {
            if (!rooms) {
                return;
            }
            for (const RoomSummary& room : *rooms) {
                load(service, room);
            }
            if (rooms->size() == rooms_at_once) {
                load_after(service, rooms->back().room);
            }
        });
}

} // namespace

void load_leftover_rooms(MucService& service)
{
    load_after(service, {});
}

} // namespace stonechat
