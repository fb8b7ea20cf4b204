// SPDX-License-Identifier: Apache-2.0
// Accounts: the one place where accounts are made, changed and removed, whoever asks: registration
// (XEP-0077), administration (XEP-0133), stonechatctl. Hashes passwords in the blocking pool, stores,
// then sees to the sessions that this ends. One per shard; shard-bound; works for any account.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "storage/storage.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stream_error.hpp"

#include <string>
#include <string_view>

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
};

AccountProblem to_account_problem(StoreError error);

/// A sentence for people.
std::string_view to_text(AccountProblem problem);

class Accounts {
public:
    using Outcome = Result<Done, AccountProblem>;

    explicit Accounts(Router& router) : router_(router) {}

    Task<Outcome> create(Jid account, std::string password);
    /// Ends the account's sessions other than `except` (a full JID, may be empty).
    Task<Outcome> set_password(Jid account, std::string password, Jid except = {});
    /// Disabling ends its sessions and refuses logins; nothing is deleted.
    Task<Outcome> set_enabled(Jid account, bool enabled);
    /// Tells the contacts (RFC 6121: unsubscribe and unsubscribed), ends sessions, removes everything.
    /// `except` (a full JID, may be empty) keeps its session, for the answer; the caller ends it.
    Task<Outcome> remove(Jid account, Jid except = {});
    /// Whether the account exists (also when it is disabled).
    Task<Result<bool, AccountProblem>> exists(Jid account);

    /// Whether `password` is the account's. Always as slow for unknown accounts. `busy` if the pool is full.
    /// If what is kept of it is weaker than the settings ask for, it is renewed behind the answer.
    Task<Result<bool, AccountProblem>> check_password(Jid account, std::string password);

    /// Ends sessions of an account: all, or the one of a full JID. On any shard.
    Pending<std::size_t> end_sessions(Jid account, StreamError why, Jid except = {});

private:
    Task<Result<std::vector<ScramVerifier>, AccountProblem>> hash(std::string password);
    bool is_outdated(const std::vector<ScramVerifier>& verifiers) const;
    Task<Done> upgrade(Jid account, std::string password, ScramVerifier checked);

    Router& router_;
};

} // namespace stonechat
