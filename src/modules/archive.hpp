// SPDX-License-Identifier: Apache-2.0
// XEP-0313 Message Archive Management: which messages an account's archive gets, and with the files
// archive_*: what its owner wants kept (archive_choices, archive_preferences, archive_commands), how long
// (archive_expiry), and which message a client sends once more because it could not know that the first
// one was safe (archive_replays). How an archive is asked is in router/archive_query, for rooms too.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_archive();

} // namespace stonechat
