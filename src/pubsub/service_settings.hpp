// SPDX-License-Identifier: Apache-2.0
// The settings that the modules `pep` and `pubsub` share: what one service may keep. NodeService reads them.
#pragma once

#include "router/manifest.hpp"

namespace stonechat {

struct ServiceDefaults {
    int max_nodes;
    int max_items;
    int max_subscribers;
    std::size_t max_bytes;
};

Manifest with_service_settings(Manifest manifest, const ServiceDefaults& defaults);

} // namespace stonechat
