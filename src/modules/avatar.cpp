// SPDX-License-Identifier: Apache-2.0
#include "modules/avatar.hpp"

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "router/host.hpp"
#include "xmpp/avatar_hash.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t hash_digits = 40;

NodeItem item_with(const User& account, std::string id, const Element& payload)
{
    NodeItem item;
    item.id = std::move(id);
    item.publisher = account.jid();
    item.payload = to_xml(payload);
    item.modified = account.host().clock().wall();
    return item;
}

/// Returns the media type of an image that was saved without one.
std::string_view type_by_content(std::string_view image)
{
    struct Beginning {
        std::string_view bytes, type;
    };
    constexpr std::array beginnings { Beginning { "\xFF\xD8", "image/jpeg" },
        Beginning { "GIF8", "image/gif" }, Beginning { "RIFF", "image/webp" } };
    for (const auto& [bytes, type] : beginnings) {
        if (image.starts_with(bytes)) {
            return type;
        }
    }
    return "image/png";
}

Element metadata_of(const Avatar& avatar)
{
    Element metadata("metadata", ns::avatar_metadata);
    metadata.add("info")
        .set_attribute("bytes", std::to_string(avatar.image.size()))
        .set_attribute("id", avatar.hash)
        .set_attribute("type", avatar.type.empty() ? type_by_content(avatar.image) : avatar.type);
    return metadata;
}

} // namespace

std::optional<NamedAvatar> named_avatar(std::string_view metadata)
{
    const auto element = parse_element(metadata);
    if (!element) {
        return std::nullopt;
    }
    for (const Element* info : element->children("info", ns::avatar_metadata)) {
        if (!info->has_attribute("url") && info->has_attribute("id")) {
            return NamedAvatar { std::string(info->attribute_or("id")),
                std::string(info->attribute_or("type")) };
        }
    }
    return std::nullopt;
}

std::string hash_from_id(std::string_view id)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hash = ascii_lower(id);
    if (hash.size() != hash_digits || hash.find_first_not_of(digits) != std::string::npos) {
        return {};
    }
    return hash;
}

Task<Result<AvatarView, StanzaError>> read_avatar(std::shared_ptr<User> account, Jid reader)
{
    PersonalNodes& nodes = *account->host().personal_nodes();
    NodeStore::ItemQuery newest;
    newest.newest = 1;
    auto reading = nodes.read(account, reader, std::string(ns::avatar_metadata), std::move(newest));
    const auto metadata = co_await reading;
    if (!metadata) {
        co_return metadata.error();
    }
    AvatarView view;
    if (metadata->empty()) {
        co_return view;
    }
    view.is_published = true;
    const auto element = parse_element(metadata->front().payload);
    view.is_disabled = element && element->child_count() == 0;
    const auto named = named_avatar(metadata->front().payload);
    if (!named) {
        co_return view;
    }
    NodeStore::ItemQuery by_id;
    by_id.ids.push_back(named->id);
    auto fetching = nodes.read(account, reader, std::string(ns::avatar_data), std::move(by_id));
    const auto data = co_await fetching;
    if (!data) {
        co_return data.error();
    }
    if (data->empty()) {
        co_return view; // the client died before it published the image, or it was removed
    }
    const auto payload = parse_element(data->front().payload);
    auto image = payload ? decode_image(payload->text()) : std::nullopt;
    if (!image || image_hash(*image) != hash_from_id(named->id)) {
        view.mislabelled = named->id;
        co_return view;
    }
    view.avatar = Avatar { hash_from_id(named->id), named->type, std::move(*image) };
    co_return view;
}

Task<Result<PersonalNodes::Readers, StanzaError>> readers_of_avatar(std::shared_ptr<User> account)
{
    PersonalNodes& nodes = *account->host().personal_nodes();
    auto asking = nodes.readers(account, std::string(ns::avatar_metadata));
    const auto metadata = co_await asking;
    if (!metadata) {
        co_return metadata.error();
    }
    auto asking_again = nodes.readers(account, std::string(ns::avatar_data));
    const auto data = co_await asking_again;
    if (!data) {
        co_return data.error();
    }
    co_return std::min(*metadata, *data);
}

Task<std::optional<StanzaError>> publish_avatar(std::shared_ptr<User> account, Avatar avatar)
{
    constexpr auto open = PersonalNodes::NewNode::open;
    PersonalNodes& nodes = *account->host().personal_nodes();
    Element data("data", ns::avatar_data);
    data.add_text(base64_encode(avatar.image));
    auto publishing = nodes.publish(account, std::string(ns::avatar_data),
        item_with(*account, avatar.hash, data), open);
    auto failed = co_await publishing;
    if (failed) {
        co_return failed;
    }
    auto announcing = nodes.publish(account, std::string(ns::avatar_metadata),
        item_with(*account, avatar.hash, metadata_of(avatar)), open);
    failed = co_await announcing;
    co_return failed;
}

Task<std::optional<StanzaError>> disable_avatar(std::shared_ptr<User> account)
{
    auto publishing = account->host().personal_nodes()->publish(account, std::string(ns::avatar_metadata),
        item_with(*account, "current", Element("metadata", ns::avatar_metadata)));
    auto failed = co_await publishing;
    co_return failed;
}

Photo photo_of(const Element& card)
{
    Photo photo;
    const Element* element = card.child("PHOTO", ns::vcard_temp);
    if (element == nullptr) {
        return photo;
    }
    const bool has_address = !element->child_text("EXTVAL").empty();
    auto image = decode_image(element->child_text("BINVAL"));
    if (!image) {
        photo.kind = Photo::Kind::broken;
    } else if (image->empty()) {
        photo.kind = has_address ? Photo::Kind::other : Photo::Kind::empty;
    } else {
        photo.kind = Photo::Kind::image;
        photo.avatar = { image_hash(*image), element->child_text("TYPE"), std::move(*image) };
    }
    return photo;
}

Element photo_element(const Avatar& avatar)
{
    Element photo("PHOTO", ns::vcard_temp);
    if (!avatar.type.empty()) {
        photo.add_text_child("TYPE", avatar.type);
    }
    photo.add_text_child("BINVAL", base64_encode(avatar.image));
    return photo;
}

} // namespace stonechat
