// SPDX-License-Identifier: Apache-2.0
#include "modules/notification_choices.hpp"

#include "base/background.hpp"
#include "base/log.hpp"
#include "router/host.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <utility>

namespace stonechat {
namespace {

/// A device that registers for push does not say what it is. Nearly all are phones.
constexpr ApplicationIdentity pushed_device { "client", "phone" };

std::optional<NotificationSetting> setting_of_bookmark(const NodeItem& item)
{
    const auto conference = parse_element(item.payload);
    if (!conference || !conference->is("conference", ns::bookmarks)) {
        return std::nullopt;
    }
    const Element* extensions = conference->child("extensions");
    return extensions == nullptr ? std::nullopt : read_notification_setting(*extensions, pushed_device);
}

} // namespace

void NotificationChoices::attach(Handlers& on, OnChange changed)
{
    changed_ = std::move(changed);
    slot_ = on.user_slot<Choices>();
    nodes_ = on.host().personal_nodes();
    if (nodes_ != nullptr) {
        nodes_->watch(std::string(ns::bookmarks), [this](User& user, const PersonalNodes::Change& change) {
            if (change.concerns_items()) {
                take(user, change);
            }
        });
    }
    on.account_changed([this](const Context& c) { doubt(*c.user); });
    on.account_removed([this](const Context& c) { drop(*c.user); });
}

Task<bool> NotificationChoices::load(std::shared_ptr<User> user)
{
    while (nodes_ != nullptr && !slot_.of(*user).is_loaded) {
        const std::uint64_t changes = slot_.of(*user).changes;
        NodeStore::ItemQuery all;
        auto reading = user->host().storage().nodes().items(user->key(), std::string(ns::bookmarks), all);
        const auto page = co_await reading;
        if (!page) {
            co_return false;
        }
        Choices& choices = slot_.of(*user);
        if (choices.changes == changes) {
            choices.by_chat.clear();
            for (const NodeItem& item : page->items) {
                put(choices, item);
            }
            choices.is_loaded = true;
        }
    }
    co_return true;
}

void NotificationChoices::drop(const User& user) const
{
    if (Choices* choices = slot_.find(user)) {
        choices->by_chat.clear();
        choices->is_loaded = false;
    }
}

std::optional<NotificationSetting> NotificationChoices::find(const User& user, std::string_view chat) const
{
    const Choices* choices = slot_.find(user);
    if (choices == nullptr) {
        return std::nullopt;
    }
    const auto found = choices->by_chat.find(chat);
    return found == choices->by_chat.end() ? std::nullopt : std::optional(found->second.setting);
}

void NotificationChoices::put(Choices& choices, const NodeItem& item)
{
    const auto chat = Jid::parse(item.id);
    const auto setting = setting_of_bookmark(item);
    if (chat && setting) {
        choices.by_chat.insert_or_assign(chat->text(), Choice { item.id, *setting });
    }
}

void NotificationChoices::take(User& user, const PersonalNodes::Change& change)
{
    Choices* choices = slot_.find(user);
    if (choices == nullptr) {
        return;
    }
    ++choices->changes;
    if (!choices->is_loaded) {
        return;
    }
    if (change.emptied) {
        for (const auto& [chat, choice] : std::exchange(choices->by_chat, {})) {
            changed_(user, Jid::parse(chat).value_or(Jid()));
        }
    }
    for (const NodeItem& item : change.published) {
        replace(user, *choices, item);
    }
    for (const std::string& id : change.retracted) {
        NodeItem gone;
        gone.id = id;
        replace(user, *choices, gone);
    }
}

void NotificationChoices::replace(User& user, Choices& choices, const NodeItem& item)
{
    const auto chat = Jid::parse(item.id);
    if (!chat) {
        return;
    }
    const auto before = find(user, chat->text());
    const auto found = choices.by_chat.find(chat->text());
    if (found != choices.by_chat.end() && found->second.item == item.id) {
        choices.by_chat.erase(found);
    }
    put(choices, item);
    if (find(user, chat->text()) != before) {
        changed_(user, *chat);
    }
}

/// What is known stays in use until the settings are read again.
void NotificationChoices::doubt(User& user)
{
    Choices* choices = slot_.find(user);
    if (choices != nullptr && choices->is_loaded) {
        ++choices->changes;
        choices->is_loaded = false;
        start_in_background(read_again(user.shared_from_this()), user.host().log(),
            "notification settings not read");
    }
}

Task<Done> NotificationChoices::read_again(std::shared_ptr<User> user)
{
    auto loading = load(user);
    const bool loaded = co_await loading;
    if (!loaded) {
        user->host().log().warning("notification settings not read", { { "account", user->jid().text() } });
    }
    changed_(*user, Jid());
    co_return Done();
}

} // namespace stonechat
