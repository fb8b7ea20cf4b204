// SPDX-License-Identifier: Apache-2.0
#include "router/server.hpp"

#include <functional>

namespace stonechat {

Server::Server(Parts parts, SharedSettings settings, const std::vector<ModuleEntry>& modules)
    : parts_(std::move(parts)), settings_(settings), freed_memory_(parts_.pool),
      registration_rate_(parts_.clock), started_(parts_.clock.wall())
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

std::size_t Server::home_of(std::string_view bare) const
{
    return routers_.size() == 1 ? 0 : std::hash<std::string_view>()(bare) % routers_.size();
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
    Router& home = router(home_of(address.bare_text()));
    home.shard().post([&home, work = std::move(work)]() mutable { work(home); });
}

} // namespace stonechat
