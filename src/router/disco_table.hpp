// SPDX-License-Identifier: Apache-2.0
// DiscoTable: who adds what to service discovery (XEP-0030), by node. `Asked` is what a handler is told
// beside the answer that it adds to. Several handlers may add to the same node; they run in the order in
// which they were registered. Filled at start, immutable afterwards.
#pragma once

#include "xmpp/element.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat {

enum class DiscoKind { info, items };

template <class... Asked> class DiscoTable {
public:
    using Add = std::function<void(Asked... asked, Element& query)>;

    void add(DiscoKind what, std::string_view node, Add add)
    {
        rows_.push_back({ what, std::string(node), std::move(add) });
    }

    /// Runs all handlers of the node. Returns false if there are none.
    bool run(DiscoKind what, std::string_view node, Asked... asked, Element& query) const
    {
        bool found = false;
        for (const Row& row : rows_) {
            if (row.what == what && row.node == node) {
                row.add(asked..., query);
                found = true;
            }
        }
        return found;
    }

private:
    struct Row {
        DiscoKind what;
        std::string node;
        Add add;
    };
    std::vector<Row> rows_;
};

} // namespace stonechat
