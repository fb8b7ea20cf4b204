// SPDX-License-Identifier: Apache-2.0
// What the parts of a server are made with, as the configuration says it: for the ServerProcess, and for
// `check`, which tries the same without making them. Pure.
#pragma once

#include "config/settings.hpp"
#include "net/listener.hpp"
#include "net/tls_contexts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

ListenerOptions listener_options(const Settings& settings, const Section& listen);

/// Of one host, and of all.
TlsIdentity identity_of(const HostSettings& host);
std::vector<TlsIdentity> identities(const Settings& settings);

/// Whether a start makes this certificate and its key: they are where `init` puts them, and neither is there.
bool will_be_made(const Settings& settings, const TlsIdentity& identity);

/// A file in data_dir.
std::string data_path(const Settings& settings, std::string_view name);

/// What ALPN says (XEP-0368).
std::vector<std::string> alpn_names();

} // namespace stonechat
