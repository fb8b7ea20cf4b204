// SPDX-License-Identifier: Apache-2.0
#include "muc/room_hats.hpp"

#include "base/keyed_hash.hpp"
#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

using FieldType = DataForm::FieldType;

constexpr std::string_view hat_prefix = "hat ";
constexpr std::string_view wearer_prefix = "of ";

std::string join(std::string_view one, std::string_view other)
{
    std::string text(one);
    text += other;
    return text;
}

std::string to_text(const Hat& hat)
{
    Element element("hat", ns::hats);
    element.set_attribute("title", hat.title);
    if (!hat.hue.empty()) {
        element.set_attribute("hue", hat.hue);
    }
    if (!hat.lang.empty()) {
        element.set_lang(hat.lang);
    }
    return to_xml(element);
}

/// One URI per line; a URI contains no line end.
std::string to_text(const RoomHats::Uris& uris)
{
    std::string text;
    for (const std::string& uri : uris) {
        text += uri;
        text += '\n';
    }
    return text;
}

RoomHats::Changes wearer(std::string_view jid, const RoomHats::Uris& uris)
{
    RoomHats::Changes changes;
    changes.emplace_back(join(wearer_prefix, jid),
        uris.empty() ? std::nullopt : std::optional(to_text(uris)));
    return changes;
}

} // namespace

// The hats ----------------------------------------------------------------------------------------

const Hat* RoomHats::find(std::string_view uri) const
{
    const auto found = hats_.find(uri);
    return found == hats_.end() ? nullptr : &found->second;
}

bool RoomHats::wears(const Jid& user, std::string_view uri) const
{
    const auto found = wearers_.find(user.bare_text());
    return found != wearers_.end() && found->second.contains(uri);
}

std::set<std::string, std::less<>> RoomHats::who_wears(std::string_view uri) const
{
    std::set<std::string, std::less<>> users;
    for (const auto& [jid, uris] : wearers_) {
        if (uris.contains(uri)) {
            users.insert(jid);
        }
    }
    return users;
}

std::size_t RoomHats::worn() const
{
    std::size_t count = 0;
    for (const auto& [jid, uris] : wearers_) {
        count += uris.size();
    }
    return count;
}

RoomHats::Changes RoomHats::put(const Hat& hat)
{
    Changes changes;
    changes.emplace_back(join(hat_prefix, hat.uri), to_text(hat));
    return changes;
}

RoomHats::Changes RoomHats::destroy(std::string_view uri) const
{
    Changes changes;
    changes.emplace_back(join(hat_prefix, uri), std::nullopt);
    for (const std::string& jid : who_wears(uri)) {
        Uris rest = wearers_.find(jid)->second;
        rest.erase(rest.find(uri));
        for (auto& change : wearer(jid, rest)) {
            changes.push_back(std::move(change));
        }
    }
    return changes;
}

RoomHats::Changes RoomHats::assign(const Jid& user, std::string_view uri) const
{
    const auto found = wearers_.find(user.bare_text());
    Uris uris = found == wearers_.end() ? Uris() : found->second;
    uris.emplace(uri);
    return wearer(user.bare_text(), uris);
}

RoomHats::Changes RoomHats::unassign(const Jid& user, std::string_view uri) const
{
    const auto found = wearers_.find(user.bare_text());
    Uris uris = found == wearers_.end() ? Uris() : found->second;
    if (const auto worn = uris.find(uri); worn != uris.end()) {
        uris.erase(worn);
    }
    return wearer(user.bare_text(), uris);
}

bool RoomHats::has_hats(const Jid& user) const
{
    return wearers_.find(user.bare_text()) != wearers_.end();
}

RoomHats::Changes RoomHats::take_all(const Jid& user)
{
    return wearer(user.bare_text(), {});
}

std::string RoomHats::name_of_wearer(const Jid& user)
{
    return join(wearer_prefix, user.bare_text());
}

void RoomHats::apply(const Changes& changes)
{
    for (const auto& [name, text] : changes) {
        const std::string_view view = name;
        if (view.starts_with(hat_prefix)) {
            apply_hat(view.substr(hat_prefix.size()), text);
        } else if (view.starts_with(wearer_prefix)) {
            apply_wearer(view.substr(wearer_prefix.size()), text);
        }
    }
}

void RoomHats::apply_hat(std::string_view uri, const std::optional<std::string>& text)
{
    const auto element = parse_element(text.value_or(std::string()));
    if (!element) {
        hats_.erase(std::string(uri));
        return;
    }
    Hat hat;
    hat.uri = uri;
    hat.title = element->attribute_or("title");
    hat.hue = element->attribute_or("hue");
    hat.lang = element->lang();
    hats_.insert_or_assign(hat.uri, std::move(hat));
}

void RoomHats::apply_wearer(std::string_view jid, const std::optional<std::string>& text)
{
    Uris uris;
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        uris.emplace(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    if (uris.empty()) {
        wearers_.erase(std::string(jid));
    } else {
        wearers_.insert_or_assign(std::string(jid), std::move(uris));
    }
}

void RoomHats::add_to(Element& presence, const Jid& user) const
{
    const auto found = wearers_.find(user.bare_text());
    if (found == wearers_.end()) {
        return;
    }
    Element& all = presence.add("hats", ns::hats);
    for (const std::string& uri : found->second) {
        const Hat* hat = find(uri);
        if (hat == nullptr) {
            continue;
        }
        Element& element = all.add("hat");
        element.set_attribute("title", hat->title).set_attribute("uri", uri);
        if (!hat->hue.empty()) {
            element.set_attribute("hue", hat->hue);
        }
        if (!hat->lang.empty()) {
            element.set_lang(hat->lang);
        }
    }
}

Task<bool> read_hats(Room& room)
{
    const auto held = room.shared_from_this();
    auto loading = room.host().storage().keyval().load(room.key(), std::string(RoomHats::store));
    const auto entries = co_await loading;
    if (!entries) {
        co_return false;
    }
    RoomHats::Changes all(entries->begin(), entries->end());
    held->hats().apply(all);
    co_return true;
}

Task<Result<Done, StoreError>> store_hats(std::shared_ptr<Room> room, RoomHats::Changes changes)
{
    RoomHats::Changes stored = changes;
    auto storing = room->host().storage().keyval().apply(room->key(), std::string(RoomHats::store),
        std::move(stored));
    const auto done = co_await storing;
    if (!done) {
        co_return done.error();
    }
    room->hats().apply(changes);
    co_return Done();
}

void add_hats_hash(const Room& room, const Jid&, DataForm& info)
{
    if (room.hats().all().empty()) {
        return;
    }
    std::string text(room.address().text());
    for (const auto& [uri, hat] : room.hats().all()) {
        text += '\n';
        text += uri;
        text += to_text(hat);
    }
    const KeyedHash hash(room.host().router().server().secret(), "hats of a room");
    std::array<char, 20> digits {};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash(text)));
    info.add("hats#hash", FieldType::text_single, "Hats hash", digits.data());
}

} // namespace stonechat
