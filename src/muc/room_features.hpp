// SPDX-License-Identifier: Apache-2.0
// The table of the features of rooms.
#pragma once

namespace stonechat {

class RoomHandlers;

/// Attaches all features.
void attach_room_features(RoomHandlers& on);

} // namespace stonechat
