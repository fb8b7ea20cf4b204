// SPDX-License-Identifier: Apache-2.0
// Reads the [[listen]] sections: the addresses and ports on which the server listens. Without TLS, only
// loopback addresses are allowed. Without any section, there are two listeners: STARTTLS (RFC 6120) and
// direct TLS (XEP-0368).
#pragma once

#include "config/section_reader.hpp"

namespace stonechat {

/// Reports each entry in the list `key` of `section` that is neither an address nor a prefix.
void check_prefixes(SectionReader& reader, const toml::table* table, const Section& section,
    const std::string& key);

std::vector<ListenSettings> read_listeners(SectionReader& reader, const toml::table& root);

} // namespace stonechat
