// SPDX-License-Identifier: Apache-2.0
#include "router/registration_rate.hpp"

#include "net/ip_prefix.hpp"

#include <boost/asio/ip/address.hpp>

namespace stonechat {
namespace {

constexpr std::chrono::hours day { 24 };
constexpr std::size_t remembered = 65536;

/// One IPv4 address, or the /64 that one IPv6 customer has.
std::string prefix_of(const std::string& peer)
{
    boost::system::error_code failed;
    const auto address = unmapped(boost::asio::ip::make_address(peer, failed));
    if (failed || address.is_v4()) {
        return peer;
    }
    const auto bytes = address.to_v6().to_bytes();
    return std::string(bytes.begin(), bytes.begin() + 8);
}

} // namespace

bool RegistrationRate::admit(const std::string& peer, unsigned per_day)
{
    const auto now = clock_.steady();
    const std::lock_guard lock(mutex_);
    if (days_.size() >= remembered) {
        boost::unordered::erase_if(days_,
            [now](const auto& entry) { return now - entry.second.since >= day; });
        if (days_.size() >= remembered) {
            return false;
        }
    }
    const auto [entry, is_new] = days_.try_emplace(prefix_of(peer), Day { now, 0 });
    Day& today = entry->second;
    if (now - today.since >= day) {
        today = Day { now, 0 };
    }
    return ++today.count <= per_day;
}

} // namespace stonechat
