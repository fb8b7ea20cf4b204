// SPDX-License-Identifier: Apache-2.0
// The [[listen]] sections: on which addresses clients are awaited, and what is not allowed there (no TLS
// means loopback only). Without any there are the usual two of RFC 6120 and XEP-0368.
#pragma once

#include "config/section_reader.hpp"

namespace stonechat {

std::vector<ListenSettings> read_listeners(SectionReader& reader, const toml::table& root);

} // namespace stonechat
