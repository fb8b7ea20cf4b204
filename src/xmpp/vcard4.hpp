// SPDX-License-Identifier: Apache-2.0
// The text fields of a profile in their two forms, vCard4 (XEP-0292 §11, RFC 6351) and vcard-temp (XEP-0054):
// name, nickname, birthday, address, telephone, e-mail, JID, time zone, position, title, role, organisation,
// categories, URL, note. Whatever else a card has is in one form only: images, sounds, keys. Pure.
//
// A value survives the way there and back, but not every detail of its wording. Therefore the `update`
// functions replace only those fields that say something else than before.
#pragma once

#include "xmpp/element.hpp"

#include <string_view>

namespace stonechat {

namespace ns {
inline constexpr std::string_view vcard4_format = "urn:ietf:params:xml:ns:vcard-4.0"; // RFC 6351
}

/// Returns the fields of a vcard-temp as a vCard4. Empty and malformed ones are left out.
Element to_vcard4(const Element& vcard_temp);
/// Returns the fields of a vCard4 as a vcard-temp. Empty and malformed ones are left out.
Element to_vcard_temp(const Element& vcard4);

/// Returns `vcard4` with the fields of `vcard_temp`.
Element update_vcard4(Element vcard4, const Element& vcard_temp);
/// Returns `vcard_temp` with the fields of `vcard4`.
Element update_vcard_temp(Element vcard_temp, const Element& vcard4);

/// Removes the fields from a vcard-temp. Returns whether it had any.
bool remove_fields(Element& vcard_temp);

} // namespace stonechat
