// SPDX-License-Identifier: Apache-2.0
// The [[listen]] sections: on which addresses clients are awaited, and what is not allowed there (no TLS
// means loopback only). Without any there are the usual two of RFC 6120 and XEP-0368.
#pragma once

#include "config/section_reader.hpp"

namespace stonechat {

/// Notes what in the list `key` of `section` is neither an address nor a prefix.
void check_prefixes(SectionReader& reader, const toml::table* table, const Section& section,
    const std::string& key);

std::vector<ListenSettings> read_listeners(SectionReader& reader, const toml::table& root);

} // namespace stonechat
