// SPDX-License-Identifier: Apache-2.0
// Accounts: the one place where accounts are made, changed and removed, whoever asks: registration
// (XEP-0077), administration (XEP-0133), stonechatctl. Hashes passwords in the blocking pool, stores,
// then sees to the sessions that this ends. One per shard; shard-bound; works for any account.
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
    not_local,    ///< the domain is not served here, or there is no local part
    bad_password, ///< empty, or RFC 8265 forbids it
    busy,         ///< too many passwords are being hashed: try again
    store_full,   ///< the disk, or what the database may grow to
    store_failed,
    reserved, ///< somebody had this name not long ago
};

AccountProblem to_account_problem(StoreError error);

/// A sentence for people.
std::string_view to_text(AccountProblem problem);

/// The same with what the sentence cannot know: which character, until when.
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

    /// What becomes of a name that is reserved for somebody who is gone ([accounts] names_reserved).
    enum class Reserved { refuse, give_away };

    explicit Accounts(Router& router) : router_(router), password_changes_(most_password_changes) {}

    Task<Outcome> create(Jid account, std::string password, Reserved reserved = Reserved::refuse);
    /// Ends the account's sessions other than `except` (a full JID, may be empty).
    Task<Outcome> set_password(Jid account, std::string password, Jid except = {});
    /// Disabling ends its sessions and refuses logins; nothing is deleted.
    Task<Outcome> set_enabled(Jid account, bool enabled);
    /// How much the archive of the account may take, in bytes; nothing: as its host has it. What is too much
    /// goes from now on, in the background.
    Task<Outcome> set_archive_quota(Jid account, std::optional<std::uint64_t> bytes);
    /// The choice for this account, or that of its host.
    Task<Result<std::uint64_t, StoreError>> archive_quota(Jid account);
    /// Ends sessions, tells the contacts (RFC 6121: unsubscribe and unsubscribed), takes what others keep of
    /// the account (Handlers::account_forgotten, DomainService::forget_account), then all that is kept for
    /// it. What has begun comes to its end, also over a restart. `except` (a full JID, may be empty) keeps
    /// its session, for the answer; the caller ends it.
    Task<Outcome> remove(Jid account, Jid except = {});
    /// A removal that the end of the server has broken off. At the account's home.
    void go_on_removing(const Jid& account);
    /// Whether the account exists (also when it is disabled).
    Task<Result<bool, AccountProblem>> exists(Jid account);

    /// Whether `password` is the account's. Always as slow for unknown accounts. `busy` if the pool is full.
    /// If what is kept of it is weaker than the settings ask for, it is renewed behind the answer.
    Task<Result<bool, AccountProblem>> check_password(Jid account, std::string password);

    /// Whether the password was changed after `time`: who began to log in then may have shown the old one. At
    /// the account's home.
    bool has_new_password_since(SteadyTime time, const Jid& account);

    /// Ends sessions of an account: all, or the one of a full JID. On any shard.
    Pending<std::size_t> end_sessions(Jid account, StreamError why, Jid except = {});

private:
    Task<Result<std::vector<ScramVerifier>, AccountRefusal>> hash(std::string password);
    Task<std::optional<AccountRefusal>> refuse_name(Jid account, Reserved reserved);
    Pending<bool> remove_at_home(const Jid& account, const Jid& except);
    template <class Tell> void start_taking_away(const Jid& account, Tell tell);
    Task<bool> take_away(Jid account);
    void note_not_removed(const Jid& account) const;
    Task<bool> take_from_others(Jid account);
    bool is_outdated(const std::vector<ScramVerifier>& verifiers) const;
    Task<Done> upgrade(Jid account, std::string password, ScramVerifier checked);

    /// A login takes seconds, so that nobody asks for what is forgotten here.
    static constexpr std::size_t most_password_changes = 10'000;

    Router& router_;
    RecentMap<std::string, SteadyTime> password_changes_; ///< of accounts at home here
};

} // namespace stonechat
