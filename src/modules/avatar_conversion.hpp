// SPDX-License-Identifier: Apache-2.0
// XEP-0398: one avatar for clients of all kinds. It is stored in the account's nodes (XEP-0084); the module
// `vcard` shows it as the photo of the vCard, and this one puts its hash into presence (XEP-0153).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

class Host;

std::unique_ptr<Module> make_avatar_conversion();

/// Whether the photos of vCards are the avatars in the nodes of accounts.
bool converts_avatars(const Host& host);

} // namespace stonechat
