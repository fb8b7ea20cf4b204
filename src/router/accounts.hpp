// SPDX-License-Identifier: Apache-2.0
// Accounts: creates, changes and removes accounts. Every caller uses it: registration (XEP-0077),
// administration (XEP-0133), stonechatctl. Hashes passwords in the blocking pool, stores the change, then
// closes the sessions that the change ends. One per shard, part of its Router; shard-bound; works for any
// account.
#pragma once

#include "base/clock.hpp"
#include "base/recent_map.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "storage/storage.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stream_error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stonechat {

class Router;

/// Why an account could not be made or changed.
enum class AccountProblem {
    exists,
    no_such_account,
    not_local,    ///< the domain is no virtual host of this server, or the JID has no local part
    bad_password, ///< empty, or RFC 8265 forbids it
    busy,         ///< too many passwords are being hashed, or the account is being removed: try again
    store_full,   ///< the disk is full, or the database has reached its size limit
    store_failed,
    reserved, ///< the name of an account removed not long ago
};

AccountProblem to_account_problem(StoreError error);

/// Returns a sentence for people.
std::string_view to_text(AccountProblem problem);

/// An AccountProblem with details that the enum cannot hold: which character is wrong, until when a name is
/// reserved.
struct AccountRefusal {
    AccountRefusal() : AccountRefusal(AccountProblem::store_failed) {}
    AccountRefusal(AccountProblem its_problem) : problem(its_problem), text(to_text(its_problem)) {}
    AccountRefusal(AccountProblem its_problem, std::string its_text)
        : problem(its_problem), text(std::move(its_text))
    {}

    AccountProblem problem;
    std::string text; ///< a sentence for people
};

inline const std::string& to_text(const AccountRefusal& refusal)
{
    return refusal.text;
}

class Accounts {
public:
    using Outcome = Result<Done, AccountRefusal>;

    /// What create() does with a name that is still reserved after a removal ([accounts] names_reserved).
    enum class Reserved { refuse, give_away };

    explicit Accounts(Router& router) : router_(router), password_changes_(most_password_changes) {}

    Task<Outcome> create(Jid account, std::string password, Reserved reserved = Reserved::refuse);
    /// Changes the password, then ends the account's sessions other than `except` (a full JID, may be empty).
    Task<Outcome> set_password(Jid account, std::string password, Jid except = {});
    /// Enables or disables logins. Disabling ends the account's sessions; nothing is deleted.
    Task<Outcome> set_enabled(Jid account, bool enabled);
    /// Sets the archive quota of the account in bytes; nullopt: the setting of its host applies. If the
    /// archive is over the new quota, the oldest messages are removed in the background.
    Task<Outcome> set_archive_quota(Jid account, std::optional<std::uint64_t> bytes);
    /// Returns the quota set for this account, or that of its host.
    Task<Result<std::uint64_t, StoreError>> archive_quota(Jid account);
    /// Ends the sessions, tells the contacts (RFC 6121 §3: unsubscribe and unsubscribed), removes what is
    /// stored about the account elsewhere (Handlers::account_forgotten, DomainService::forget_account), then
    /// the account's own rows. A removal that has begun is finished, also after a restart. The session
    /// `except` (a full JID, may be empty) stays open to receive the answer; the caller closes it.
    Task<Outcome> remove(Jid account, Jid except = {});
    /// Continues a removal that the end of the server interrupted. Call on the account's home shard.
    void go_on_removing(const Jid& account);
    /// Returns whether the account exists, disabled accounts included.
    Task<Result<bool, AccountProblem>> exists(Jid account);

    /// Returns whether `password` is the account's password. Takes as long for unknown accounts. `busy` if
    /// the pool is full. If the stored verifiers are weaker than the settings ask for, they are renewed after
    /// the answer.
    Task<Result<bool, AccountProblem>> check_password(Jid account, std::string password);

    /// Returns whether the password was changed after `time`. A login that began at `time` may have used the
    /// old password. Call on the account's home shard.
    bool has_new_password_since(SteadyTime time, const Jid& account);

    /// Closes sessions: all of an account (bare JID), or one (full JID), except `except`. Returns how many.
    /// On any shard.
    Pending<std::size_t> end_sessions(Jid account, StreamError why, Jid except = {});

private:
    Task<Result<std::vector<ScramVerifier>, AccountRefusal>> hash(std::string password);
    Task<std::optional<AccountRefusal>> name_problem(Jid account, Reserved reserved);
    Pending<bool> remove_at_home(const Jid& account, const Jid& except);
    template <class Tell> void start_taking_away(const Jid& account, Tell tell);
    Task<bool> take_away(Jid account);
    void note_not_removed(const Jid& account) const;
    Task<bool> take_from_others(Jid account);
    bool is_outdated(const std::vector<ScramVerifier>& verifiers) const;
    Task<Done> upgrade(Jid account, std::string password, ScramVerifier checked);

    /// Limit of password_changes_. A login takes seconds, so an entry that is dropped at this limit is older
    /// than any login in progress.
    static constexpr std::size_t most_password_changes = 10'000;

    Router& router_;
    RecentMap<std::string, SteadyTime> password_changes_; ///< time of change, by bare JID
};

} // namespace stonechat
