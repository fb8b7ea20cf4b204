// SPDX-License-Identifier: Apache-2.0
#include "router/accounts.hpp"

#include "base/background.hpp"
#include "net/blocking_pool.hpp"
#include "net/login_guard.hpp"
#include "net/shard.hpp"
#include "router/archive_quota.hpp"
#include "router/domain_service.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "sasl/mechanism.hpp"
#include "sasl/password.hpp"
#include "xmpp/date_time.hpp"

#include <algorithm>

namespace stonechat {
namespace {

AccountKey key_of(const Jid& account)
{
    AccountKey key { std::string(account.domain()), std::string(account.local()) };
    return key;
}

/// Closes the open sessions of `account` (one, if it is a full JID) except `except`. Returns how many.
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

/// Sends presences and waits until all of them are settled. Lives on the account's home shard.
class Farewells {
public:
    explicit Farewells(Router& router)
        : router_(router), ledger_(
                               router.shard(), [this] { settled(); }, [this](Ledger::Failure) { failed(); })
    {}

    void send(Stanza stanza) { router_.route(std::move(stanza), ledger_.open()); }
    Pending<Done> all_safe()
    {
        Pending<Done> pending;
        promise_.emplace(pending.promise());
        settled();
        return pending;
    }

private:
    void settled()
    {
        if (promise_ && ledger_.open_count() == failed_) {
            auto promise = std::move(*promise_);
            promise_.reset();
            router_.shard().post([promise = std::move(promise)]() mutable { promise.fulfil(Done()); });
        }
    }

    /// A contact that cannot be told must not keep the account from going.
    void failed()
    {
        ++failed_;
        settled();
    }

    Router& router_;
    std::optional<Pending<Done>::Promise> promise_;
    std::size_t failed_ = 0; ///< these stay open
    Ledger ledger_;
};

/// Tells all contacts with a subscription in either direction that it has ended (RFC 6121 §3).
Task<Done> tell_contacts_goodbye(Router& router, Jid account, RosterData roster)
{
    Farewells farewells(router);
    for (const RosterRecord& record : roster.items) {
        if (is_seen_by_us(record.subscription) || record.pending_out) {
            farewells.send(Stanza::presence(account, record.contact, PresenceType::unsubscribe));
        }
        if (sees_us(record.subscription) || record.pending_in) {
            farewells.send(Stanza::presence(account, record.contact, PresenceType::unsubscribed));
        }
    }
    auto waiting = farewells.all_safe();
    co_await waiting;
    co_return Done();
}

/// Closes the sessions of an account that is being removed and drops its User; from then on the account is
/// absent.
void leave_memory(Router& home, const Jid& account, const Jid& except)
{
    Host* host = home.host(account.domain());
    User* user = host->find_user(account.local());
    if (user == nullptr) {
        return;
    }
    const auto held = user->shared_from_this();
    close_sessions(home, account, StreamError(StreamError::not_authorized, "The account was removed"),
        except);
    if (user->state() == User::State::ready) {
        host->handlers().run_moment(host->handlers().on_removed(), Context { *host, user });
    }
    host->forget_user(account.local());
}

/// Returns until when the name of `account` is reserved; nullopt if it is free.
std::optional<WallTime> reserved_until(Router& router, const Jid& account)
{
    const auto removed = router.server().former_names().removed(account);
    if (!removed) {
        return std::nullopt;
    }
    const WallTime until = *removed + router.settings().section("accounts").duration("names_reserved");
    return until > router.server().clock().wall() ? std::optional(until) : std::nullopt;
}

/// Drops the account's User on its home shard, after its rows have changed.
void forget(Server& server, const Jid& account)
{
    server.at_home(account, [account](Router& home) {
        if (Host* host = home.host(account.domain())) {
            host->forget_user(account.local());
        }
    });
}

/// Tells the modules that an administrator changed stored data of the account, if it is in memory.
void take_changes(Router& home, const Jid& account)
{
    Host* host = home.host(account.domain());
    User* user = host != nullptr ? host->find_user(account.local()) : nullptr;
    if (user != nullptr && user->state() == User::State::ready) {
        host->handlers().run_moment(host->handlers().on_changed(), Context { *host, user });
    }
}

std::uint64_t quota_of_host(const Host& host)
{
    return host.is_on("archive") ? ArchiveQuota::of_section(host.settings("archive")) : no_quota;
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
    case AccountProblem::reserved: return "The name is reserved";
    }
    return {};
}

AccountProblem to_account_problem(StoreError error)
{
    return error == StoreError::full ? AccountProblem::store_full : AccountProblem::store_failed;
}

Task<Result<std::vector<ScramVerifier>, AccountRefusal>> Accounts::hash(std::string password)
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

/// Returns why no account of this name may be created now.
Task<std::optional<AccountRefusal>> Accounts::name_problem(Jid account, Reserved reserved)
{
    if (router_.server().former_names().is_being_removed(account)) {
        co_return AccountRefusal(AccountProblem::exists);
    }
    const auto until = reserved_until(router_, account);
    if (!until || reserved == Reserved::give_away) {
        co_return std::nullopt;
    }
    auto asking = exists(account);
    const auto there = co_await asking;
    if (there && *there) {
        co_return AccountRefusal(AccountProblem::exists);
    }
    co_return AccountRefusal(AccountProblem::reserved,
        "An account of this name was removed, and whoever gets it may be taken for its owner: it is reserved "
        "until "
            + to_datetime(*until)
            + " (names_reserved in [accounts]). `stonechatctl user add --force` gives it to somebody new");
}

Task<Accounts::Outcome> Accounts::create(Jid account, std::string password, Reserved reserved)
{
    if (!is_account_name(router_.server(), account)) {
        co_return AccountProblem::not_local;
    }
    if (auto problem = password_problem(password)) {
        co_return AccountRefusal(AccountProblem::bad_password, std::move(*problem));
    }
    auto hashing = hash(std::move(password));
    auto verifiers = co_await hashing;
    if (!verifiers) {
        co_return verifiers.error();
    }
    auto looking = name_problem(account, reserved);
    auto refusal = co_await looking;
    if (refusal) {
        co_return std::move(*refusal);
    }
    auto pending = router_.storage().accounts().create(key_of(account), std::move(*verifiers));
    const auto created = co_await pending;
    if (!created) {
        co_return to_account_problem(created.error());
    }
    if (!*created) {
        co_return AccountProblem::exists;
    }
    forget(router_.server(), account); // it may be in memory as absent, if it was addressed before
    co_return Done();
}

Task<Accounts::Outcome> Accounts::set_password(Jid account, std::string password, Jid except)
{
    if (!is_account_name(router_.server(), account)) {
        co_return AccountProblem::not_local;
    }
    if (auto problem = password_problem(password)) {
        co_return AccountRefusal(AccountProblem::bad_password, std::move(*problem));
    }
    auto hashing = hash(std::move(password));
    auto verifiers = co_await hashing;
    if (!verifiers) {
        co_return verifiers.error();
    }
    if (router_.server().former_names().is_being_removed(account)) {
        co_return AccountProblem::no_such_account;
    }
    auto pending = router_.storage().accounts().set_verifiers(key_of(account), std::move(*verifiers));
    const auto changed = co_await pending;
    if (!changed) {
        co_return to_account_problem(changed.error());
    }
    if (!*changed) {
        co_return AccountProblem::no_such_account;
    }
    // Streams that are not bound yet, on any shard, look here when they bind on the home shard
    // (has_new_password_since).
    router_.server().at_home(account, [account, now = router_.server().clock().steady()](Router& home) {
        home.accounts().password_changes_[std::string(account.bare_text())] = now;
    });
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
    if (router_.server().former_names().is_being_removed(account)) {
        co_return AccountProblem::no_such_account;
    }
    auto pending = router_.storage().accounts().set_enabled(key_of(account), enabled);
    const auto changed = co_await pending;
    if (!changed) {
        co_return to_account_problem(changed.error());
    }
    if (!*changed) {
        co_return AccountProblem::no_such_account;
    }
    // First block new sessions, then close the open ones: no session can slip in between.
    forget(router_.server(), account);
    if (!enabled) {
        const StreamError why(StreamError::not_authorized, "The account was disabled");
        auto ending = end_sessions(account.bare(), why);
        co_await ending;
    }
    co_return Done();
}

Task<Accounts::Outcome> Accounts::set_archive_quota(Jid account, std::optional<std::uint64_t> bytes)
{
    if (!is_account_name(router_.server(), account)) {
        co_return AccountProblem::not_local;
    }
    auto asking = exists(account);
    const auto there = co_await asking;
    if (!there || !*there) {
        co_return there ? AccountProblem::no_such_account : there.error();
    }
    KeyvalStore::Changes changes;
    changes.emplace_back(archive_quota_key, bytes ? std::optional(std::to_string(*bytes)) : std::nullopt);
    auto storing = router_.storage().keyval().apply(key_of(account), archive_quota_store, std::move(changes));
    const auto stored = co_await storing;
    if (!stored) {
        co_return to_account_problem(stored.error());
    }
    router_.server().at_home(account, [account](Router& home) { take_changes(home, account); });
    const std::uint64_t quota = bytes.value_or(quota_of_host(*router_.host(account.domain())));
    start_in_background(ArchiveQuota::check(router_.storage(), key_of(account), quota),
        router_.server().log(), "archive not trimmed to its quota");
    co_return Done();
}

Task<Result<std::uint64_t, StoreError>> Accounts::archive_quota(Jid account)
{
    auto reading = router_.storage().keyval().get(key_of(account), archive_quota_store, archive_quota_key);
    const auto chosen = co_await reading;
    if (!chosen) {
        co_return chosen.error();
    }
    const auto own = archive_quota_in(chosen->value_or(std::string()));
    co_return own ? *own : quota_of_host(*router_.host(account.domain()));
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
    FormerNames& former = router_.server().former_names();
    if (!former.begin_removal(account)) {
        co_return AccountProblem::busy;
    }
    auto beginning = router_.storage().accounts().begin_removal(key_of(account));
    const auto begun = co_await beginning;
    if (!begun || !*begun) {
        former.end_removal(account, std::nullopt);
        co_return begun ? AccountProblem::no_such_account : to_account_problem(begun.error());
    }
    auto removing = remove_at_home(account.bare(), except);
    const bool removed = co_await removing;
    if (!removed) {
        co_return AccountProblem::store_failed;
    }
    // A session may have been bound meanwhile, while the rows were still there.
    const StreamError why(StreamError::not_authorized, "The account was removed");
    auto ending = end_sessions(account.bare(), why, except);
    co_await ending;
    co_return Done();
}

Pending<bool> Accounts::remove_at_home(const Jid& account, const Jid& except)
{
    Pending<bool> answer;
    Executor& asker = router_.shard();
    router_.server().at_home(account, [account, except, promise = answer.promise(), &asker](Router& home) {
        leave_memory(home, account, except);
        const auto tell = [promise, &asker](bool removed) {
            asker.post([promise, removed]() mutable { promise.fulfil(removed); });
        };
        home.accounts().start_taking_away(account, tell);
    });
    return answer;
}

void Accounts::go_on_removing(const Jid& account)
{
    start_taking_away(account, [](bool) {});
}

/// An exception in a step has the same result as a failed store: the next start continues the removal.
template <class Tell> void Accounts::start_taking_away(const Jid& account, Tell tell)
{
    start(take_away(account), tell, [this, account, tell](const std::exception_ptr&) {
        note_not_removed(account);
        tell(false);
    });
}

void Accounts::note_not_removed(const Jid& account) const
{
    router_.server().former_names().end_removal(account, std::nullopt);
    router_.server().log().error("account not removed",
        { { "account", account.text() }, { "consequence", "the next start goes on with it" } });
}

/// Each step is idempotent: after a restart the removal begins anew. The account's rows go last, after all
/// writes that its home shard still has under way.
Task<bool> Accounts::take_away(Jid account)
{
    auto taking = take_from_others(account);
    const bool taken = co_await taking;
    FormerNames& former = router_.server().former_names();
    bool removed = false;
    if (taken) {
        auto removing = router_.storage().accounts().remove(key_of(account), former.number_of(account));
        const auto gone = co_await removing;
        removed = gone.has_value();
    }
    if (!removed) {
        note_not_removed(account);
        co_return false;
    }
    former.end_removal(account, router_.server().clock().wall());
    forget(router_.server(), account);
    router_.server().guard().forget(account.text());
    co_return true;
}

/// Tells the modules of every shard and host that the account is gone.
void forget_in_memory(Server& server, const Jid& account)
{
    for (std::size_t shard = 0; shard < server.shard_count(); ++shard) {
        Router& router = server.router(shard);
        router.shard().post([&router, account] {
            for (const auto& host : router.hosts()) {
                for (const Handlers::OnGone& forget : host->handlers().on_other_removed()) {
                    forget(account);
                }
            }
        });
    }
}

/// Removes what contacts, modules and services have of the account.
Task<bool> Accounts::take_from_others(Jid account)
{
    auto loading = router_.storage().rosters().load(key_of(account));
    auto roster = co_await loading;
    if (!roster) {
        co_return false;
    }
    auto telling = tell_contacts_goodbye(router_, account, std::move(*roster));
    co_await telling;
    for (const Handlers::Forget& part : router_.host(account.domain())->handlers().on_forgotten()) {
        auto forgetting = part(account);
        const bool forgotten = co_await forgetting;
        if (!forgotten) {
            co_return false;
        }
    }
    for (const auto& [domain, service] : router_.services()) {
        auto forgetting = service->forget_account(account);
        const bool forgotten = co_await forgetting;
        if (!forgotten) {
            co_return false;
        }
    }
    forget_in_memory(router_.server(), account);
    co_return true;
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
    // Checking takes as long for an account that does not exist.
    ScramVerifier verifier;
    verifier.salt = std::string(16, 's');
    verifier.iterations =
        static_cast<std::uint32_t>(router_.settings().section("login").integer("iterations"));
    const bool usable = found->has_value() && (*found)->enabled && !(*found)->verifiers.empty();
    if (usable) {
        verifier = (*found)->verifiers.front();
    }
    Function<PasswordMatch()> work = [verifier, password] { return match(verifier, password); };
    auto checking = router_.server().pool().run<PasswordMatch>(router_.shard(), std::move(work));
    const auto matched = co_await checking;
    if (!matched) {
        co_return AccountProblem::busy;
    }
    const bool right = usable && *matched != PasswordMatch::no;
    if (right && (*matched == PasswordMatch::old_form || is_outdated((*found)->verifiers))) {
        start_in_background(upgrade(account, std::move(password), verifier), router_.server().log(),
            "password not kept in its new form");
    }
    co_return right;
}

/// Whether a verifier is missing or weaker than a new one would be.
bool Accounts::is_outdated(const std::vector<ScramVerifier>& verifiers) const
{
    const Section& login = router_.settings().section("login");
    const auto iterations = static_cast<std::uint32_t>(login.integer("iterations"));
    const std::size_t wanted = login.flag("scram_sha1") ? 2 : 1;
    const bool weak = std::any_of(verifiers.begin(), verifiers.end(),
        [iterations](const ScramVerifier& verifier) { return verifier.iterations < iterations; });
    return weak || verifiers.size() < wanted;
}

/// Renews the verifiers. Only a login with the password in clear allows this; if it fails, the next one tries
/// again.
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

bool Accounts::has_new_password_since(SteadyTime time, const Jid& account)
{
    const SteadyTime* const changed = password_changes_.find(std::string(account.bare_text()));
    return changed != nullptr && *changed > time;
}

Pending<std::size_t> Accounts::end_sessions(Jid account, StreamError why, Jid except)
{
    Pending<std::size_t> answer;
    Executor& asker = router_.shard();
    router_.server().at_home(account,
        [account, why, except, promise = answer.promise(), &asker](Router& home) mutable {
            const std::size_t closed = close_sessions(home, account, why, except);
            asker.post([promise, closed]() mutable { promise.fulfil(closed); });
        });
    return answer;
}

} // namespace stonechat
