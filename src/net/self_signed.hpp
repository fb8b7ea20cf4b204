// SPDX-License-Identifier: Apache-2.0
// A certificate of our own making, for a server that has none yet and for tests. Values; any thread.
#pragma once

#include <string>
#include <vector>

namespace stonechat {

/// A self-signed ECDSA P-256 certificate for `hosts`, valid 10 years, for local use: (certificate, key) as
/// PEM. Its name and key identifiers (RFC 5280 §4.2.1.1, §4.2.1.2) are its own, so that it may be put among
/// the authorities of a machine next to others for the same host.
struct SelfSigned {
    std::string certificate;
    std::string key;
};
SelfSigned make_self_signed(const std::vector<std::string>& hosts);

} // namespace stonechat
