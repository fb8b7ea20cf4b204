// SPDX-License-Identifier: Apache-2.0
#include "muc/room_rates.hpp"

#include "muc/muc_service.hpp"
#include "router/host.hpp"

namespace stonechat {
namespace {

RateLimit rate(const Section& section, std::string_view per_second, std::string_view burst, SteadyTime now)
{
    return RateLimit(static_cast<double>(section.integer(per_second)),
        static_cast<double>(section.integer(burst)), now);
}

} // namespace

RoomRates::RoomRates(const MucService& service)
    : service_(service), all_messages_(rate(service.settings(), "room_message_rate", "room_message_burst",
                             service.host().clock().steady()))
{}

SteadyTime RoomRates::now() const
{
    return service_.host().clock().steady();
}

RoomRates::Rates& RoomRates::rates_of(const Jid& user)
{
    const auto found = rates_.find(std::string(user.bare_text()));
    if (found != rates_.end()) {
        return found->second;
    }
    const Section& settings = service_.settings();
    Rates fresh { rate(settings, "message_rate", "message_burst", now()),
        rate(settings, "presence_rate", "presence_burst", now()) };
    return rates_.emplace(std::string(user.bare_text()), fresh).first->second;
}

bool RoomRates::allows_message(const Jid& user)
{
    const SteadyTime time = now();
    return rates_of(user).messages.allows(1, time) && all_messages_.allows(1, time);
}

bool RoomRates::allows_presence(const Jid& user)
{
    return rates_of(user).presences.allows(1, now());
}

void RoomRates::forget_unused()
{
    std::erase_if(rates_, [time = now()](const auto& entry) {
        return entry.second.messages.is_full(time) && entry.second.presences.is_full(time);
    });
}

} // namespace stonechat
