// SPDX-License-Identifier: Apache-2.0
// NotificationChoices: what the users of a host have set for their chats (XEP-0492), as a phone reads it. The
// settings are in the bookmarks of the account (XEP-0402): of rooms, and of contacts if a client keeps such
// items there. In memory for those accounts only that somebody wants to notify. Part of the module push;
// shard-bound.
#pragma once

#include "base/string_hash.hpp"
#include "base/task.hpp"
#include "router/handlers.hpp"
#include "router/personal_nodes.hpp"
#include "xmpp/notification_settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

class NotificationChoices {
public:
    /// Called after the settings of a loaded account have changed: for `chat`, or for any chat if that is
    /// empty.
    using OnChange = std::function<void(User& user, const Jid& chat)>;
    void attach(Handlers& on, OnChange changed);

    /// Reads the settings, unless they are in memory. False: the store failed.
    Task<bool> load(std::shared_ptr<User> user);
    /// Nobody wants to notify the account any more.
    void drop(const User& user) const;

    /// Returns the setting for a chat (a prepared address); nullopt if there is none, or if it is not loaded.
    std::optional<NotificationSetting> find(const User& user, std::string_view chat) const;

private:
    struct Choice {
        std::string item; ///< id; it may be another spelling of the chat's address
        NotificationSetting setting;
    };
    struct Choices {
        StringMap<Choice> by_chat;
        bool is_loaded = false;
        std::uint64_t changes = 0; ///< a load starts again if there are more of them
    };

    static void put(Choices& choices, const NodeItem& item);
    void take(User& user, const PersonalNodes::Change& change);
    /// Takes an item that was published or, if it has no payload, retracted.
    void replace(User& user, Choices& choices, const NodeItem& item);
    void doubt(User& user);
    Task<Done> read_again(std::shared_ptr<User> user);

    PersonalNodes* nodes_ = nullptr; ///< null: there are no nodes, so no settings
    UserSlot<Choices> slot_;
    OnChange changed_;
};

} // namespace stonechat
