// SPDX-License-Identifier: Apache-2.0
#include "router/accounts.hpp"

#include "net/blocking_pool.hpp"
#include "net/shard.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "sasl/mechanism.hpp"

#include <algorithm>

namespace stonechat {
namespace {

AccountKey key_of(const Jid& account)
{
    AccountKey key { std::string(account.domain()), std::string(account.local()) };
    return key;
}

/// Closes the open sessions of `account` other than `except`; how many there were.
std::size_t close_sessions(Router& home, const Jid& account, const StreamError& why, const Jid& except)
{
    Host* host = home.host(account.domain());
    User* user = host ? host->find_user(account.local()) : nullptr;
    if (user == nullptr) {
        return 0;
    }
    std::size_t closed = 0;
    const auto sessions = user->sessions();
    for (const auto& session : sessions) {
        const bool meant = !account.has_resource() || session->jid() == account;
        if (meant && session->is_open() && session->jid() != except) {
            session->close(why);
            ++closed;
        }
    }
    return closed;
}

/// RFC 6121 §3: whoever had a subscription in either direction is told that it is over.
void tell_contacts_goodbye(User& user)
{
    Router& router = user.host().router();
    for (const RosterRecord& record : user.roster().records()) {
        const bool sees_us = record.subscription == SubscriptionState::from
            || record.subscription == SubscriptionState::both;
        const bool seen_by_us = record.subscription == SubscriptionState::to
            || record.subscription == SubscriptionState::both;
        if (seen_by_us || record.pending_out) {
            router.route(Stanza::presence(user.jid(), record.contact, PresenceType::unsubscribe));
        }
        if (sees_us || record.pending_in) {
            router.route(Stanza::presence(user.jid(), record.contact, PresenceType::unsubscribed));
        }
    }
}

/// Forgets what the home shard has in memory of an account, after its rows have changed.
void forget(Server& server, const Jid& account)
{
    server.at_home(account, [account](Router& home) {
        if (Host* host = home.host(account.domain())) {
            host->forget_user(account.local());
        }
    });
}

bool is_account_name(const Server& server, const Jid& account)
{
    return account.has_local() && server.has_accounts(account.domain());
}

} // namespace

std::string_view to_text(AccountProblem problem)
{
    switch (problem) {
    case AccountProblem::exists: return "The account exists already";
    case AccountProblem::no_such_account: return "There is no such account";
    case AccountProblem::not_local: return "This is not the address of an account on this server";
    case AccountProblem::bad_password:
        return "The password is empty or contains characters that are not allowed";
    case AccountProblem::busy: return "The server is busy; try again in a moment";
    case AccountProblem::store_full: return "The disk is full";
    case AccountProblem::store_failed: return "The database could not be written";
    }
    return {};
}

AccountProblem to_account_problem(StoreError error)
{
    return error == StoreError::full ? AccountProblem::store_full : AccountProblem::store_failed;
}

Task<Result<std::vector<ScramVerifier>, AccountProblem>> Accounts::hash(std::string password)
{
    using Verifiers = std::vector<ScramVerifier>;
    const Section& login = router_.settings().section("login");
    const auto iterations = static_cast<std::uint32_t>(login.integer("iterations"));
    const bool sha1 = login.flag("scram_sha1");
    Function<Verifiers()> work = [password = std::move(password), iterations, sha1]() {
        Verifiers verifiers;
        if (auto verifier = make_verifier(ScramHash::sha256, password, iterations)) {
            verifiers.push_back(std::move(*verifier));
        }
        if (sha1 && !verifiers.empty()) {
            verifiers.push_back(*make_verifier(ScramHash::sha1, password, iterations));
        }
        return verifiers;
    };
    auto pending = router_.server().pool().run<Verifiers>(router_.shard(), std::move(work));
    auto verifiers = co_await pending;
    if (!verifiers) {
        co_return AccountProblem::busy;
    }
    if (verifiers->empty()) {
        co_return AccountProblem::bad_password;
    }
    co_return std::move(*verifiers);
}

Task<Accounts::Outcome> Accounts::create(Jid account, std::string password)
{
    if (!is_account_name(router_.server(), account)) {
        co_return AccountProblem::not_local;
    }
    auto hashing = hash(std::move(password));
    auto verifiers = co_await hashing;
    if (!verifiers) {
        co_return verifiers.error();
    }
    auto pending = router_.storage().accounts().create(key_of(account), std::move(*verifiers));
    const auto created = co_await pending;
    if (!created) {
        co_return to_account_problem(created.error());
    }
    if (!*created) {
        co_return AccountProblem::exists;
    }
    forget(router_.server(), account); // somebody may have asked for it before it existed
    co_return Done();
}

Task<Accounts::Outcome> Accounts::set_password(Jid account, std::string password, Jid except)
{
    if (!is_account_name(router_.server(), account)) {
        co_return AccountProblem::not_local;
    }
    auto hashing = hash(std::move(password));
    auto verifiers = co_await hashing;
    if (!verifiers) {
        co_return verifiers.error();
    }
    auto pending = router_.storage().accounts().set_verifiers(key_of(account), std::move(*verifiers));
    const auto changed = co_await pending;
    if (!changed) {
        co_return to_account_problem(changed.error());
    }
    if (!*changed) {
        co_return AccountProblem::no_such_account;
    }
    const StreamError why(StreamError::not_authorized, "The password was changed");
    auto ending = end_sessions(account.bare(), why, except);
    co_await ending;
    co_return Done();
}

Task<Accounts::Outcome> Accounts::set_enabled(Jid account, bool enabled)
{
    if (!is_account_name(router_.server(), account)) {
        co_return AccountProblem::not_local;
    }
    auto pending = router_.storage().accounts().set_enabled(key_of(account), enabled);
    const auto changed = co_await pending;
    if (!changed) {
        co_return to_account_problem(changed.error());
    }
    if (!*changed) {
        co_return AccountProblem::no_such_account;
    }
    // First nobody comes in any more, then those who are in go: nobody slips in between.
    forget(router_.server(), account);
    if (!enabled) {
        const StreamError why(StreamError::not_authorized, "The account was disabled");
        auto ending = end_sessions(account.bare(), why);
        co_await ending;
    }
    co_return Done();
}

Task<Accounts::Outcome> Accounts::remove(Jid account, Jid except)
{
    if (!is_account_name(router_.server(), account)) {
        co_return AccountProblem::not_local;
    }
    auto asking = exists(account);
    const auto there = co_await asking;
    if (!there) {
        co_return there.error();
    }
    if (!*there) {
        co_return AccountProblem::no_such_account;
    }
    // The home shard's own store takes the removal, behind every write that it still has under way.
    Pending<bool> answer;
    Home& asker = router_.shard();
    router_.server().at_home(account,
        [account, except, promise = answer.promise(), &asker](Router& home) mutable {
            auto user = home.host(account.domain())->user(account.local());
            user->when_loaded([account, except, promise, &asker, user, &home](User& loaded) mutable {
                tell_contacts_goodbye(loaded);
                close_sessions(home, account.bare(),
                    StreamError(StreamError::not_authorized, "The account was removed"), except);
                const Handlers& handlers = loaded.host().handlers();
                handlers.run_moment(handlers.on_removed(), Context { loaded.host(), &loaded });
                loaded.host().forget_user(account.local());
                home.storage()
                    .accounts()
                    .remove(key_of(account))
                    .then([promise, &asker](Result<bool, StoreError> removed) mutable {
                        asker.post([promise, removed]() mutable { promise.fulfil(removed.has_value()); });
                    });
            });
        });
    const bool removed = co_await answer;
    forget(router_.server(), account);
    if (!removed) {
        co_return AccountProblem::store_failed;
    }
    // Somebody may have come in between, while its rows were still there to be read.
    const StreamError why(StreamError::not_authorized, "The account was removed");
    auto ending = end_sessions(account.bare(), why, except);
    co_await ending;
    co_return Done();
}

Task<Result<bool, AccountProblem>> Accounts::exists(Jid account)
{
    if (!is_account_name(router_.server(), account)) {
        co_return AccountProblem::not_local;
    }
    auto pending = router_.storage().accounts().find(key_of(account));
    const auto found = co_await pending;
    if (!found) {
        co_return AccountProblem::store_failed;
    }
    co_return found->has_value();
}

Task<Result<bool, AccountProblem>> Accounts::check_password(Jid account, std::string password)
{
    auto pending = router_.storage().accounts().find(key_of(account));
    auto found = co_await pending;
    if (!found) {
        co_return AccountProblem::store_failed;
    }
    // Somebody who does not exist costs as much time as somebody who does.
    ScramVerifier verifier;
    verifier.salt = std::string(16, 's');
    verifier.iterations =
        static_cast<std::uint32_t>(router_.settings().section("login").integer("iterations"));
    const bool usable = found->has_value() && (*found)->enabled && !(*found)->verifiers.empty();
    if (usable) {
        verifier = (*found)->verifiers.front();
    }
    Function<bool()> work = [verifier, password] { return matches(verifier, password); };
    auto checking = router_.server().pool().run<bool>(router_.shard(), std::move(work));
    const auto matched = co_await checking;
    if (!matched) {
        co_return AccountProblem::busy;
    }
    const bool right = usable && matched.value();
    if (right && is_outdated((*found)->verifiers)) {
        start(
            upgrade(account, std::move(password), verifier), [](Done) {}, [](const std::exception_ptr&) {});
    }
    co_return right;
}

/// Whether a new verifier would be stronger than what is kept, or is missing.
bool Accounts::is_outdated(const std::vector<ScramVerifier>& verifiers) const
{
    const Section& login = router_.settings().section("login");
    const auto iterations = static_cast<std::uint32_t>(login.integer("iterations"));
    const std::size_t wanted = login.flag("scram_sha1") ? 2 : 1;
    const bool weak = std::any_of(verifiers.begin(), verifiers.end(),
        [iterations](const ScramVerifier& verifier) { return verifier.iterations < iterations; });
    return weak || verifiers.size() < wanted;
}

/// Only a login that shows the password gives the chance; if it fails, the next one tries again.
Task<Done> Accounts::upgrade(Jid account, std::string password, ScramVerifier checked)
{
    auto hashing = hash(std::move(password));
    auto verifiers = co_await hashing;
    auto finding = router_.storage().accounts().find(key_of(account));
    const auto found = co_await finding;
    // The password may have been changed meanwhile: the old one must not come back.
    const bool same = found && found->has_value() && !(*found)->verifiers.empty()
        && (*found)->verifiers.front().stored_key == checked.stored_key;
    if (verifiers && same) {
        auto pending = router_.storage().accounts().set_verifiers(key_of(account), std::move(*verifiers));
        co_await pending;
    }
    co_return Done();
}

Pending<std::size_t> Accounts::end_sessions(Jid account, StreamError why, Jid except)
{
    Pending<std::size_t> answer;
    Home& asker = router_.shard();
    router_.server().at_home(account,
        [account, why, except, promise = answer.promise(), &asker](Router& home) mutable {
            const std::size_t closed = close_sessions(home, account, why, except);
            asker.post([promise, closed]() mutable { promise.fulfil(closed); });
        });
    return answer;
}

} // namespace stonechat
