// SPDX-License-Identifier: Apache-2.0
// What the owner of an archive can tell it with any client that knows ad-hoc commands (XEP-0050): how
// long to keep messages, of everything or of one conversation (XEP-0441 §2.2), and to forget them.
#pragma once

#include "modules/archive_choices.hpp"
#include "router/handlers.hpp"

namespace stonechat {

/// `choices` lives as long as the handlers.
void add_archive_commands(Handlers& on, const ArchiveChoicesOfUsers& choices);

} // namespace stonechat
