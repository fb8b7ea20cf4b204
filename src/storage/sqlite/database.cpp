// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database.hpp"

namespace stonechat::sqlite {

namespace {

// Some tens of megabytes at worst. Starting anew when they are reached is cheaper than keeping
// order of use, and costs each mailbox in use one look through it.
constexpr std::size_t owners_remembered = 100'000;
constexpr std::size_t mailboxes_remembered = 20'000;

constexpr auto select_owner = "SELECT id FROM owner WHERE host = ?1 AND user = ?2";
constexpr auto insert_owner = "INSERT INTO owner (host, user) VALUES (?1, ?2)";
constexpr auto select_mailbox_sizes = "SELECT sender, length(xml) FROM mailbox WHERE owner = ?1";

std::string name_of(const AccountKey& key)
{
    std::string name;
    name.reserve(key.host.size() + key.user.size() + 1);
    return name.append(key.user).append(1, '\0').append(key.host);
}

} // namespace

std::optional<std::int64_t> Database::find_owner(const AccountKey& key)
{
    auto name = name_of(key);
    if (const auto known = owners_.find(name); known != owners_.end()) {
        return known->second;
    }
    auto rows = connection_.query(select_owner, key.host, key.user);
    if (!rows.next()) {
        return std::nullopt;
    }
    if (owners_.size() >= owners_remembered) {
        owners_.clear();
    }
    return owners_.emplace(std::move(name), rows.integer(0)).first->second;
}

std::int64_t Database::owner(const AccountKey& key)
{
    if (const auto found = find_owner(key)) {
        return *found;
    }
    connection_.execute(insert_owner, key.host, key.user);
    if (connection_.failure() != Failure::none) {
        return 0;
    }
    return owners_.emplace(name_of(key), connection_.last_row_id()).first->second;
}

void Database::forget_owner(const AccountKey& key)
{
    const auto known = owners_.find(name_of(key));
    if (known != owners_.end()) {
        mailboxes_.erase(known->second);
        owners_.erase(known);
    }
}

MailboxCounts& Database::mailbox_counts(std::int64_t owner)
{
    if (auto* known = known_mailbox_counts(owner)) {
        return *known;
    }
    if (mailboxes_.size() >= mailboxes_remembered) {
        mailboxes_.clear();
    }
    auto& counts = mailboxes_[owner];
    auto rows = connection_.query(select_mailbox_sizes, owner);
    while (rows.next()) {
        counts.add(rows.text(0), static_cast<std::size_t>(rows.integer(1)));
    }
    return counts;
}

MailboxCounts* Database::known_mailbox_counts(std::int64_t owner)
{
    const auto known = mailboxes_.find(owner);
    return known == mailboxes_.end() ? nullptr : &known->second;
}

void Database::forget()
{
    owners_.clear();
    mailboxes_.clear();
}

} // namespace stonechat::sqlite
