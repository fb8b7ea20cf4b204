// SPDX-License-Identifier: Apache-2.0
#include "full_schema.hpp"

#include "features.hpp"

namespace stonechat {

Schema full_schema()
{
    Schema schema;
    for (const ModuleEntry& entry : feature_table()) {
        const Manifest manifest = entry.make()->describe();
        schema.add_module(manifest.name(), manifest.meaning(), manifest.settings(), entry.on_by_default,
            manifest.needed());
    }
    return schema;
}

} // namespace stonechat
