// SPDX-License-Identifier: Apache-2.0
// Capabilities: the features that a client has named in an answer to disco#info (XEP-0115). Immutable, and
// shared by all sessions of one shard whose clients have the same hash. Any thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class Capabilities {
public:
    /// The end of a feature that asks for the events of a node (XEP-0060 §9.2, XEP-0163 §4).
    static constexpr std::string_view notify_suffix = "+notify";

    explicit Capabilities(std::vector<std::string> features);

    bool has(std::string_view feature) const;
    /// Whether the client wants events of `node`: it has the feature `NODE+notify`.
    bool wants(std::string_view node) const { return has(std::string(node) + std::string(notify_suffix)); }

    /// All features, those that end in "+notify" first; each part is sorted.
    const std::vector<std::string>& features() const { return features_; }
    /// The features that end in "+notify", with the suffix, sorted.
    std::span<const std::string> notify_features() const
    {
        return std::span<const std::string>(features_).first(notify_count_);
    }

    friend bool operator==(const Capabilities&, const Capabilities&) = default;

private:
    std::vector<std::string> features_;
    std::size_t notify_count_ = 0;
};

using CapabilitiesPtr = std::shared_ptr<const Capabilities>;

} // namespace stonechat
