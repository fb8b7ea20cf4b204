// SPDX-License-Identifier: Apache-2.0
// A certificate of our own making, for a server that has none yet and for tests. Values; any thread.
#pragma once

#include <string>
#include <vector>

namespace stonechat {

/// A self-signed ECDSA P-256 certificate for `hosts`, valid 10 years, for local use: (certificate, key) as
/// PEM.
struct SelfSigned {
    std::string certificate;
    std::string key;
};
SelfSigned make_self_signed(const std::vector<std::string>& hosts);

} // namespace stonechat
