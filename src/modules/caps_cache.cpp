// SPDX-License-Identifier: Apache-2.0
#include "modules/caps_cache.hpp"

#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

namespace stonechat {
namespace {

/// Rows in the database for each host. A hash has one row, by a keyed hash of its key; a newer one with the
/// same row replaces it. So nothing has to be counted, and nobody can aim at the row of another client's
/// hash.
constexpr std::size_t most_rows = 2048;

AccountKey host_key(const Host& host)
{
    return { host.name(), "" };
}

std::string to_text(const std::string& key, const Capabilities& capabilities)
{
    Element kept("query", ns::disco_info);
    kept.set_attribute("node", key);
    for (const std::string& feature : capabilities.features()) {
        kept.add("feature").set_attribute("var", feature);
    }
    return to_xml(kept);
}

/// Returns null if the row belongs to another key, or cannot be read.
CapabilitiesPtr from_text(const std::string& key, const std::string& text)
{
    const auto kept = parse_element(text);
    if (!kept || kept->attribute_or("node") != key) {
        return nullptr;
    }
    std::vector<std::string> features;
    for (const Element* feature : kept->children("feature", ns::disco_info)) {
        features.emplace_back(feature->attribute_or("var"));
    }
    return std::make_shared<const Capabilities>(std::move(features));
}

} // namespace

CapsCache::CapsCache(Host& host, std::size_t max_hashes)
    : host_(host), hash_(host.router().server().secret(), "capabilities"), max_hashes_(max_hashes),
      recent_(max_hashes)
{}

void CapsCache::resize(std::size_t max_hashes)
{
    if (max_hashes != max_hashes_) {
        max_hashes_ = max_hashes;
        recent_ = RecentMap<std::string, CapabilitiesPtr>(max_hashes);
    }
}

CapabilitiesPtr CapsCache::find(const std::string& key)
{
    const CapabilitiesPtr* found = recent_.find(key);
    return found ? *found : nullptr;
}

void CapsCache::read(const std::string& key, Function<void(CapabilitiesPtr)> f)
{
    host_.storage()
        .keyval()
        .get(host_key(host_), capabilities_store, row_of(key))
        .then([this, key, f = std::move(f)](const auto& row) mutable {
            const CapabilitiesPtr found = row && *row ? from_text(key, **row) : nullptr;
            if (found) {
                recent_[key] = found;
            }
            f(found);
        });
}

void CapsCache::keep(const std::string& key, const CapabilitiesPtr& capabilities)
{
    recent_[key] = capabilities;
    // Not awaited: if the write fails, a client is asked again after the next start.
    host_.storage()
        .keyval()
        .set(host_key(host_), capabilities_store, row_of(key), to_text(key, *capabilities))
        .then([](const auto&) {});
}

std::string CapsCache::row_of(const std::string& key) const
{
    return std::to_string(hash_(key) % most_rows);
}

} // namespace stonechat
