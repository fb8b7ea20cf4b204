// SPDX-License-Identifier: Apache-2.0
// Server: what all hosts and shards share (settings, storage, clock, login guard), and the routers of all
// shards. Made and owned by ServerProcess. Its parts are fixed after start, except the settings, which a
// reload replaces as a whole.
#pragma once

#include "base/clock.hpp"
#include "base/keyed_hash.hpp"
#include "base/log.hpp"
#include "config/settings.hpp"
#include "net/blocking_pool.hpp"
#include "net/shard.hpp"
#include "net/tls_contexts.hpp"
#include "router/former_names.hpp"
#include "router/freed_memory.hpp"
#include "router/module.hpp"
#include "router/registration_rate.hpp"
#include "router/router.hpp"
#include "router/trace.hpp"
#include "storage/storage.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class LoginGuard;

class Server {
public:
    struct Parts {
        const Clock& clock;
        Log& log;
        StorageBackend& storage;
        BlockingPool& pool;
        LoginGuard& guard;
        TlsContexts* tls; ///< null only if every listener is without TLS
        std::vector<Shard*> shards;
        std::string
            secret; ///< persistent key for ids and hashes that outsiders must not be able to link or forge
    };

    Server(Parts parts, SharedSettings settings, const std::vector<ModuleEntry>& modules);
    ~Server();

    const Clock& clock() const { return parts_.clock; }
    Log& log() const { return parts_.log; }
    StorageBackend& storage() const { return parts_.storage; }
    BlockingPool& pool() const { return parts_.pool; }
    LoginGuard& guard() const { return parts_.guard; }
    TlsContexts* tls() const { return parts_.tls; }
    const std::string& secret() const { return parts_.secret; }
    Trace& trace() { return trace_; }
    FreedMemory& freed_memory() { return freed_memory_; }
    RegistrationRate& registration_rate() { return registration_rate_; }
    FormerNames& former_names() { return former_names_; }
    WallTime started() const { return started_; }

    /// The settings as of now; any thread.
    SharedSettings settings() const;
    /// Replaces the settings and tells every host on its shard. Hosts, listeners and cold keys stay as they
    /// were.
    void reconfigure(SharedSettings settings);

    std::size_t shard_count() const { return routers_.size(); }
    Router& router(std::size_t shard) const { return *routers_[shard]; }
    Router& router_of(const Shard& shard) const { return *routers_[shard.index()]; }
    /// Returns the home shard of the bare address `bare` (text form, prepared).
    std::size_t shard_of(std::string_view bare) const;
    /// Whether `domain` is a virtual host: its addresses are accounts.
    bool has_accounts(std::string_view domain) const;
    /// Whether `domain` is a virtual host or the domain of a service.
    bool serves(std::string_view domain) const;

    /// Runs `work` on every shard. Answers on `asker` with all results, in the order of the shards.
    template <class T> Pending<std::vector<T>> gather(Executor& asker, std::function<T(Router&)> work);
    /// Runs `work` on the home shard of `address`.
    void at_home(const Jid& address, Function<void(Router&)> work);

private:
    void go_on_removing();

    Parts parts_;
    std::atomic<SharedSettings> settings_;
    Trace trace_;
    FreedMemory freed_memory_;
    RegistrationRate registration_rate_;
    FormerNames former_names_;
    KeyedHash shard_hash_; ///< the same in every build, and nobody outside can aim at a shard
    WallTime started_;
    std::vector<std::unique_ptr<Router>> routers_;
};

template <class T> Pending<std::vector<T>> Server::gather(Executor& asker, std::function<T(Router&)> work)
{
    struct Round {
        std::vector<T> answers;
        std::size_t missing;
    };
    Pending<std::vector<T>> pending;
    auto round = std::make_shared<Round>();
    round->answers.resize(shard_count());
    round->missing = shard_count();
    for (std::size_t i = 0; i < shard_count(); ++i) {
        routers_[i]->shard().post([this, i, work, round, &asker, promise = pending.promise()]() mutable {
            auto answer = std::make_shared<T>(work(*routers_[i]));
            asker.post([i, round, answer, promise]() mutable {
                round->answers[i] = std::move(*answer);
                if (--round->missing == 0) {
                    promise.fulfil(std::move(round->answers));
                }
            });
        });
    }
    return pending;
}

} // namespace stonechat
