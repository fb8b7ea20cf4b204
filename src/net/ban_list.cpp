// SPDX-License-Identifier: Apache-2.0
#include "net/ban_list.hpp"

#include "xmpp/date_time.hpp"

#include <algorithm>

namespace stonechat {

std::string end_text(const Ban& ban)
{
    return ban.until ? to_datetime(*ban.until) : "removed";
}

BanList::Key BanList::key_of(const IpPrefix& prefix)
{
    return { prefix.bits(), prefix.text() };
}

bool BanList::is_exempt(const boost::asio::ip::address& peer) const
{
    const auto contains = [&peer](const IpPrefix& each) { return each.contains(peer); };
    return std::any_of(terms_.exempt.begin(), terms_.exempt.end(), contains);
}

bool BanList::is_in_force(const Entry& entry) const
{
    if (entry.ban.cause == Ban::Cause::administrator) {
        return !entry.ban.until || *entry.ban.until > clock_.wall();
    }
    const auto covers = [&entry](const IpPrefix& each) { return each.contains(entry.ban.prefix); };
    return terms_.failures != 0 && entry.ban.failures >= terms_.failures * entry.share
        && clock_.steady() < entry.begun + terms_.length
        && std::none_of(terms_.exempt.begin(), terms_.exempt.end(), covers);
}

/// Returns the ban with its current end: the configured length may have changed since it began.
Ban BanList::as_of_now(const Entry& entry) const
{
    Ban ban = entry.ban;
    if (ban.cause == Ban::Cause::guesses) {
        const auto left = entry.begun + terms_.length - clock_.steady();
        ban.until = clock_.wall() + std::chrono::duration_cast<std::chrono::microseconds>(left);
    }
    return ban;
}

void BanList::purge()
{
    std::erase_if(bans_, [this](const auto& item) { return !is_in_force(item.second); });
}

std::size_t BanList::set_terms(Terms terms)
{
    purge();
    const std::size_t before = bans_.size();
    terms_ = std::move(terms);
    purge();
    return before - bans_.size();
}

void BanList::make_room()
{
    purge();
    if (bans_.size() < most) {
        return;
    }
    const auto earlier = [](const auto& a, const auto& b) {
        const bool a_can_go = a.second.ban.cause == Ban::Cause::guesses;
        const bool b_can_go = b.second.ban.cause == Ban::Cause::guesses;
        return a_can_go != b_can_go ? a_can_go : a.second.begun < b.second.begun;
    };
    bans_.erase(std::min_element(bans_.begin(), bans_.end(), earlier));
}

Ban BanList::add_by_guesses(const IpPrefix& prefix, unsigned failures, unsigned share)
{
    if (bans_.size() >= most) {
        make_room();
    }
    Entry entry { { prefix, Ban::Cause::guesses, clock_.wall(), {}, failures, {} }, clock_.steady(), share };
    const auto there = bans_.find(key_of(prefix));
    if (there != bans_.end() && there->second.ban.cause == Ban::Cause::administrator
        && is_in_force(there->second)) {
        return there->second.ban;
    }
    return as_of_now(bans_.insert_or_assign(key_of(prefix), std::move(entry)).first->second);
}

bool BanList::add(const Ban& ban)
{
    purge();
    const Key key = key_of(ban.prefix);
    const auto by_administrator = [](const auto& item) {
        return item.second.ban.cause == Ban::Cause::administrator;
    };
    const auto count = static_cast<std::size_t>(std::count_if(bans_.begin(), bans_.end(), by_administrator));
    if (count >= most_of_administrators && !bans_.contains(key)) {
        return false;
    }
    Entry entry { ban, clock_.steady(), 1 };
    bans_.insert_or_assign(key, std::move(entry));
    return true;
}

bool BanList::remove(const IpPrefix& prefix)
{
    purge();
    return bans_.erase(key_of(prefix)) > 0;
}

std::optional<Ban> BanList::find(const boost::asio::ip::address& peer) const
{
    const auto address = unmapped(peer);
    const unsigned longest = address.is_v4() ? 32 : 128;
    const Entry* found = nullptr;
    // One lookup for each prefix length in the list.
    for (auto at = bans_.begin(); at != bans_.end() && at->first.first <= longest;) {
        const unsigned bits = at->first.first;
        const auto entry = bans_.find(key_of(IpPrefix::around(address, bits)));
        if (entry != bans_.end() && is_in_force(entry->second)) {
            const bool comes_first = found == nullptr
                || (entry->second.ban.cause == Ban::Cause::administrator
                    && found->ban.cause == Ban::Cause::guesses);
            found = comes_first ? &entry->second : found;
        }
        at = bans_.lower_bound({ bits + 1, std::string() });
    }
    const bool spared = found != nullptr && found->ban.cause == Ban::Cause::guesses && is_exempt(address);
    return found != nullptr && !spared ? std::optional(as_of_now(*found)) : std::nullopt;
}

std::vector<Ban> BanList::touching(const IpPrefix& prefix) const
{
    std::vector<Ban> found = list();
    std::erase_if(found,
        [&](const Ban& each) { return !each.prefix.contains(prefix) && !prefix.contains(each.prefix); });
    return found;
}

std::vector<Ban> BanList::list() const
{
    std::vector<Ban> found;
    for (const auto& [key, entry] : bans_) {
        if (is_in_force(entry)) {
            found.push_back(as_of_now(entry));
        }
    }
    return found;
}

} // namespace stonechat
