// SPDX-License-Identifier: Apache-2.0
// What all stores share: the type of an answer, its errors, and the key of an account. See storage.hpp.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

#include <cstddef>
#include <string>

namespace stonechat {

/// Why a store did not answer a call with a value. Nothing was changed, except perhaps on `unknown`.
enum class StoreError {
    unavailable, ///< the database cannot be used at the moment, or the server is stopping
    full,        ///< the disk or a quota of the database is full; reads still work
    damaged,     ///< a row cannot be read, or the database refuses a value
    /// The connection to the database was lost during the commit: the change was made completely or not at
    /// all, and nobody can find out which. Nothing may be acknowledged, and nothing may be called refused.
    unknown,
};

template <class T> using Stored = Pending<Result<T, StoreError>>;

/// Names a local account. Both names are prepared (xmpp/jid.hpp).
struct AccountKey {
    std::string host;
    std::string user;

    friend bool operator==(const AccountKey&, const AccountKey&) = default;
};

/// Limits of one mailbox.
struct MailboxLimits {
    std::size_t messages = 1000;
    std::size_t bytes = 16 * 1024 * 1024;
    std::size_t messages_per_sender = 100;
};

enum class MailboxAnswer { stored, mailbox_full, sender_share_full };

} // namespace stonechat
