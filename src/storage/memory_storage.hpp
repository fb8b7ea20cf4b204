// SPDX-License-Identifier: Apache-2.0
// The memory backend: keeps everything in memory, for tests and as a reference for the interface in
// storage.hpp.
#pragma once

#include "base/clock.hpp"
#include "storage/storage.hpp"

#include <memory>

namespace stonechat {

/// Makes an empty backend. It makes no copies (StorageBackend::backup).
std::unique_ptr<StorageBackend> make_memory_storage(const Clock& clock);

} // namespace stonechat
