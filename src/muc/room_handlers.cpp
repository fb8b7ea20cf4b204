// SPDX-License-Identifier: Apache-2.0
#include "muc/room_handlers.hpp"

#include "xmpp/ad_hoc_command.hpp"

#include <algorithm>

namespace stonechat {

void RoomHandlers::iq_get(std::string_view ns, std::string_view element, OnRequest handler)
{
    requests_.add(feature_, IqType::get, ns, element, handler);
}

void RoomHandlers::iq_set(std::string_view ns, std::string_view element, OnRequest handler)
{
    requests_.add(feature_, IqType::set, ns, element, handler);
}

void RoomHandlers::feature(std::string_view var, Condition condition)
{
    const auto same = [var](const FeatureRow& row) { return row.var == var; };
    if (std::any_of(features_.begin(), features_.end(), same)) {
        refuse_second("feature of a room", feature_, var);
    }
    features_.push_back({ std::string(var), condition, nullptr });
}

void RoomHandlers::features(Features list)
{
    features_.push_back({ {}, nullptr, list });
}

void RoomHandlers::info_form(OnInfoForm handler)
{
    info_form_.push_back(handler);
}

void RoomHandlers::disco_info(std::string_view node, OnDisco handler)
{
    disco_.add(DiscoKind::info, node, std::move(handler));
}

void RoomHandlers::disco_items(std::string_view node, OnDisco handler)
{
    disco_.add(DiscoKind::items, node, std::move(handler));
}

void RoomHandlers::command(RoomCommand command)
{
    if (find_command(command.node) != nullptr) {
        refuse_second("command of a room", feature_, command.node);
    }
    disco_info(command.node,
        [name = command.name](const Room&, const Jid&, Element& query) { describe_command(query, name); });
    commands_.push_back(std::move(command));
}

void RoomHandlers::message(Recognises is_one, OnMessage handler)
{
    messages_.emplace_back(is_one, handler);
}

void RoomHandlers::account_removed(Knows knows, Forget forget)
{
    accounts_.emplace_back(knows, forget);
}

RoomHandlers::OnMessage RoomHandlers::find_message_handler(const Stanza& message) const
{
    for (const auto& [is_one, handler] : messages_) {
        if (is_one(message)) {
            return handler;
        }
    }
    return nullptr;
}

bool RoomHandlers::knows(const Room& room, const Jid& account) const
{
    return std::any_of(accounts_.begin(), accounts_.end(),
        [&](const auto& part) { return part.first(room, account); });
}

void RoomHandlers::forget(Room& room, const Jid& account) const
{
    for (const auto& [knows, forget_it] : accounts_) {
        forget_it(room, account);
    }
}

const RoomCommand* RoomHandlers::find_command(std::string_view node) const
{
    const auto found = std::find_if(commands_.begin(), commands_.end(),
        [node](const RoomCommand& command) { return command.node == node; });
    return found == commands_.end() ? nullptr : &*found;
}

void RoomHandlers::add_features(const Room& room, Element& query) const
{
    const auto add = [&query](std::string_view var) { query.add("feature").set_attribute("var", var); };
    for (const FeatureRow& row : features_) {
        if (row.list != nullptr) {
            for (const std::string_view var : row.list(room)) {
                add(var);
            }
        } else if (row.condition == nullptr || row.condition(room)) {
            add(row.var);
        }
    }
}

void RoomHandlers::fill_info_form(const Room& room, const Jid& asker, DataForm& form) const
{
    for (const OnInfoForm handler : info_form_) {
        handler(room, asker, form);
    }
}

bool RoomHandlers::disco(DiscoKind what, std::string_view node, const Room& room, const Jid& asker,
    Element& query) const
{
    return disco_.run(what, node, room, asker, query);
}

std::string RoomHandlers::print() const
{
    std::string out;
    requests_.for_each([&out](const std::string& feature, IqType type, const std::string& ns,
                           const std::string& element) {
        out += "iq " + std::string(to_text(type)) + ": " + request_in_words(element, ns) + ": " + feature
            + '\n';
    });
    for (const RoomCommand& command : commands_) {
        out += "command: " + command.node + '\n';
    }
    return out;
}

} // namespace stonechat
