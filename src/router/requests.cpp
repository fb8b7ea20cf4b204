// SPDX-License-Identifier: Apache-2.0
#include "router/requests.hpp"

#include "base/random.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace stonechat {
namespace {

/// Request ids are "SHARD-RANDOM".
std::string id_for(unsigned shard)
{
    return std::to_string(shard) + "-" + random_id();
}

std::optional<unsigned> shard_of(std::string_view id)
{
    unsigned shard = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), shard);
    if (error != std::errc() || end == id.data() + id.size() || *end != '-') {
        return std::nullopt;
    }
    return shard;
}

std::string key_of(const Jid& asker, const Jid& peer, std::string_view id)
{
    return asker.text() + "\n" + peer.text() + "\n" + std::string(id);
}

} // namespace

Requests::Requests(Host& host)
    : host_(host), timer_([](void* self) { static_cast<Requests*>(self)->expire(); }, this)
{}

bool Requests::ask(const Jid& from, const Jid& to, IqType type, Element payload, OnAnswer f)
{
    if (open_.size() >= most) {
        return false;
    }
    Stanza iq = Stanza::iq(from, to, type, id_for(host_.shard().index()));
    iq.element().add(std::move(payload));
    std::string key = key_of(from, to, iq.id());
    open_.emplace(key, std::move(f));
    due_.push_back({ host_.clock().steady() + patience, std::move(key) });
    if (!timer_.is_running()) {
        sleep();
    }
    host_.router().route(std::move(iq));
    return true;
}

void Requests::take(Stanza answer)
{
    const auto home = shard_of(answer.id());
    if (!home || *home >= host_.router().server().shard_count()) {
        return;
    }
    if (*home == host_.shard().index()) {
        take_here(answer);
        return;
    }
    Router& other = host_.router().server().router(*home);
    other.shard().post([&other, name = host_.name(), answer = std::move(answer)] {
        if (Host* host = other.host(name)) {
            host->requests().take_here(answer);
        }
    });
}

void Requests::take_here(const Stanza& answer)
{
    const auto found = open_.find(key_of(answer.to(), answer.from(), answer.id()));
    if (found == open_.end()) {
        return; // no such request is open
    }
    OnAnswer f = std::move(found->second);
    open_.erase(found);
    while (!due_.empty() && !open_.contains(due_.front().key)) {
        due_.pop_front();
    }
    f(&answer);
}

void Requests::expire()
{
    const SteadyTime now = host_.clock().steady();
    while (!due_.empty() && due_.front().time <= now) {
        const auto found = open_.find(due_.front().key);
        due_.pop_front();
        if (found != open_.end()) {
            OnAnswer f = std::move(found->second);
            open_.erase(found);
            f(nullptr);
        }
    }
    if (!due_.empty()) {
        sleep();
    }
}

void Requests::sleep()
{
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due_.front().time
        - host_.clock().steady());
    timer_.start(host_.shard().timers(), std::max(wait, std::chrono::milliseconds(0)));
}

} // namespace stonechat
