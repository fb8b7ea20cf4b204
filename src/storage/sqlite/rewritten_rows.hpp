// SPDX-License-Identifier: Apache-2.0
// Rows of databases up to schema 6 in which one form of a message stands for two owners: the server kept what
// its sender had written also for a recipient who got it rewritten by a room, and so told him the sender's
// real address. Part of the migration to schema 7.
#pragma once

#include "storage/sqlite/connection.hpp"

namespace stonechat::sqlite {

/// Gives these rows a form that both owners may see: from one occupant to the other. Ids, references and
/// what a search finds stay as they are.
void mend_rewritten_rows(Connection& db);

} // namespace stonechat::sqlite
