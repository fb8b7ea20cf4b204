// SPDX-License-Identifier: Apache-2.0
#include "router/registration_rate.hpp"

#include "net/ip_prefix.hpp"

#include <boost/asio/ip/address.hpp>

namespace stonechat {
namespace {

constexpr std::chrono::hours day { 24 };
constexpr std::size_t remembered = 65536;

} // namespace

bool RegistrationRate::admit(const std::string& peer, unsigned per_day)
{
    boost::system::error_code failed;
    const auto address = boost::asio::ip::make_address(peer, failed);
    if (failed) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    const Neighbourhood around = neighbourhood_of(address);
    // All networks are checked before anything is counted: a refused registration must not use up the limit
    // of its neighbours or memory.
    for (std::size_t i = 0; i < around.size(); ++i) {
        if (count_of(around[i].text()) >= per_day * neighbourhood_share[i]) {
            return false;
        }
    }
    if (!has_room()) {
        return false;
    }
    const auto now = clock_.steady();
    for (const IpPrefix& each : around) {
        Day& today = days_.try_emplace(each.text(), Day { now, 0 }).first->second;
        if (now - today.since >= day) {
            today = Day { now, 0 };
        }
        ++today.count;
    }
    return true;
}

unsigned RegistrationRate::count_of(const std::string& prefix) const
{
    const auto found = days_.find(prefix);
    const bool is_of_today = found != days_.end() && clock_.steady() - found->second.since < day;
    return is_of_today ? found->second.count : 0;
}

bool RegistrationRate::has_room()
{
    if (days_.size() < remembered) {
        return true;
    }
    const auto now = clock_.steady();
    boost::unordered::erase_if(days_, [now](const auto& entry) { return now - entry.second.since >= day; });
    return days_.size() < remembered;
}

} // namespace stonechat
