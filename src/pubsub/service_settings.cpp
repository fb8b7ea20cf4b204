// SPDX-License-Identifier: Apache-2.0
#include "pubsub/service_settings.hpp"

#include <utility>

namespace stonechat {

Manifest with_service_settings(Manifest manifest, const ServiceDefaults& defaults)
{
    return std::move(manifest)
        .setting(SettingSpec::integer("max_nodes", defaults.max_nodes, 0, 1'000'000,
            "Maximum number of nodes; 0 = no limit."))
        .setting(SettingSpec::integer("max_items", defaults.max_items, 1, 1'000'000,
            "Maximum number of items in one node. It may be higher for nodes with one small item for each "
            "conversation (bookmarks, read marks), whose size is limited by `max_bytes`."))
        .setting(SettingSpec::bytes("max_item_bytes", 192UL * 1024, 1024, 16UL * 1024 * 1024,
            "Maximum size of one item."))
        .setting(SettingSpec::bytes("max_bytes", defaults.max_bytes, 1024, 1024UL * 1024 * 1024 * 1024,
            "Maximum size of all items together."))
        .setting(SettingSpec::integer("max_subscribers", defaults.max_subscribers, 0, 10'000'000,
            "Maximum number of subscriptions to one node."))
        .setting(SettingSpec::integer("max_page", 1000, 1, 100'000,
            "Maximum number of items in one answer; clients ask for the rest page by page."));
}

} // namespace stonechat
