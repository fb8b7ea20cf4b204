// SPDX-License-Identifier: Apache-2.0
// Ad-hoc commands (XEP-0050) for the owner of an archive: set how long messages are kept, for everything or
// for one conversation (XEP-0441 §2.2), and delete messages.
#pragma once

#include "modules/archive_choices.hpp"
#include "router/handlers.hpp"

namespace stonechat {

/// Registers the commands. `choices` must live as long as the handlers.
void add_archive_commands(Handlers& on, const ArchiveChoicesOfUsers& choices);

} // namespace stonechat
