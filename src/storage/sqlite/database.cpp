// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database.hpp"

#include <algorithm>

namespace stonechat::sqlite {

namespace {

// Limits of the caches: some tens of megabytes at worst. Clearing a full cache is cheaper than keeping the
// order of use, and costs one read of each mailbox in use.
constexpr std::size_t owners_remembered = 100'000;
constexpr std::size_t mailboxes_remembered = 20'000;
constexpr std::size_t addresses_remembered = 100'000;
constexpr std::size_t conversations_remembered = 200'000;
constexpr std::size_t streams_remembered = 200'000;

// Message numbers are reserved on the disk for one second at a time: at most one write per second, and a
// crash wastes no more than one second of numbers.
constexpr std::int64_t numbers_at_once = 1'000'000;

constexpr auto select_owner = "SELECT id FROM owner WHERE host = ?1 AND user = ?2";
// Do not reuse the number of an owner whose messages are still being removed.
constexpr auto insert_owner =
    "INSERT INTO owner (id, host, user) VALUES (1 + max((SELECT coalesce(max(id), 0) FROM owner),"
    " (SELECT coalesce(max(owner), 0) FROM leftover)), ?1, ?2)";
constexpr auto select_mailbox_sizes =
    "SELECT sender, coalesce(size, length(xml)) FROM mailbox WHERE owner = ?1";
constexpr auto select_address = "SELECT id FROM address WHERE jid = ?1";
constexpr auto insert_address = "INSERT INTO address (jid) VALUES (?1)";
constexpr auto insert_conversation = "INSERT OR IGNORE INTO conversation (owner, peer) VALUES (?1, ?2)";
constexpr auto select_stream = "SELECT 1 FROM stream WHERE id = ?1";
constexpr auto select_numbering = "SELECT reserved, late, early FROM message_state";
constexpr auto update_numbering = "UPDATE message_state SET reserved = ?1, late = ?2, early = ?3";

std::string name_of(const AccountKey& key)
{
    std::string name;
    name.reserve(key.host.size() + key.user.size() + 1);
    return name.append(key.user).append(1, '\0').append(key.host);
}

} // namespace

std::optional<std::int64_t> owner_number(Connection& db, const AccountKey& key)
{
    auto rows = db.query(select_owner, key.host, key.user);
    return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
}

std::optional<std::int64_t> address_number(Connection& db, std::string_view bare)
{
    auto rows = db.query(select_address, bare);
    return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
}

std::optional<std::int64_t> Database::find_owner(const AccountKey& key)
{
    auto name = name_of(key);
    if (const auto known = owners_.find(name); known != owners_.end()) {
        return known->second;
    }
    const auto number = owner_number(connection_, key);
    if (!number) {
        return std::nullopt;
    }
    if (owners_.size() >= owners_remembered) {
        owners_.clear();
    }
    return owners_.emplace(std::move(name), *number).first->second;
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
        sent_streams_.forget(known->second);
        owners_.erase(known);
    }
    streams_.clear();
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

std::int64_t Database::address(std::string_view bare)
{
    std::string name(bare);
    if (const auto known = addresses_.find(name); known != addresses_.end()) {
        return known->second;
    }
    std::int64_t number = address_number(connection_, name).value_or(0);
    if (number == 0) {
        connection_.execute(insert_address, name);
        number = connection_.last_row_id();
    }
    if (connection_.failure() != Failure::none) {
        return 0;
    }
    if (addresses_.size() >= addresses_remembered) {
        addresses_.clear();
    }
    return addresses_.emplace(std::move(name), number).first->second;
}

void Database::ensure_conversation(std::int64_t owner, std::int64_t peer)
{
    if (conversations_.contains({ owner, peer })) {
        return;
    }
    connection_.execute(insert_conversation, owner, peer);
    if (conversations_.size() >= conversations_remembered) {
        conversations_.clear();
    }
    conversations_.emplace(owner, peer);
}

bool Database::has_stream(std::int64_t row)
{
    if (streams_.contains(row)) {
        return true;
    }
    if (!connection_.query(select_stream, row).next()) {
        return false;
    }
    if (streams_.size() >= streams_remembered) {
        streams_.clear();
    }
    streams_.insert(row);
    return true;
}

Database::Numbering& Database::numbering()
{
    if (!numbering_) {
        numbering_.emplace(Numbering());
        auto rows = connection_.query(select_numbering);
        if (rows.next()) {
            *numbering_ = { rows.integer(0), rows.integer(0), rows.integer(1), rows.integer(2) };
        }
    }
    return *numbering_;
}

std::int64_t Database::next_message(WallTime now, WallTime stamp)
{
    auto& numbers = numbering();
    numbers.last = std::max(numbers.last + 1, now.time_since_epoch().count());
    constexpr std::int64_t far_future = std::int64_t(1) << 60; // so that doubling cannot overflow
    const auto late = numbers.last
        - std::clamp(static_cast<std::int64_t>(stamp.time_since_epoch().count()), std::int64_t(0),
            far_future);
    if (numbers.last <= numbers.reserved && late <= numbers.late && -late <= numbers.early) {
        return numbers.last;
    }
    if (numbers.last > numbers.reserved) {
        numbers.reserved = numbers.last + numbers_at_once;
    }
    // Write twice the needed value, so that it is written rarely.
    numbers.late = late > numbers.late ? 2 * late : numbers.late;
    numbers.early = -late > numbers.early ? -2 * late : numbers.early;
    connection_.execute(update_numbering, numbers.reserved, numbers.late, numbers.early);
    return numbers.last;
}

void Database::forget()
{
    owners_.clear();
    mailboxes_.clear();
    addresses_.clear();
    conversations_.clear();
    streams_.clear();
    sent_streams_.forget();
    numbering_.reset();
    expiry_places_.clear();
}

} // namespace stonechat::sqlite
