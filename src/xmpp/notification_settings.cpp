// SPDX-License-Identifier: Apache-2.0
#include "xmpp/notification_settings.hpp"

#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

std::optional<NotificationSetting> setting_of(const Element& element)
{
    if (element.ns() != ns::notification_settings) {
        return std::nullopt;
    }
    if (element.name() == "always") {
        return NotificationSetting::always;
    }
    if (element.name() == "on-mention") {
        return NotificationSetting::on_mention;
    }
    if (element.name() == "never") {
        return NotificationSetting::never;
    }
    return std::nullopt;
}

/// Returns how specific the element is to the identity; 0: it is for others. A type without a category is
/// forbidden (§2.2), so such an element is for nobody.
int specificity(const Element& element, ApplicationIdentity identity)
{
    const auto category = element.attribute("identity-category");
    const auto type = element.attribute("identity-type");
    if (!category) {
        return type ? 0 : 1;
    }
    if (*category != identity.category) {
        return 0;
    }
    if (!type) {
        return 2;
    }
    return *type == identity.type ? 3 : 0;
}

} // namespace

std::optional<NotificationSetting> read_notification_setting(const Element& chat,
    ApplicationIdentity identity)
{
    std::optional<NotificationSetting> best;
    int best_specificity = 0;
    for (const Element* notify : chat.children("notify", ns::notification_settings)) {
        for (const Element* child : notify->children()) {
            const auto setting = setting_of(*child);
            const int its = setting ? specificity(*child, identity) : 0;
            if (its > best_specificity) {
                best = setting;
                best_specificity = its;
            }
        }
    }
    return best;
}

} // namespace stonechat
