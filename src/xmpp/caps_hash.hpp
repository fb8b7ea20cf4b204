// SPDX-License-Identifier: Apache-2.0
// The hashes of a disco#info answer: XEP-0115 Entity Capabilities (§5), and XEP-0390 Entity Capabilities 2.0
// (§4). Algorithms have the names of XEP-0300. Pure.
#pragma once

#include "xmpp/element.hpp"

#include <string>
#include <string_view>

namespace stonechat {

/// Whether hashes of this algorithm can be made: sha-1, sha-256, sha-512, sha3-256 or sha3-512.
bool is_known_hash(std::string_view algorithm);

/// Returns the base64 of the hash over the string that XEP-0115 §5.1 builds from identities (with xml:lang),
/// features and extended forms of `disco_info` (a `<query xmlns='…disco#info'/>`). Empty if §5.4 calls the
/// answer ill-formed (a duplicate identity or feature, two forms of one FORM_TYPE), or if the algorithm is
/// unknown.
std::string caps_hash(const Element& disco_info, std::string_view algorithm = "sha-1");

/// Returns whether the XEP-0115 hash of `disco_info` proves its features. The string of §5.1 does not say
/// what is an identity, a feature or a form: an attacker can answer with a form named like a feature, and
/// the hash stays the same. If this is true, every other answer of which it is true and which has the same
/// string has the same features. It is true of what clients send in practice: identities of plain words, at
/// least one feature, and a first FORM_TYPE that does not sort behind all features.
bool caps_hash_proves_features(const Element& disco_info);

/// Returns the base64 of the hash of XEP-0390 §4. `lang` is the xml:lang that `disco_info` inherits from its
/// stanza. Empty if §4.1 aborts with an error (an unknown element, a form with items or without a FORM_TYPE),
/// or if the algorithm is unknown.
std::string capability_hash(const Element& disco_info, std::string_view algorithm,
    std::string_view lang = {});

} // namespace stonechat
