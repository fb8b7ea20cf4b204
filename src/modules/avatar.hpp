// SPDX-License-Identifier: Apache-2.0
// The avatar of an account: one image in the account's nodes (XEP-0084), which is all that is stored. The
// photo on the vCard (XEP-0054) and the hash in presence (XEP-0153) are made from it.
#pragma once

#include "base/task.hpp"
#include "router/personal_nodes.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza_error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

class User;

struct Avatar {
    std::string hash; ///< SHA-1 of the image, hexadecimal
    std::string type; ///< media type; may be empty
    std::string image;
};

/// The avatar that an item of the metadata node names.
struct NamedAvatar {
    std::string id;   ///< of the item in the data node
    std::string type; ///< media type
};
/// Reads the payload of an item of the metadata node. Of several forms of the image, the one in the data node
/// counts: it has no `url` (XEP-0398 §3.1). Nullopt: there is none.
std::optional<NamedAvatar> named_avatar(std::string_view metadata);
/// Returns `id` as a hash: lower-case hexadecimal; empty if it cannot be the hash of an image.
std::string hash_from_id(std::string_view id);

/// What somebody can read of an account's avatar.
struct AvatarView {
    bool is_published = false;    ///< the metadata node has an item; it may say that there is no avatar
    bool is_disabled = false;     ///< that item is empty: the account has no avatar
    std::string mislabelled;      ///< id of an image whose hash is another; empty if all is well
    std::optional<Avatar> avatar; ///< the image, if it is there and its id is its hash
};
Task<Result<AvatarView, StanzaError>> read_avatar(std::shared_ptr<User> account, Jid reader);
/// Returns who may read both nodes.
Task<Result<PersonalNodes::Readers, StanzaError>> readers_of_avatar(std::shared_ptr<User> account);

/// Publishes the image, then its metadata (XEP-0398 §3.2). Nodes that do not exist are made open: a photo on
/// a vCard is for everybody. Returns why it failed.
Task<std::optional<StanzaError>> publish_avatar(std::shared_ptr<User> account, Avatar avatar);
/// Publishes that there is no avatar (XEP-0084 §3.5).
Task<std::optional<StanzaError>> disable_avatar(std::shared_ptr<User> account);

// The photo on a vCard -----------------------------------------------------------------------------

struct Photo {
    enum class Kind {
        none,
        empty, ///< the card says that there is no photo
        image,
        broken, ///< it has an image that cannot be decoded
        other,  ///< no image, but something else, like the address of one
    };
    Kind kind = Kind::none;
    Avatar avatar; ///< of Kind::image
};
Photo photo_of(const Element& card);
Element photo_element(const Avatar& avatar);

} // namespace stonechat
