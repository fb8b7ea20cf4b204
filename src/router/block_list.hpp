// SPDX-License-Identifier: Apache-2.0
// BlockList: the addresses that a user has blocked (XEP-0191): they cannot reach the user and do not see the
// user's presence. Part of its User; shard-bound. Checked for every stanza, so an empty list costs one
// comparison.
#pragma once

#include "xmpp/jid.hpp"

#include <algorithm>
#include <vector>

namespace stonechat {

class BlockList {
public:
    bool empty() const { return jids_.empty(); }
    const std::vector<Jid>& jids() const { return jids_; }

    bool contains(const Jid& jid) const { return std::binary_search(jids_.begin(), jids_.end(), jid); }
    void add(const Jid& jid)
    {
        const auto place = std::lower_bound(jids_.begin(), jids_.end(), jid);
        if (place == jids_.end() || *place != jid) {
            jids_.insert(place, jid);
        }
    }
    void remove(const Jid& jid) { std::erase(jids_, jid); }
    void clear() { jids_.clear(); }

    /// Whether a listed address covers `jid`: the full JID, the bare JID, domain/resource or the
    /// domain (XEP-0191 §3.1 with XEP-0016's matching).
    bool covers(const Jid& jid) const
    {
        if (jids_.empty() || jid.empty()) {
            return false;
        }
        return std::any_of(jids_.begin(), jids_.end(), [&jid](const Jid& listed) {
            const bool local_fits = !listed.has_local() || listed.local() == jid.local();
            const bool resource_fits = !listed.has_resource() || listed.resource() == jid.resource();
            return listed.domain() == jid.domain() && local_fits && resource_fits;
        });
    }

private:
    std::vector<Jid> jids_; ///< sorted
};

} // namespace stonechat
