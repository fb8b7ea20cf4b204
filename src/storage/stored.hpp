// SPDX-License-Identifier: Apache-2.0
// What every store shares: how a call is answered, and whose things are kept. See storage.hpp.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

#include <cstddef>
#include <string>

namespace stonechat {

/// Why a store did not do what was asked. Nothing has changed then.
enum class StoreError {
    unavailable, ///< the database cannot be used at the moment, or the server is stopping
    full,        ///< the disk or a quota of the database is full; reads still work
    damaged,     ///< a row that cannot be read, or a value that the database refuses
};

template <class T> using Stored = Pending<Result<T, StoreError>>;

/// A local account by its two names, both prepared.
struct AccountKey {
    std::string host;
    std::string user;

    friend bool operator==(const AccountKey&, const AccountKey&) = default;
};

/// How much one mailbox takes.
struct MailboxLimits {
    std::size_t messages = 1000;
    std::size_t bytes = 16 * 1024 * 1024;
    std::size_t messages_per_sender = 100;
};

enum class MailboxAnswer { stored, mailbox_full, sender_share_full };

} // namespace stonechat
