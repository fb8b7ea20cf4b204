// SPDX-License-Identifier: Apache-2.0
// XEP-0313 Message Archive Management: decides which messages go into an account's archive, and answers
// queries. The write itself is MessageStore::accept, called by router/message_delivery. The files
// archive_* belong to it: what the owner wants to keep (archive_choices, archive_preferences,
// archive_commands), quotas (archive_quotas), the search index (archive_indexing), and detecting messages
// that a client sends again because it could not know that the first copy was safe (archive_replays). The
// form of queries (archive_query) and the removal of old messages (archive_expiry) are in router/, for rooms
// too.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_archive();

} // namespace stonechat
