// SPDX-License-Identifier: Apache-2.0
#include "features.hpp"

#include "modules/table.hpp"
#include "muc/muc.hpp"
#include "pubsub/pep.hpp"
#include "pubsub/pubsub.hpp"

namespace stonechat {

const std::vector<ModuleEntry>& feature_table()
{
    static const std::vector<ModuleEntry> table = [] {
        std::vector<ModuleEntry> all { { make_muc, true }, { make_pubsub, true }, { make_pep, true } };
        all.insert(all.end(), module_table().begin(), module_table().end());
        return all;
    }();
    return table;
}

std::vector<Manifest> all_manifests()
{
    std::vector<Manifest> manifests;
    for (const ModuleEntry& entry : feature_table()) {
        manifests.push_back(entry.make()->describe());
    }
    return manifests;
}

} // namespace stonechat
