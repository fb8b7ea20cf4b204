// SPDX-License-Identifier: Apache-2.0
// FormerNames: names of accounts that are being removed, and of those that were. Who has a name after
// somebody else must not be taken for him: for a time that is a setting nobody gets it, and whatever is made
// of a name and shown to others is made of the number of its holders too. The names themselves are not kept,
// only numbers made of them. One for the server, any thread; what lasts is in the AccountStore.
#pragma once

#include "base/clock.hpp"
#include "base/keyed_hash.hpp"
#include "storage/storage.hpp"
#include "xmpp/jid.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stonechat {

class FormerNames {
public:
    explicit FormerNames(std::string_view secret) : hash_(secret, "former name") {}

    /// What the store remembers. Before the first account is asked for.
    void remember(const std::vector<FormerName>& names);

    /// The number that is kept for the name of `account`; never 0.
    std::uint64_t number_of(const Jid& account) const;
    /// How many accounts have had this name and are gone.
    std::uint32_t holders(const Jid& account) const;
    /// When the last of them was removed; nothing if there was none.
    std::optional<WallTime> removed(const Jid& account) const;

    /// From here on the account is being removed; false if it is already.
    bool begin_removal(const Jid& account);
    /// It is gone since `removed`; or, with nothing, the removal has failed.
    void end_removal(const Jid& account, std::optional<WallTime> removed);
    bool is_being_removed(const Jid& account) const;

private:
    struct Former {
        WallTime removed;
        std::uint32_t holders = 0;
    };

    KeyedHash hash_;
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, Former> former_;
    std::set<std::uint64_t> under_way_;
};

} // namespace stonechat
