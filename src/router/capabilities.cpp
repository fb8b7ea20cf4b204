// SPDX-License-Identifier: Apache-2.0
#include "router/capabilities.hpp"

#include <algorithm>
#include <functional>

namespace stonechat {
namespace {

bool is_notify(std::string_view feature)
{
    return feature.ends_with(Capabilities::notify_suffix);
}

} // namespace

Capabilities::Capabilities(std::vector<std::string> features) : features_(std::move(features))
{
    std::sort(features_.begin(), features_.end());
    features_.erase(std::unique(features_.begin(), features_.end()), features_.end());
    const auto others = std::stable_partition(features_.begin(), features_.end(), is_notify);
    notify_count_ = static_cast<std::size_t>(others - features_.begin());
    features_.shrink_to_fit();
}

bool Capabilities::has(std::string_view feature) const
{
    const auto all = std::span<const std::string>(features_);
    const auto part = is_notify(feature) ? notify_features() : all.subspan(notify_count_);
    return std::binary_search(part.begin(), part.end(), feature, std::less<>());
}

} // namespace stonechat
