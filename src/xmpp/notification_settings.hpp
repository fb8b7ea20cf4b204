// SPDX-License-Identifier: Apache-2.0
// Chat notification settings (XEP-0492): which messages of a chat a user wants to be notified of. Pure.
#pragma once

#include "xmpp/element.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace stonechat {

enum class NotificationSetting : std::uint8_t { always, on_mention, never };

/// The service discovery identity of the application that notifies.
struct ApplicationIdentity {
    std::string_view category;
    std::string_view type;
};

/// Reads the `<notify/>` inside `chat`, an element that identifies a chat, such as the `<extensions/>` of a
/// bookmark (XEP-0402). Returns the setting that is most specific to `identity`, and of several that are
/// equally specific the first; nullopt if there is none for it.
std::optional<NotificationSetting> read_notification_setting(const Element& chat,
    ApplicationIdentity identity);

} // namespace stonechat
