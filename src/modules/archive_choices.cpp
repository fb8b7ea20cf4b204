// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_choices.hpp"

#include "router/host.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace stonechat {
namespace {

using Default = ArchivePreferences::Default;

constexpr std::array<std::string_view, 3> defaults { "always", "never", "roster" }; ///< in order of Default

/// Key of the default in the store; not a valid address.
constexpr const char* default_entry = "*";
constexpr const char* always_entry = "always";
constexpr const char* never_entry = "never";

bool lists(const std::vector<Jid>& list, const Jid& jid)
{
    return std::find(list.begin(), list.end(), jid) != list.end();
}

ArchivePreferences preferences_of(const KeyvalStore::Entries& entries)
{
    ArchivePreferences preferences;
    for (const auto& [name, value] : entries) {
        if (name == default_entry) {
            preferences.otherwise = archive_default(value).value_or(Default::always);
        } else if (auto jid = Jid::parse(name)) {
            (value == never_entry ? preferences.never : preferences.always).push_back(std::move(*jid));
        }
    }
    return preferences;
}

/// Returns the changes to the store that turn the entries of `before` into those of `after`.
KeyvalStore::Changes changes_between(const ArchivePreferences& before, const ArchivePreferences& after)
{
    KeyvalStore::Changes changes;
    for (const auto* list : { &before.always, &before.never }) {
        for (const Jid& jid : *list) {
            if (!lists(after.always, jid) && !lists(after.never, jid)) {
                changes.emplace_back(jid.text(), std::nullopt);
            }
        }
    }
    changes.emplace_back(default_entry, std::string(to_text(after.otherwise)));
    for (const Jid& jid : after.always) {
        changes.emplace_back(jid.text(), always_entry);
    }
    for (const Jid& jid : after.never) {
        changes.emplace_back(jid.text(), never_entry);
    }
    return changes;
}

/// XEP-0441 §2.3.1: a bare address in a list covers all its resources, a full address only itself.
bool wants(const ArchivePreferences& preferences, const User& user, const Jid& peer)
{
    const auto listed = [&preferences](const Jid& jid) -> std::optional<bool> {
        if (lists(preferences.never, jid)) {
            return false;
        }
        return lists(preferences.always, jid) ? std::optional(true) : std::nullopt;
    };
    if (const auto said = listed(peer)) {
        return *said;
    }
    if (const auto said = listed(peer.bare())) {
        return *said;
    }
    switch (preferences.otherwise) {
    case Default::always: return true;
    case Default::never: return false;
    case Default::roster: {
        const RosterRecord* record = user.roster().find(peer.bare_text());
        return record != nullptr && record->in_roster;
    }
    }
    return true;
}

Retention retention_for(const ArchiveStore::RetentionChoices& choices, const Jid& peer, Retention host)
{
    for (const auto& [conversation, retention] : choices.conversations) {
        if (conversation.same_bare(peer)) {
            return retention;
        }
    }
    return choices.everything.value_or(host);
}

void put(ArchiveStore::RetentionChoices& choices, const std::optional<Jid>& peer,
    std::optional<Retention> retention)
{
    if (!peer) {
        choices.everything = retention;
        return;
    }
    std::erase_if(choices.conversations, [&peer](const auto& choice) { return choice.first == *peer; });
    if (retention) {
        choices.conversations.emplace_back(*peer, *retention);
    }
}

} // namespace

std::string_view to_text(Default otherwise)
{
    return defaults[static_cast<std::size_t>(otherwise)];
}

std::optional<Default> archive_default(std::string_view text)
{
    const auto found = std::find(defaults.begin(), defaults.end(), text);
    return found == defaults.end() ? std::nullopt
                                   : std::optional(static_cast<Default>(found - defaults.begin()));
}

Retention host_retention(const Section& archive)
{
    const std::string& words = archive.text("retention");
    if (words == "forever") {
        return Retention { std::nullopt };
    }
    return Retention { words == "never" ? 0U : static_cast<unsigned>(archive.integer("retention_days")) };
}

void ArchiveChoicesOfUsers::attach(Handlers& on)
{
    slot_ = on.user_slot<ArchiveChoices>();
    on.user_load([this](User& user) { return load(user); });
}

Task<bool> ArchiveChoicesOfUsers::load(User& user) const
{
    auto loading = user.host().storage().keyval().load(user.key(), store);
    const auto entries = co_await loading;
    auto asking = user.host().storage().archive().retention(user.key());
    auto retention = co_await asking;
    if (!entries || !retention) {
        co_return false;
    }
    ArchiveChoices& choices = slot_.of(user);
    choices.preferences = preferences_of(*entries);
    choices.retention = std::move(*retention);
    co_return true;
}

bool ArchiveChoicesOfUsers::allow(User& user, const Jid& peer) const
{
    const Retention host = host_retention(user.host().settings("archive"));
    if (host.days == 0U) {
        return false; // users cannot override `never`
    }
    const ArchiveChoices& choices = slot_.of(user);
    return retention_for(choices.retention, peer, host).days != 0U && wants(choices.preferences, user, peer);
}

Task<Result<Done, StoreError>> ArchiveChoicesOfUsers::set_preferences(std::shared_ptr<User> user,
    ArchivePreferences preferences) const
{
    auto locking = slot_.of(*user).change_mutex.lock();
    const auto lock = co_await locking;
    auto changes = changes_between(slot_.of(*user).preferences, preferences);
    auto storing = user->host().storage().keyval().apply(user->key(), store, std::move(changes));
    const auto stored = co_await storing;
    if (stored) {
        slot_.of(*user).preferences = std::move(preferences);
    }
    co_return stored;
}

Task<Result<Done, StoreError>> ArchiveChoicesOfUsers::set_retention(std::shared_ptr<User> user,
    std::optional<Jid> peer, std::optional<Retention> retention) const
{
    auto locking = slot_.of(*user).change_mutex.lock();
    const auto lock = co_await locking;
    auto storing = user->host().storage().archive().set_retention(user->key(), peer, retention);
    const auto stored = co_await storing;
    if (stored) {
        put(slot_.of(*user).retention, peer, retention);
    }
    co_return stored;
}

} // namespace stonechat
