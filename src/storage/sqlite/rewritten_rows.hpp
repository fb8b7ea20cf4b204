// SPDX-License-Identifier: Apache-2.0
// Repairs rows of databases up to schema 6. There a message that a room had rewritten was stored once for
// both owners, in the sender's form, and so revealed the sender's real address to the recipient. Part of the
// migration to schema 7.
#pragma once

#include "storage/sqlite/connection.hpp"

namespace stonechat::sqlite {

/// Replaces the stanza of these rows by one that both owners may see: from one occupant to the other. Ids,
/// references and search results stay as they are.
void mend_rewritten_rows(Connection& db);

} // namespace stonechat::sqlite
