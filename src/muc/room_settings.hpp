// SPDX-License-Identifier: Apache-2.0
// Fields of a room's configuration by name, for administrators who type them instead of filling in a form.
// Unknown names and invalid values are refused with a sentence that says what is allowed. Pure functions.
#pragma once

#include "muc/room_config.hpp"
#include "router/rooms.hpp"
#include "xmpp/data_form.hpp"

#include <string_view>
#include <vector>

namespace stonechat {

/// Returns the last part of a field's name, which is enough to name it: `roomname` for
/// `muc#roomconfig_roomname`.
std::string_view short_name(std::string_view var);

/// Returns the form that an owner would submit for these settings. `form` is the form that the owner would
/// get (room_config_form).
RoomResult<DataForm> to_submission(const std::vector<RoomSetting>& settings, const DataForm& form,
    const RoomLimits& limits);

} // namespace stonechat
