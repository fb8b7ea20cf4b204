// SPDX-License-Identifier: Apache-2.0
// FormerNames: names of accounts that are being removed or were removed. A new holder of a name must not be
// taken for the former one: a name is not given away for a time that is a setting, and every identifier that
// is derived from a name and shown to others also depends on the number of its former holders. Only keyed
// hashes of names are kept, not the names. One for the server, any thread; persistent data is in the
// AccountStore.
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

    /// Takes over what the store has. Call before the first account is asked for.
    void remember(const std::vector<FormerName>& names);

    /// Returns the keyed hash that stands for the name of `account`; never 0.
    std::uint64_t number_of(const Jid& account) const;
    /// Returns how many removed accounts have had this name.
    std::uint32_t holders(const Jid& account) const;
    /// Returns when the last of them was removed; nullopt if there was none.
    std::optional<WallTime> removed(const Jid& account) const;

    /// Marks the account as being removed; false if it is marked already.
    bool begin_removal(const Jid& account);
    /// Ends the removal. `removed`: when the account was removed; nullopt: the removal has failed.
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
