// SPDX-License-Identifier: Apache-2.0
#include "muc/occupants.hpp"

#include <algorithm>

namespace stonechat {

const Device& Occupant::shown() const
{
    const Device* best = &devices.front();
    for (const Device& device : devices) {
        if (device.priority >= best->priority) {
            best = &device;
        }
    }
    return *best;
}

Device* Occupant::device(const Jid& full)
{
    const auto found = std::find_if(devices.begin(), devices.end(),
        [&full](const Device& device) { return device.jid() == full; });
    return found == devices.end() ? nullptr : &*found;
}

Except Occupant::recipients() const
{
    Except all;
    all.reserve(devices.size());
    for (const Device& each : devices) {
        all.push_back(each.recipient);
    }
    return all;
}

Occupant* Occupants::by_nick(std::string_view nick) const
{
    const auto found = by_nick_.find(std::string(nick));
    return found == by_nick_.end() ? nullptr : found->second.get();
}

Occupant* Occupants::by_device(const Jid& full) const
{
    const auto found = by_device_.find(full.text());
    return found == by_device_.end() ? nullptr : found->second;
}

std::vector<Occupant*> Occupants::of_user(const Jid& bare) const
{
    std::vector<Occupant*> his;
    for (const auto& [nick, occupant] : by_nick_) {
        if (occupant->user.same_bare(bare)) {
            his.push_back(occupant.get());
        }
    }
    return his;
}

Occupant& Occupants::add(Occupant occupant)
{
    std::string nick(occupant.nick());
    auto owned = std::make_unique<Occupant>(std::move(occupant));
    return *by_nick_.insert_or_assign(std::move(nick), std::move(owned)).first->second;
}

void Occupants::add_device(Occupant& occupant, Device device)
{
    by_device_[device.jid().text()] = &occupant;
    occupant.devices.push_back(std::move(device));
    forget_audiences();
}

void Occupants::remove_device(Occupant& occupant, const Jid& full)
{
    by_device_.erase(full.text());
    std::erase_if(occupant.devices, [&full](const Device& device) { return device.jid() == full; });
    forget_audiences();
}

void Occupants::rename(Occupant& occupant, Jid address)
{
    auto node = by_nick_.extract(std::string(occupant.nick()));
    occupant.address = std::move(address);
    node.key() = std::string(occupant.nick());
    by_nick_.insert(std::move(node));
}

void Occupants::remove(Occupant& occupant)
{
    for (const Device& device : occupant.devices) {
        by_device_.erase(device.jid().text());
    }
    by_nick_.erase(std::string(occupant.nick()));
    forget_audiences();
}

const AudiencePtr& Occupants::everybody()
{
    make_audiences();
    return everybody_;
}

const AudiencePtr& Occupants::moderators()
{
    make_audiences();
    return moderators_;
}

const AudiencePtr& Occupants::others()
{
    make_audiences();
    return others_;
}

void Occupants::forget_audiences()
{
    everybody_.reset();
    moderators_.reset();
    others_.reset();
}

void Occupants::make_audiences()
{
    if (everybody_) {
        return;
    }
    const auto everybody = std::make_shared<Audience>(shards_);
    const auto moderators = std::make_shared<Audience>(shards_);
    const auto others = std::make_shared<Audience>(shards_);
    for (const auto& [nick, occupant] : by_nick_) {
        for (const Device& device : occupant->devices) {
            everybody->add(device.recipient);
            (occupant->role == Role::moderator ? moderators : others)->add(device.recipient);
        }
    }
    everybody_ = everybody;
    moderators_ = moderators;
    others_ = others;
}

} // namespace stonechat
