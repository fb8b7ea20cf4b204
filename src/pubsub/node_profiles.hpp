// SPDX-License-Identifier: Apache-2.0
// Node profiles: the configuration with which a node of an account is created when its client gives no
// options. The XEPs say how their nodes are to be configured, but some clients do not ask for it: without a
// profile, an old client would make bookmarks public or keep one OMEMO bundle only. Pure.
#pragma once

#include "pubsub/node_config.hpp"

#include <cstddef>
#include <string_view>

namespace stonechat {

/// Returns the configuration of a new node `name` of an account (XEP-0163 §3, and the XEPs of well-known
/// nodes).
NodeConfig account_node_config(std::string_view name);

/// Whether a node of this name is private for ever: nobody but the account reads it or publishes there, and
/// no configuration or affiliation changes that (XEP-0223, XEP-0402 §5.2).
bool is_private_for_ever(std::string_view name);

/// Returns the number of items that a node of this name may keep at most when its configuration says "max":
/// `usual`, or more for nodes of many small items (one for each conversation).
std::size_t most_items_of(std::string_view name, std::size_t usual);

} // namespace stonechat
