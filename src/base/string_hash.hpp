// SPDX-License-Identifier: Apache-2.0
// StringMap: a hash map with string keys that can be searched by string_view without making a string.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace stonechat {

struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept
    {
        return std::hash<std::string_view>()(text);
    }
};

template <class T> using StringMap = boost::unordered_flat_map<std::string, T, StringHash, std::equal_to<>>;

} // namespace stonechat
