// SPDX-License-Identifier: Apache-2.0
#include "muc/muc_service.hpp"

#include "base/background.hpp"
#include "base/log.hpp"
#include "muc/removed_accounts.hpp"
#include "muc/room.hpp"
#include "muc/room_features.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace stonechat {
namespace {

std::size_t size_of(const Section& section, std::string_view key)
{
    return static_cast<std::size_t>(section.integer(key));
}

} // namespace

MucService::MucService(Host& host, Jid domain)
    : host_(host), domain_(std::move(domain)), occupant_hash_(host.router().server().secret(), "occupant id"),
      occupant_hash_2_(host.router().server().secret(), "occupant id, second half"),
      requests_(service_requests()), for_administrators_(*this)
{
    attach_room_features(room_handlers_);
}

MucService::~MucService() = default;

const Section& MucService::settings() const
{
    return host_.settings("muc");
}

RoomLimits MucService::limits() const
{
    RoomLimits limits;
    limits.occupants = size_of(settings(), "max_occupants");
    limits.history = size_of(settings(), "max_history");
    limits.archive = retention() != Retention { 0 };
    return limits;
}

RoomConfig MucService::default_config() const
{
    RoomConfig config;
    config.history = std::min(config.history, limits().history);
    config.max_occupants = limits().occupants;
    config.archived = settings().text("retention") != "never";
    return config;
}

Retention MucService::retention() const
{
    const std::string& word = settings().text("retention");
    if (word == "forever") {
        return Retention {};
    }
    const auto days = static_cast<unsigned>(settings().integer("retention_days"));
    return Retention { word == "never" ? 0 : days };
}

std::uint64_t MucService::archive_quota() const
{
    return ArchiveQuota::of_section(settings());
}

ArchivePageLimits MucService::page_limits() const
{
    ArchivePageLimits limits;
    limits.messages = size_of(settings(), "max_page");
    limits.messages_unasked = std::min(limits.messages_unasked, limits.messages);
    return limits;
}

std::size_t MucService::most_rooms_of(const Jid& user) const
{
    return is_admin(user) ? 0 : size_of(settings(), "rooms_per_user");
}

std::size_t MucService::locked_rooms_of(const Jid& user) const
{
    return static_cast<std::size_t>(std::count_if(rooms_.begin(), rooms_.end(), [&user](const auto& entry) {
        const Room& room = *entry.second;
        return room.state() == Room::State::locked && room.affiliation(user) == Affiliation::owner;
    }));
}

bool MucService::may_create(const Jid& user) const
{
    const std::string& who = settings().text("create");
    return is_admin(user) || who == "anyone" || (who == "local" && is_local(user));
}

bool MucService::is_admin(const Jid& user) const
{
    return host_.is_admin(user);
}

bool MucService::is_local(const Jid& user) const
{
    return user.has_local() && host_.router().host(user.domain()) != nullptr;
}

std::string MucService::occupant_id(const Jid& room, const Jid& user) const
{
    std::string text = std::string(room.bare_text()) + '\0' + std::string(user.bare_text());
    if (const auto earlier = host_.router().server().former_names().holders(user); earlier != 0) {
        text += '\0' + std::to_string(earlier);
    }
    std::array<char, 40> id {};
    std::snprintf(id.data(), id.size(), "%016llx%016llx",
        static_cast<unsigned long long>(occupant_hash_(text)),
        static_cast<unsigned long long>(occupant_hash_2_(text)));
    return id.data();
}

std::size_t MucService::shard_of(const Jid& user) const
{
    return host_.router().shard_for(user);
}

void MucService::deliver(Stanza stanza, Settlement settlement)
{
    if (!stanza.to().has_local()) {
        deliver_to_service(std::move(stanza));
        std::move(settlement).settle();
        return;
    }
    const auto addressed = room(stanza.to());
    addressed->receive(std::move(stanza), std::move(settlement));
}

void MucService::deliver_to_service(Stanza stanza)
{
    const bool is_iq = stanza.kind() == StanzaKind::iq;
    if (is_iq && stanza.is_request() && !stanza.to().has_resource()) {
        const auto failed = [this, refusable = stanza](const std::exception_ptr& failure) {
            host_.log().error("request to rooms failed", { { "why", what_of(failure) } });
            host_.router().refuse(refusable, StanzaError(StanzaError::internal_server_error));
        };
        start(
            answer_for_service(*this, std::move(stanza)), [](Done) {}, failed);
        return;
    }
    if (is_iq && !stanza.is_request()) {
        host_.requests().take(std::move(stanza));
        return;
    }
    if (stanza.kind() != StanzaKind::presence) {
        host_.router().refuse(stanza, StanzaError(StanzaError::service_unavailable));
    }
}

Task<bool> MucService::forget_account(Jid account)
{
    return forget_account_in_rooms(*this, std::move(account));
}

void MucService::set_notice_interest(const RoomNotice& notice, NoticeInterest interest)
{
    const auto found = rooms_.find(notice.author.local());
    if (found != rooms_.end()) {
        Room& room = *found->second;
        const std::size_t users = room.members().all().size() + room.occupants().size();
        room.notice_interests().set(notice, interest, users);
    }
}

void MucService::forget_notice_interest(const Jid& user, const Jid& room)
{
    if (room.empty()) {
        for (const auto& [name, each] : rooms_) {
            each->notice_interests().forget(user.text());
        }
    } else if (const auto found = rooms_.find(room.local()); found != rooms_.end()) {
        found->second->notice_interests().forget(user.text());
    }
}

std::shared_ptr<Room> MucService::room(const Jid& address)
{
    const auto found = rooms_.find(address.local());
    if (found != rooms_.end()) {
        return found->second;
    }
    auto room = std::make_shared<Room>(*this, address.bare());
    rooms_.emplace(std::string(address.local()), room);
    room->load();
    return room;
}

void MucService::forget(Room& room)
{
    const auto found = rooms_.find(room.address().local());
    if (found != rooms_.end() && found->second.get() == &room) {
        rooms_.erase(found);
    }
}

void MucService::sweep()
{
    std::vector<std::shared_ptr<Room>> idle;
    for (const auto& [name, room] : rooms_) {
        if (room.use_count() == 1 && room->is_idle_again(room->is_idle())) {
            idle.push_back(room);
        }
    }
    for (const auto& room : idle) {
        room->unload();
    }
}

} // namespace stonechat
