// SPDX-License-Identifier: Apache-2.0
#include "router/server.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>

namespace stonechat {
namespace {

/// Executor of the thread that makes the server. It may block on the store, because no shard runs yet.
class Beginning final : public Executor {
public:
    void post(Function<void()> task) override
    {
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
        }
        something_.notify_one();
    }

    template <class T> T wait_for(Stored<T> pending)
    {
        std::optional<Result<T, StoreError>> answer;
        std::move(pending).then([&answer](Result<T, StoreError> given) { answer.emplace(std::move(given)); });
        while (!answer) {
            next()();
        }
        if (!*answer) {
            throw std::runtime_error("the database cannot be read");
        }
        return std::move(**answer);
    }

private:
    Function<void()> next()
    {
        std::unique_lock lock(mutex_);
        something_.wait(lock, [this] { return !tasks_.empty(); });
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        return task;
    }

    std::mutex mutex_;
    std::condition_variable something_;
    std::deque<Function<void()>> tasks_;
};

} // namespace

Server::Server(Parts parts, SharedSettings settings, const std::vector<ModuleEntry>& modules)
    : parts_(std::move(parts)), settings_(settings), freed_memory_(parts_.pool),
      registration_rate_(parts_.clock), former_names_(parts_.secret), shard_hash_(parts_.secret, "shard"),
      started_(parts_.clock.wall())
{
    for (Shard* shard : parts_.shards) {
        routers_.push_back(std::make_unique<Router>(*this, *shard, parts_.storage.front(*shard), settings));
    }
    for (const auto& router : routers_) {
        for (const HostSettings& host : settings->hosts) {
            router->add_host(host.name);
            router->hosts().back()->attach_modules(modules);
        }
    }
    go_on_removing();
}

/// Loads the former names, which must be known before the first connection, and continues removals that the
/// end of the server interrupted.
void Server::go_on_removing()
{
    Beginning here;
    const auto store = parts_.storage.front(here);
    former_names_.remember(here.wait_for(store->accounts().former_names()));
    for (const AccountKey& key : here.wait_for(store->accounts().removals())) {
        const auto account = Jid::from_parts(key.user, key.host);
        if (!account || !has_accounts(key.host)) {
            continue; // its host is not in the settings at the moment
        }
        former_names_.begin_removal(*account);
        at_home(*account, [account = *account](Router& home) { home.accounts().go_on_removing(account); });
    }
}

Server::~Server() = default;

SharedSettings Server::settings() const
{
    return settings_.load();
}

void Server::reconfigure(SharedSettings settings)
{
    settings_.store(settings);
    for (const auto& router : routers_) {
        router->shard().post([&router = *router, settings] { router.reconfigure(settings); });
    }
}

std::size_t Server::shard_of(std::string_view bare) const
{
    return routers_.size() == 1 ? 0 : static_cast<std::size_t>(shard_hash_(bare) % routers_.size());
}

bool Server::has_accounts(std::string_view domain) const
{
    return routers_.front()->host(domain) != nullptr;
}

bool Server::serves(std::string_view domain) const
{
    return has_accounts(domain) || routers_.front()->service(domain) != nullptr;
}

void Server::at_home(const Jid& address, Function<void(Router&)> work)
{
    Router& home = router(shard_of(address.bare_text()));
    home.shard().post([&home, work = std::move(work)]() mutable { work(home); });
}

} // namespace stonechat
