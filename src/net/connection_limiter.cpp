// SPDX-License-Identifier: Apache-2.0
#include "net/connection_limiter.hpp"

#include "net/ip_prefix.hpp"

#include <algorithm>

namespace stonechat {

ConnectionLimiter::ConnectionLimiter(const ConnectionLimits& limits, const Clock& clock)
    : limits_(limits), clock_(clock)
{}

std::string ConnectionLimiter::key_of(const boost::asio::ip::address& peer) const
{
    const auto address = unmapped(peer);
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return std::string(bytes.begin(), bytes.end());
    }
    // A /64 is what one customer gets at least.
    const auto bytes = address.to_v6().to_bytes();
    return std::string(bytes.begin(), bytes.begin() + 8);
}

void ConnectionLimiter::make_room()
{
    // A table that is full and stays full must not be walked for every connection.
    const SteadyTime now = clock_.steady();
    if (now < next_cleaning_) {
        return;
    }
    next_cleaning_ = now + std::chrono::seconds(1);
    const auto stale = [&](const auto& item) {
        const Entry& entry = item.second;
        return entry.open == 0 && entry.banned_until <= now && now - entry.refilled > std::chrono::seconds(10)
            && (entry.failures == 0 || now - entry.first_failure > limits_.failure_window);
    };
    const auto forgettable = [&](const auto& item) {
        const Entry& entry = item.second;
        return entry.open == 0 && entry.banned_until <= now && entry.failures == 0;
    };
    boost::unordered::erase_if(entries_, stale);
    if (entries_.size() >= limits_.table) {
        boost::unordered::erase_if(entries_, forgettable);
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

bool ConnectionLimiter::take_token(Entry& entry) const
{
    if (limits_.per_second == 0) {
        return true;
    }
    const SteadyTime now = clock_.steady();
    const std::chrono::duration<double> passed = now - entry.refilled;
    const double burst = std::max(1U, limits_.burst);
    entry.tokens = std::min(burst, entry.tokens + passed.count() * limits_.per_second);
    entry.refilled = now;
    if (entry.tokens < 1) {
        return false;
    }
    entry.tokens -= 1;
    return true;
}

bool ConnectionLimiter::admit(const boost::asio::ip::address& peer)
{
    const std::string key = key_of(peer);
    const std::lock_guard lock(mutex_);
    Entry* const entry = find_or_make(key);
    if (entry == nullptr) {
        return true;
    }
    if (entry->banned_until > clock_.steady()) {
        return false;
    }
    if (limits_.per_prefix != 0 && entry->open >= limits_.per_prefix) {
        return false;
    }
    if (!take_token(*entry)) {
        return false;
    }
    ++entry->open;
    return true;
}

void ConnectionLimiter::release(const boost::asio::ip::address& peer)
{
    const std::string key = key_of(peer);
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    // Absent or zero: it came in while the table was full.
    if (found != entries_.end() && found->second.open > 0) {
        --found->second.open;
    }
}

bool ConnectionLimiter::login_failed(const boost::asio::ip::address& peer)
{
    const std::string key = key_of(peer);
    const std::lock_guard lock(mutex_);
    if (limits_.login_failures == 0) {
        return false;
    }
    Entry* const entry = find_or_make(key);
    if (entry == nullptr) {
        return false;
    }
    const SteadyTime now = clock_.steady();
    if (entry->failures == 0 || now - entry->first_failure > limits_.failure_window) {
        entry->failures = 0;
        entry->first_failure = now;
    }
    if (++entry->failures < limits_.login_failures) {
        return false;
    }
    entry->failures = 0;
    entry->banned_until = now + limits_.ban;
    return true;
}

bool ConnectionLimiter::is_banned(const boost::asio::ip::address& peer) const
{
    const std::string key = key_of(peer);
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    return found != entries_.end() && found->second.banned_until > clock_.steady();
}

void ConnectionLimiter::set_limits(const ConnectionLimits& limits)
{
    const std::lock_guard lock(mutex_);
    limits_ = limits;
}

} // namespace stonechat
