// SPDX-License-Identifier: Apache-2.0
#include "net/connection_limiter.hpp"

#include "net/login_guard.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// The key of a peer: one IPv4 address, or an IPv6 /64, the smallest prefix that a customer gets.
std::string limiter_key(const boost::asio::ip::address& peer)
{
    const auto address = unmapped(peer);
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return std::string(bytes.begin(), bytes.end());
    }
    const auto bytes = address.to_v6().to_bytes();
    return std::string(bytes.begin(), bytes.begin() + 8);
}

} // namespace

ConnectionLimiter::ConnectionLimiter(const ConnectionLimits& limits, const Clock& clock, LoginGuard* guard)
    : limits_(limits), clock_(clock), guard_(guard)
{
    rest_.tokens = double(limits.burst) * share_of_the_rest;
    rest_.refilled = clock.steady();
}

void ConnectionLimiter::make_room()
{
    // Scan at most once a second: a table that stays full must not be scanned for every connection.
    const SteadyTime now = clock_.steady();
    if (now < next_cleaning_) {
        return;
    }
    next_cleaning_ = now + std::chrono::seconds(1);
    const auto stale = [now](const auto& item) {
        return item.second.open == 0 && now - item.second.refilled > std::chrono::seconds(10);
    };
    boost::unordered::erase_if(entries_, stale);
    if (entries_.size() >= limits_.table) {
        boost::unordered::erase_if(entries_, [](const auto& item) { return item.second.open == 0; });
    }
}

ConnectionLimiter::Entry* ConnectionLimiter::find_or_make(const std::string& key)
{
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
        return &found->second;
    }
    if (entries_.size() >= limits_.table) {
        make_room();
        if (entries_.size() >= limits_.table) {
            return nullptr;
        }
    }
    Entry& entry = entries_[key];
    entry.tokens = limits_.burst;
    entry.refilled = clock_.steady();
    return &entry;
}

bool ConnectionLimiter::is_exempt(const boost::asio::ip::address& peer) const
{
    return std::any_of(limits_.exempt.begin(), limits_.exempt.end(),
        [&peer](const IpPrefix& each) { return each.contains(peer); });
}

bool ConnectionLimiter::take_token(Entry& entry, unsigned share) const
{
    if (limits_.per_second == 0) {
        return true;
    }
    const SteadyTime now = clock_.steady();
    const std::chrono::duration<double> passed = now - entry.refilled;
    const double burst = double(std::max(1U, limits_.burst)) * share;
    entry.tokens = std::min(burst, entry.tokens + passed.count() * limits_.per_second * share);
    entry.refilled = now;
    if (entry.tokens < 1) {
        return false;
    }
    entry.tokens -= 1;
    return true;
}

Admission ConnectionLimiter::admit(const boost::asio::ip::address& peer)
{
    if (auto ban = guard_ != nullptr ? guard_->shuts_out(peer) : std::nullopt) {
        return { "banned", std::move(ban) };
    }
    const std::string key = limiter_key(peer);
    const std::lock_guard lock(mutex_);
    Entry* entry = find_or_make(key);
    const unsigned share = entry != nullptr ? 1 : share_of_the_rest;
    if (entry == nullptr) {
        entry = &rest_;
    }
    if (!is_exempt(peer)) {
        if (limits_.per_prefix != 0 && entry->open >= limits_.per_prefix * share) {
            return { "limit", std::nullopt };
        }
        if (!take_token(*entry, share)) {
            return { "rate", std::nullopt };
        }
    }
    ++entry->open;
    return {};
}

void ConnectionLimiter::release(const boost::asio::ip::address& peer)
{
    const std::string key = limiter_key(peer);
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found != entries_.end() && found->second.open > 0) {
        --found->second.open;
    } else if (rest_.open > 0) { // it was admitted while the table was full
        --rest_.open;
    }
}

void ConnectionLimiter::set_limits(const ConnectionLimits& limits)
{
    const std::lock_guard lock(mutex_);
    limits_ = limits;
}

} // namespace stonechat
