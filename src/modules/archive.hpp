// SPDX-License-Identifier: Apache-2.0
// XEP-0313 Message Archive Management: which messages an account's archive gets, and with the files
// archive_*: how it is asked (archive_query), what its owner wants kept (archive_choices,
// archive_preferences, archive_commands), how long (archive_expiry), and messages that a client sends
// once more because it could not know that the first one was safe (archive_replays).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_archive();

} // namespace stonechat
