// SPDX-License-Identifier: Apache-2.0
//
// What a client announces in its presence so that it gets the events of pubsub nodes: the hash of its
// features (XEP-0115 §5), among them `NODE+notify` (XEP-0163 §4.2), and its answer to whoever asks for them.
// Immutable, shared by all clients of a run: a server has to ask only one of them.
#pragma once

#include "scan.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat::bench {

class Interests {
public:
    explicit Interests(const std::vector<std::string>& nodes);

    /// The presence that announces them.
    [[nodiscard]] const std::string& presence() const { return presence_; }
    /// The answer to a request for these features; empty if `request` is another request.
    [[nodiscard]] std::string answer(const Item& request) const;

private:
    std::string name_; ///< `NODE#VERSION`, which the request has
    std::string presence_;
    std::string info_;
};

} // namespace stonechat::bench
