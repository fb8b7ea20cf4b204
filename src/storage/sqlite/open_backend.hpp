// SPDX-License-Identifier: Apache-2.0
// Opens a database for `open_sqlite_storage`, with a parameter that only tests set otherwise.
#pragma once

#include "storage/sqlite_storage.hpp"

#include <cstddef>
#include <memory>

namespace stonechat::sqlite {

/// Number of archive rows that wait before Filing inserts them. In a batch of this size ten thousand
/// conversations have several rows each, which share a page. Costs some megabytes of memory, and a moment at
/// the next start.
inline constexpr std::size_t usual_archive_segment = 32'768;

Result<std::unique_ptr<StorageBackend>, StorageOpenError> open_backend(SqliteOptions options,
    std::size_t archive_segment, const Clock& clock, Log& log);

} // namespace stonechat::sqlite
