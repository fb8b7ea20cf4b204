// SPDX-License-Identifier: Apache-2.0
// Fields of a room's configuration by their names, for who types them and has no form before him: names that
// do not exist and values that cannot be are refused with a sentence that says what would do. Pure.
#pragma once

#include "muc/room_config.hpp"
#include "router/rooms.hpp"
#include "xmpp/data_form.hpp"

#include <string_view>
#include <vector>

namespace stonechat {

/// `roomname` for `muc#roomconfig_roomname`: the end of a field's name, which is enough to name it.
std::string_view short_name(std::string_view var);

/// The form that an owner would submit to say the same. `form` is the one he would be given
/// (room_config_form).
RoomResult<DataForm> to_submission(const std::vector<RoomSetting>& settings, const DataForm& form,
    const RoomLimits& limits);

} // namespace stonechat
