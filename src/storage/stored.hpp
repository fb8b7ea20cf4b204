// SPDX-License-Identifier: Apache-2.0
// What all stores share: the type of an answer, its errors, and the key of an account. See storage.hpp.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

#include <cstddef>
#include <string>

namespace stonechat {

/// Why a store refused a call. Nothing was changed.
enum class StoreError {
    unavailable, ///< the database cannot be used at the moment, or the server is stopping
    full,        ///< the disk or a quota of the database is full; reads still work
    damaged,     ///< a row cannot be read, or the database refuses a value
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
