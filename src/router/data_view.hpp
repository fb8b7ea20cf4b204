// SPDX-License-Identifier: Apache-2.0
// DataView: data of accounts that is kept in a new form and shown to old clients in the old one, under its
// old name: as the fragment of private XML whose namespace is that name (XEP-0049), and as the node of the
// account with that name, which has one item (XEP-0223). Nothing is stored under the old name: who reads is
// shown what there is now, and what is written changes the new form. Made by a module, known to its Host;
// shard-bound.
#pragma once

#include "base/clock.hpp"
#include "base/task.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza_error.hpp"

#include <memory>
#include <optional>

namespace stonechat {

class User;

class DataView {
public:
    virtual ~DataView() = default;

    /// The id of the one item of the node.
    static constexpr const char* item_id = "current";

    struct Data {
        Element content; ///< the root in its old form; without children if there is nothing
        WallTime modified;
    };
    /// Returns the data, in the old form, for a client of the account (its full address).
    virtual Task<Result<Data, StanzaError>> read(std::shared_ptr<User> account, Jid client) = 0;
    /// Takes over what a client of the account wrote in the old form. Returns why that failed.
    virtual Task<std::optional<StanzaError>> write(std::shared_ptr<User> account, Jid client,
        Element content) = 0;
};

} // namespace stonechat
