// SPDX-License-Identifier: Apache-2.0
// Storage in memory: a minimal implementation of the interface.
#include "storage/memory_storage.hpp"

#include "storage/memory/contents.hpp"

#include <algorithm>

namespace stonechat {

namespace memory {

namespace {

const std::map<std::string, std::string>* find_values(const Everything& all, const AccountKey& key,
    const std::string& store)
{
    const auto* owner = all.find(key);
    if (owner == nullptr) {
        return nullptr;
    }
    const auto found = owner->keyval.find(store);
    return found == owner->keyval.end() ? nullptr : &found->second;
}

Account* find_account(Everything& all, const AccountKey& key)
{
    auto* owner = all.find(key);
    return owner == nullptr || !owner->account ? nullptr : &*owner->account;
}

class MemoryAccounts final : public AccountStore {
public:
    explicit MemoryAccounts(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::optional<Account>> find(const AccountKey& key) override
    {
        return scheduler_.ask([&key](Everything& all) {
            const auto* account = find_account(all, key);
            return account != nullptr ? std::optional(*account) : std::nullopt;
        });
    }

    Stored<bool> create(const AccountKey& key, std::vector<ScramVerifier> verifiers) override
    {
        return scheduler_.change([&key, &verifiers, now = scheduler_.now()](Everything& all) {
            if (find_account(all, key) != nullptr) {
                return false;
            }
            all.remove_owner(key);
            auto& owner = all.owner(key);
            owner.account.emplace();
            owner.account->user = key.user;
            owner.account->created = now;
            owner.account->verifiers = in_order(std::move(verifiers));
            return true;
        });
    }

    Stored<bool> set_verifiers(const AccountKey& key, std::vector<ScramVerifier> verifiers) override
    {
        return scheduler_.change([&key, &verifiers](Everything& all) {
            auto* account = find_account(all, key);
            if (account == nullptr) {
                return false;
            }
            account->verifiers = in_order(std::move(verifiers));
            return true;
        });
    }

    Stored<bool> set_enabled(const AccountKey& key, bool enabled) override
    {
        return scheduler_.change([&key, enabled](Everything& all) {
            auto* account = find_account(all, key);
            if (account == nullptr) {
                return false;
            }
            account->enabled = enabled;
            return true;
        });
    }

    Stored<bool> begin_removal(const AccountKey& key) override
    {
        return scheduler_.change([&key](Everything& all) {
            auto* account = find_account(all, key);
            if (account == nullptr) {
                return false;
            }
            account->enabled = false;
            account->verifiers.clear();
            all.owner(key).is_being_removed = true;
            return true;
        });
    }

    Stored<bool> remove(const AccountKey& key, std::uint64_t former_name) override
    {
        return scheduler_.change([&key, former_name, now = scheduler_.now()](Everything& all) {
            const bool existed = find_account(all, key) != nullptr;
            forget_in_rooms(all, key);
            if (const auto user = Jid::from_parts(key.user, key.host)) {
                forget_in_nodes(all, *user);
            }
            all.remove_owner(key);
            if (existed && former_name != 0) {
                FormerName& former = all.former_names[former_name];
                former.name = former_name;
                former.removed = now;
                ++former.holders;
            }
            return existed;
        });
    }

    Stored<std::vector<AccountKey>> removals() override
    {
        return scheduler_.ask([](Everything& all) {
            std::vector<AccountKey> keys;
            for (const auto& [key, owner] : all.owners) {
                if (owner.is_being_removed) {
                    keys.push_back(key);
                }
            }
            return keys;
        });
    }

    Stored<std::vector<FormerName>> former_names() override
    {
        return scheduler_.ask([](Everything& all) {
            std::vector<FormerName> names;
            for (const auto& [number, former] : all.former_names) {
                names.push_back(former);
            }
            return names;
        });
    }

    Stored<std::vector<Account>> list(std::string host, std::string after, std::size_t limit) override
    {
        return scheduler_.ask([&host, &after, limit](Everything& all) {
            std::vector<Account> accounts;
            for (auto at = all.owners.upper_bound({ host, after });
                 at != all.owners.end() && at->first.host == host && accounts.size() < limit; ++at) {
                if (at->second.account) {
                    accounts.push_back(*at->second.account);
                    accounts.back().verifiers.clear();
                }
            }
            return accounts;
        });
    }

    Stored<std::size_t> count(std::string host) override
    {
        return scheduler_.ask([&host](Everything& all) {
            return static_cast<std::size_t>(std::count_if(all.owners.begin(), all.owners.end(),
                [&host](const auto& entry) { return entry.first.host == host && entry.second.account; }));
        });
    }

    Stored<Holdings> holdings(const AccountKey& key) override
    {
        return scheduler_.ask([&key](Everything& all) {
            const auto* owner = all.find(key);
            return owner != nullptr ? holdings_of(*owner) : Holdings();
        });
    }

private:
    static Holdings holdings_of(const Belongings& owner)
    {
        Holdings holdings;
        holdings.contacts = static_cast<std::size_t>(std::count_if(owner.roster.begin(), owner.roster.end(),
            [](const auto& entry) { return entry.second.in_roster; }));
        for (const auto& [id, entry] : owner.archive) {
            ++holdings.archive.count;
            holdings.archive.bytes += entry.message->xml.size();
        }
        for (const KeptMail& mail : owner.mailbox.messages) {
            ++holdings.mailbox.count;
            holdings.mailbox.bytes += mail.size;
        }
        for (const auto& [store, values] : owner.keyval) {
            std::uint64_t bytes = 0;
            for (const auto& [name, value] : values) {
                bytes += value.size();
            }
            if (!values.empty()) {
                holdings.stores.emplace_back(store, bytes);
            }
        }
        if (!owner.nodes.empty()) {
            holdings.stores.emplace_back("nodes", bytes_in_nodes(owner));
        }
        std::sort(holdings.stores.begin(), holdings.stores.end());
        return holdings;
    }

    /// Keeps one verifier for each hash; of two the last wins.
    static std::vector<ScramVerifier> in_order(std::vector<ScramVerifier> verifiers)
    {
        std::map<ScramHash, ScramVerifier> by_hash;
        for (auto& verifier : verifiers) {
            by_hash.insert_or_assign(verifier.hash, std::move(verifier));
        }
        verifiers.clear();
        for (auto& [hash, verifier] : by_hash) {
            verifiers.push_back(std::move(verifier));
        }
        return verifiers;
    }

    CallScheduler& scheduler_;
};

class MemoryRosters final : public RosterStore {
public:
    explicit MemoryRosters(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<RosterData> load(const AccountKey& key) override
    {
        return scheduler_.ask([&key](Everything& all) {
            RosterData data;
            if (const auto* owner = all.find(key)) {
                data.version = owner->roster_version;
                for (const auto& [contact, record] : owner->roster) {
                    data.items.push_back(record);
                }
            }
            return data;
        });
    }

    Stored<Done> put(const AccountKey& key, RosterRecord record, std::uint64_t version) override
    {
        return scheduler_.change([&key, &record, version](Everything& all) {
            auto& owner = all.owner(key);
            owner.roster_version = version;
            const auto contact = record.contact;
            owner.roster.insert_or_assign(contact, std::move(record));
            return Done();
        });
    }

    Stored<Done> remove(const AccountKey& key, Jid contact, std::uint64_t version) override
    {
        return scheduler_.change([&key, &contact, version](Everything& all) {
            auto& owner = all.owner(key);
            owner.roster_version = version;
            owner.roster.erase(contact);
            return Done();
        });
    }

    Stored<std::vector<AccountKey>> holders(Jid contact) override
    {
        return scheduler_.ask([&contact](Everything& all) {
            std::vector<AccountKey> holders;
            for (const auto& [key, owner] : all.owners) {
                if (owner.roster.contains(contact)) {
                    holders.push_back(key);
                }
            }
            return holders;
        });
    }

private:
    CallScheduler& scheduler_;
};

class MemoryKeyval final : public KeyvalStore {
public:
    explicit MemoryKeyval(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::optional<std::string>> get(const AccountKey& key, std::string store,
        std::string name) override
    {
        return scheduler_.ask([&key, &store, &name](Everything& all) -> std::optional<std::string> {
            const auto* values = find_values(all, key, store);
            if (values == nullptr) {
                return std::nullopt;
            }
            const auto found = values->find(name);
            return found == values->end() ? std::nullopt : std::optional(found->second);
        });
    }

    Stored<Done> set(const AccountKey& key, std::string store, std::string name, std::string value) override
    {
        return scheduler_.change([&key, &store, &name, &value](Everything& all) {
            all.owner(key).keyval[store].insert_or_assign(std::move(name), std::move(value));
            return Done();
        });
    }

    Stored<Done> erase(const AccountKey& key, std::string store, std::string name) override
    {
        return scheduler_.change([&key, &store, &name](Everything& all) {
            all.owner(key).keyval[store].erase(name);
            return Done();
        });
    }

    Stored<Entries> load(const AccountKey& key, std::string store) override
    {
        return scheduler_.ask([&key, &store](Everything& all) {
            const auto* values = find_values(all, key, store);
            return values != nullptr ? Entries(values->begin(), values->end()) : Entries();
        });
    }

    Stored<Done> apply(const AccountKey& key, std::string store, Changes changes) override
    {
        return scheduler_.change([&key, &store, &changes](Everything& all) {
            auto& values = all.owner(key).keyval[store];
            for (auto& [name, value] : changes) {
                if (value) {
                    values.insert_or_assign(std::move(name), std::move(*value));
                } else {
                    values.erase(name);
                }
            }
            return Done();
        });
    }

private:
    CallScheduler& scheduler_;
};

class MemoryFront final : public Storage {
public:
    MemoryFront(std::shared_ptr<Contents> contents, Executor& home) : scheduler_(std::move(contents), home) {}

    AccountStore& accounts() override { return accounts_; }
    RosterStore& rosters() override { return rosters_; }
    MailboxStore& mailbox() override { return mailbox_; }
    KeyvalStore& keyval() override { return keyval_; }
    MessageStore& messages() override { return messages_; }
    ArchiveStore& archive() override { return archive_; }
    StreamStore& streams() override { return streams_; }
    RoomStore& rooms() override { return rooms_; }
    NodeStore& nodes() override { return nodes_; }
    InboxStore& inbox() override { return inbox_; }

private:
    CallScheduler scheduler_;
    MemoryAccounts accounts_ { scheduler_ };
    MemoryRosters rosters_ { scheduler_ };
    MemoryMailbox mailbox_ { scheduler_ };
    MemoryKeyval keyval_ { scheduler_ };
    MemoryMessages messages_ { scheduler_ };
    MemoryArchive archive_ { scheduler_ };
    MemoryStreams streams_ { scheduler_ };
    MemoryRooms rooms_ { scheduler_ };
    MemoryNodes nodes_ { scheduler_ };
    MemoryInbox inbox_ { scheduler_ };
};

class MemoryBackend final : public StorageBackend {
public:
    explicit MemoryBackend(const Clock& clock) : contents_(std::make_shared<Contents>(clock)) {}

    std::unique_ptr<Storage> front(Executor& home) override
    {
        return std::make_unique<MemoryFront>(contents_, home);
    }

    /// There is no file to copy.
    Stored<Done> backup(Executor&, std::string) override
    {
        return Stored<Done>::ready(StoreError::unavailable);
    }

    void stop() override { contents_->stop(); }
    Load load() const override { return contents_->load(); }

private:
    std::shared_ptr<Contents> contents_;
};

} // namespace

} // namespace memory

std::unique_ptr<StorageBackend> make_memory_storage(const Clock& clock)
{
    return std::make_unique<memory::MemoryBackend>(clock);
}

} // namespace stonechat
