// SPDX-License-Identifier: Apache-2.0
// ArchiveChoices: what one account wants to keep in its archive: the preferences of XEP-0441, and the
// retention for everything and for single conversations. Loaded with the user; a change is committed before
// it is in force. Kept in a slot of the user; shard-bound.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "config/settings.hpp"
#include "router/async_mutex.hpp"
#include "router/handlers.hpp"
#include "storage/archive_store.hpp"
#include "storage/storage.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// XEP-0441 §2.1
struct ArchivePreferences {
    enum class Default { always, never, roster };
    Default otherwise = Default::always;
    std::vector<Jid> always;
    std::vector<Jid> never;

    friend bool operator==(const ArchivePreferences&, const ArchivePreferences&) = default;
};

std::string_view to_text(ArchivePreferences::Default otherwise);
std::optional<ArchivePreferences::Default> archive_default(std::string_view text);

struct ArchiveChoices {
    ArchivePreferences preferences;
    ArchiveStore::RetentionChoices retention;
    AsyncMutex change_mutex; ///< serialises changes, so that memory and store stay the same
};

/// Returns the retention in the settings of the module `archive`, for accounts without a choice of their own.
Retention host_retention(const Section& archive);

class ArchiveChoicesOfUsers {
public:
    static constexpr const char* store = "archive";

    /// Registers loading of the choices with each user.
    void attach(Handlers& on);

    ArchiveChoices& of(User& user) const { return slot_.of(user); }
    /// Returns whether the archive of `user` takes a message to or from `peer`.
    bool allow(User& user, const Jid& peer) const;

    /// These store a change and put it into force after the commit. `peer` is a conversation, or empty for
    /// everything. An empty `retention` removes the choice.
    Task<Result<Done, StoreError>> set_preferences(std::shared_ptr<User> user,
        ArchivePreferences preferences) const;
    Task<Result<Done, StoreError>> set_retention(std::shared_ptr<User> user, std::optional<Jid> peer,
        std::optional<Retention> retention) const;

private:
    Task<bool> load(User& user) const;

    UserSlot<ArchiveChoices> slot_;
};

} // namespace stonechat
