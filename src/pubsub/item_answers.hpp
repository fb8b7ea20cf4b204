// SPDX-License-Identifier: Apache-2.0
// ItemAnswers: answers to requests for items (XEP-0060 §6.5) that were made lately, so that what many ask
// for, such as keys, is read from the store once. An answer belongs to a version of a node, and says nothing
// about who may have it. Bounded in bytes: those that nobody asked for are dropped. Shard-bound.
#pragma once

#include "xmpp/element.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace stonechat {

class ItemAnswers {
public:
    static constexpr std::size_t usual_bytes = 8 * 1024 * 1024;

    explicit ItemAnswers(std::size_t bytes = usual_bytes) : half_(bytes / 2) {}

    /// Returns the answer to `request` (`<pubsub/>`) for this version of the node, or null. Valid until the
    /// next call.
    const Element* find(std::uint64_t version, const Element& request);
    /// Keeps the answer, unless it is very large.
    void add(std::uint64_t version, const Element& request, const Element& answer);

private:
    struct Kept {
        Element answer;
        std::size_t bytes = 0;
    };
    using Answers = boost::unordered_flat_map<std::string, Kept>;

    const Element* keep(std::string key, Kept kept);

    std::size_t half_;
    Answers young_; ///< used since it was begun; when it is full, it becomes the old one
    Answers old_;
    std::size_t young_bytes_ = 0;
};

} // namespace stonechat
