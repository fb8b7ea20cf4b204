// SPDX-License-Identifier: Apache-2.0
// XEP-0292: one profile for clients of both kinds. Its text fields count in the form that new clients write:
// the vCard4 in the account's node `urn:xmpp:vcard4`. The vcard-temp shows them to those who may read that
// node, and writes them there; only what a vCard4 cannot say is of the vcard-temp alone. So what was written
// last is what both show, nothing has to be repeated after a change, and nobody reads through one form what
// the other keeps from him. Clients save what they have read, so a copy of the fields in the vcard-temp would
// be made of what is meant for contacts.
//
// The vcard-temp is stored as it was written, for the wording. It is marked if its fields were published:
// then they are shown only as far as the node has them. Without the mark and without a vCard4 it shows all it
// has, as it did before there was this conversion.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "router/module.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza_error.hpp"

#include <memory>
#include <optional>

namespace stonechat {

class User;

std::unique_ptr<Module> make_vcard4();

/// Publishes the fields of a vcard-temp that the account saves, if they differ from those of its vCard4,
/// whose other properties stay. Returns the vcard-temp as it is to be stored, or why it cannot be published.
Task<Result<Element, StanzaError>> publish_fields(std::shared_ptr<User> account, Element vcard_temp);

/// Returns the stored vcard-temp as `reader` may see it: with the fields of the vCard4. Nullopt: there is
/// nothing for this reader.
Task<Result<std::optional<Element>, StanzaError>> show_fields(std::shared_ptr<User> account, Jid reader,
    std::optional<Element> vcard_temp);

} // namespace stonechat
