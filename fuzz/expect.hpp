// SPDX-License-Identifier: Apache-2.0
// expect: how a fuzz target says that something is wrong.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace stonechat {

/// Ends the process with `what`, unless `holds`: the fuzzer keeps the input that led there.
inline void expect(bool holds, const char* what)
{
    if (!holds) {
        std::fprintf(stderr, "%s\n", what);
        std::abort();
    }
}

} // namespace stonechat
