// SPDX-License-Identifier: Apache-2.0
// The one value that is decoded from a database column: the groups of a roster item. Whatever a
// damaged file holds is refused, or means the same when it is written again.
#include "storage/sqlite/roster_groups.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto groups = stonechat::sqlite::decode_groups(bytes);
    if (groups && stonechat::sqlite::encode_groups(*groups) != bytes) {
        std::abort();
    }
    return 0;
}
