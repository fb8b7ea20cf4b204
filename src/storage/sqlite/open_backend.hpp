// SPDX-License-Identifier: Apache-2.0
// How `open_sqlite_storage` opens a database, with what only tests choose otherwise.
#pragma once

#include "storage/storage.hpp"

#include <cstddef>
#include <memory>

namespace stonechat::sqlite {

/// Rows of archives that wait before they are brought into the order of conversations (Filing). In such a
/// batch ten thousand conversations have several rows each, which share a page. Some megabytes of memory, and
/// a moment at the next start.
inline constexpr std::size_t usual_archive_segment = 32'768;

Result<std::unique_ptr<StorageBackend>, StorageOpenError> open_backend(SqliteOptions options,
    std::size_t archive_segment, const Clock& clock, Log& log);

} // namespace stonechat::sqlite
