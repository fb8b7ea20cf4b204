// SPDX-License-Identifier: Apache-2.0
#include "muc/room_features.hpp"

#include "muc/group_ticks.hpp"
#include "muc/room_admin.hpp"
#include "muc/room_archive.hpp"
#include "muc/room_card.hpp"
#include "muc/room_commands.hpp"
#include "muc/room_disco.hpp"
#include "muc/room_handlers.hpp"
#include "muc/room_hat_commands.hpp"
#include "muc/room_inbox.hpp"
#include "muc/room_invitations.hpp"
#include "muc/room_messages.hpp"
#include "muc/room_moderation.hpp"
#include "muc/room_owner.hpp"
#include "muc/room_ping.hpp"
#include "muc/room_presence.hpp"
#include "muc/room_registration.hpp"
#include "muc/room_restoration.hpp"
#include "muc/voice_requests.hpp"

#include <array>

namespace stonechat {
namespace {

struct RoomFeature {
    std::string_view name;
    void (*attach)(RoomHandlers& on);
};

/// In the order in which service discovery shows what they bring.
constexpr std::array room_features {
    RoomFeature { "disco", attach_room_disco },
    RoomFeature { "messages", attach_room_messages },
    RoomFeature { "invitations", attach_room_invitations },
    RoomFeature { "voice", attach_voice_requests },
    RoomFeature { "ping", attach_room_ping },
    RoomFeature { "presence", attach_room_presence },
    RoomFeature { "card", attach_room_card },
    RoomFeature { "commands", attach_room_commands },
    RoomFeature { "hats", attach_room_hats },
    RoomFeature { "owner", attach_room_owner },
    RoomFeature { "admin", attach_room_admin },
    RoomFeature { "registration", attach_room_registration },
    RoomFeature { "archive", attach_room_archive },
    RoomFeature { "inbox", attach_room_inbox },
    RoomFeature { "moderation", attach_room_moderation },
    RoomFeature { "ticks", attach_group_ticks },
    RoomFeature { "restoration", attach_room_restoration },
};

} // namespace

void attach_room_features(RoomHandlers& on)
{
    for (const RoomFeature& feature : room_features) {
        on.attaching(feature.name);
        feature.attach(on);
    }
}

} // namespace stonechat
