// SPDX-License-Identifier: Apache-2.0
// PersonalNodes: the pubsub nodes of accounts (XEP-0163), for features that keep something there or show it
// in another form: avatars, bookmarks, read marks. Implemented by the module `pep`; one per host and shard.
// Accounts are named by their User, whose home is this shard.
#pragma once

#include "base/task.hpp"
#include "router/handlers.hpp"
#include "storage/node_store.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza_error.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stonechat {

class User;

class PersonalNodes {
public:
    virtual ~PersonalNodes() = default;

    using Items = Result<std::vector<NodeItem>, StanzaError>;
    /// Returns items of a node, as far as `reader` may read them: none if there is no such node, or if
    /// `reader` may not read it.
    virtual Task<Items> read(std::shared_ptr<User> account, Jid reader, std::string node,
        NodeStore::ItemQuery query) = 0;

    /// Who may read a node, beside those whom the node names.
    enum class Readers {
        few,      ///< some that the account chose; or there is no such node
        contacts, ///< who see the account's presence
        everybody,
    };
    virtual Task<Result<Readers, StanzaError>> readers(std::shared_ptr<User> account, std::string node) = 0;

    /// The access to a node that `publish` creates.
    enum class NewNode { usual, open };
    /// Publishes an item as a client of the account would: creates the node with its usual configuration,
    /// stores, then sends the events. Returns why it failed.
    virtual Task<std::optional<StanzaError>> publish(std::shared_ptr<User> account, std::string node,
        NodeItem item, NewNode access) = 0;
    Task<std::optional<StanzaError>> publish(std::shared_ptr<User> account, std::string node, NodeItem item)
    {
        return publish(std::move(account), std::move(node), std::move(item), NewNode::usual);
    }
    /// Publishes several items: stores all of them or none, then sends an event for each.
    virtual Task<std::optional<StanzaError>> publish_all(std::shared_ptr<User> account, std::string node,
        std::vector<NodeItem> items) = 0;
    /// Removes items; sends events if the node does. What does not exist is no failure.
    virtual Task<std::optional<StanzaError>> retract(std::shared_ptr<User> account, std::string node,
        std::vector<std::string> ids) = 0;

    /// What happened to a node.
    struct Change {
        const std::string& node;
        std::vector<NodeItem> published;
        std::vector<std::string> retracted; ///< ids
        bool emptied = false;               ///< all items are gone: the node was purged or deleted
        bool configured = false;            ///< the node has another configuration

        bool concerns_items() const { return !published.empty() || !retracted.empty() || emptied; }
    };
    using OnChange = std::function<void(User& account, const Change& change)>;
    /// Calls `f` after each committed change of the node `node` of any account. Call when a module attaches.
    virtual void watch(std::string node, OnChange f) = 0;

    /// Ends the subscriptions of `contact` to nodes that it may not read any more, because the account's
    /// roster has changed: other groups, or it does not see the account's presence any more.
    virtual void contact_changed(User& account, const Jid& contact) = 0;

    /// Answers a request to an archive that names a node (XEP-0442): of the account that is asked, or of one
    /// that does not exist (To::nobody).
    virtual Task<IqAnswer> answer_archive(Iq iq, Context context) = 0;

    /// Sends the event for an item of a node that is a DataView: nothing is stored. The methods above are
    /// about stored nodes only.
    virtual void announce(User& account, std::string node, NodeItem item) = 0;
};

} // namespace stonechat
