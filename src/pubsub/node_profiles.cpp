// SPDX-License-Identifier: Apache-2.0
#include "pubsub/node_profiles.hpp"

#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>

namespace stonechat {
namespace {

using Access = NodeConfig::Access;
using LastItem = NodeConfig::LastItem;

struct Profile {
    std::string_view name; ///< of the node; one that ends in `*` stands for all names that begin so
    Access access;
    std::size_t max_items;
    LastItem last_item;
    bool private_for_ever = false;
};

constexpr std::size_t all = NodeConfig::as_many_as_allowed;

// The first that matches counts.
constexpr std::array profiles {
    // XEP-0384: keys have to be readable before a chat begins. In the old format each device has a node, in
    // the
    // new one each device has an item.
    Profile { "eu.siacs.conversations.axolotl.*", Access::open, 1, LastItem::on_sub_and_presence },
    Profile { ns::omemo_2_bundles, Access::open, all, LastItem::on_sub_and_presence },
    Profile { ns::omemo_2_devices, Access::open, 1, LastItem::on_sub_and_presence },
    // XEP-0373 §4: public keys of OpenPGP.
    Profile { "urn:xmpp:openpgp:0:public-keys*", Access::open, 1, LastItem::on_sub_and_presence },
    Profile { "urn:xmpp:openpgp:0:secret-key", Access::whitelist, 1, LastItem::never },
    // What nobody but the account may see.
    Profile { ns::bookmarks, Access::whitelist, all, LastItem::never, true },
    Profile { ns::bookmarks_old, Access::whitelist, 1, LastItem::on_sub_and_presence, true },
    Profile { ns::displayed_sync, Access::whitelist, all, LastItem::never, true },
    Profile { "urn:xmpp:pubsub:movim-public-subscription", Access::presence, all, LastItem::on_sub },
    Profile { "urn:xmpp:contacts", Access::whitelist, all, LastItem::never }, // XEP-0292 §5.2
    // XEP-0292 and XEP-0277/0472: a card and a blog.
    Profile { ns::vcard4, Access::presence, 1, LastItem::on_sub_and_presence },
    Profile { ns::microblog, Access::presence, all, LastItem::on_sub_and_presence },
    Profile { "urn:xmpp:stickers:0", Access::open, all, LastItem::on_sub_and_presence }, // XEP-0449
};

bool matches(const Profile& profile, std::string_view name)
{
    if (profile.name.ends_with('*')) {
        return name.starts_with(profile.name.substr(0, profile.name.size() - 1));
    }
    return profile.name == name;
}

/// XEP-0223: a node whose name says so is private.
bool is_private_by_name(std::string_view name)
{
    return name.starts_with("urn:xmpp:") && name.ends_with(":private");
}

const Profile* find_profile(std::string_view name)
{
    const auto* found = std::find_if(profiles.begin(), profiles.end(),
        [name](const Profile& profile) { return matches(profile, name); });
    return found == profiles.end() ? nullptr : found;
}

} // namespace

NodeConfig account_node_config(std::string_view name)
{
    NodeConfig config;
    config.access = Access::presence;
    config.max_items = 1;
    config.last_item = LastItem::on_sub_and_presence;
    if (const Profile* found = find_profile(name)) {
        config.access = found->access;
        config.max_items = found->max_items;
        config.last_item = found->last_item;
    } else if (is_private_by_name(name)) {
        config.access = Access::whitelist;
        config.last_item = LastItem::never;
    }
    return config;
}

bool is_private_for_ever(std::string_view name)
{
    const Profile* found = find_profile(name);
    return found != nullptr && found->private_for_ever;
}

std::size_t most_items_of(std::string_view name, std::size_t usual)
{
    constexpr std::size_t conversations = 20'000; // an account may have that many; their bytes are limited
    const bool per_conversation = name == ns::displayed_sync || name == ns::bookmarks;
    return per_conversation ? std::max(usual, conversations) : usual;
}

} // namespace stonechat
