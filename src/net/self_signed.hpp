// SPDX-License-Identifier: Apache-2.0
// Makes a self-signed certificate, for a server that has none yet and for tests. Values; any thread.
#pragma once

#include <string>
#include <vector>

namespace stonechat {

/// A self-signed ECDSA P-256 certificate for `hosts`, valid 10 years, for local use: certificate and key as
/// PEM. It has its own name and key identifiers (RFC 5280 §4.2.1.1, §4.2.1.2), so that several of them for
/// the same host can be among the trusted authorities of a machine.
struct SelfSigned {
    std::string certificate;
    std::string key;
};
SelfSigned make_self_signed(const std::vector<std::string>& hosts);

} // namespace stonechat
