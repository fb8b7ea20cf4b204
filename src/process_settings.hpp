// SPDX-License-Identifier: Apache-2.0
// Converts the configuration to the options of the server's parts: for ServerProcess, and for `check`, which
// tests the options without making the parts. Pure, except that will_be_made() looks for files.
#pragma once

#include "config/settings.hpp"
#include "net/listener.hpp"
#include "net/tls_contexts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

ListenerOptions listener_options(const Settings& settings, const Section& listen);

/// The certificate and key files of one host, and of all hosts.
TlsIdentity identity_of(const HostSettings& host);
std::vector<TlsIdentity> identities(const Settings& settings);

/// Whether a start makes this certificate and its key: the certificate is configured where `init` puts it,
/// and neither file exists.
bool will_be_made(const Settings& settings, const TlsIdentity& identity);

/// Returns the path of a file in data_dir.
std::string data_path(const Settings& settings, std::string_view name);

} // namespace stonechat
