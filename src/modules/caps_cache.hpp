// SPDX-License-Identifier: Apache-2.0
// CapsCache: verified capabilities by the key of AnnouncedCaps, in memory, and in the database, which the
// shards share and which keeps them over a restart. Both are bounded. One per host and shard.
#pragma once

#include "base/function.hpp"
#include "base/keyed_hash.hpp"
#include "base/recent_map.hpp"
#include "router/capabilities.hpp"

#include <string>

namespace stonechat {

class Host;

inline constexpr const char* capabilities_store = "capabilities";

class CapsCache {
public:
    CapsCache(Host& host, std::size_t max_hashes);

    /// Changes the number of hashes in memory. What was kept there is forgotten.
    void resize(std::size_t max_hashes);

    /// Returns what is in memory, or null.
    CapabilitiesPtr find(const std::string& key);
    /// Reads from the database, then calls `f`, with null if there is nothing.
    void read(const std::string& key, Function<void(CapabilitiesPtr)> f);
    /// Keeps capabilities that were verified.
    void keep(const std::string& key, const CapabilitiesPtr& capabilities);

private:
    std::string row_of(const std::string& key) const;

    Host& host_;
    KeyedHash hash_;
    std::size_t max_hashes_;
    RecentMap<std::string, CapabilitiesPtr> recent_;
};

} // namespace stonechat
