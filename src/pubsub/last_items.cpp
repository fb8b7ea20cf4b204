// SPDX-License-Identifier: Apache-2.0
#include "pubsub/last_items.hpp"

#include "base/random.hpp"
#include "pubsub/access.hpp"
#include "pubsub/events.hpp"
#include "pubsub/node_profiles.hpp"
#include "router/data_view.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "storage/storage.hpp"
#include "xmpp/serialize.hpp"

#include <map>
#include <utility>

namespace stonechat {
namespace {

/// The configurations of nodes: most have one of a few texts, and reading one takes longer than finding it.
class Configs {
public:
    const NodeConfig& of(const std::string& text)
    {
        auto found = known_.find(text);
        if (found == known_.end()) {
            found = known_.emplace(text, node_config_from_text(text)).first;
        }
        return found->second;
    }

private:
    std::map<std::string, NodeConfig> known_;
};

bool is_sent_at_presence(const NodeConfig& config)
{
    return config.last_item == NodeConfig::LastItem::on_sub_and_presence && config.notify;
}

bool may_read(const User& reader, const Jid& owner, const NodeConfig& config, const NodeStore::LastItem& last)
{
    if (owner == reader.jid()) {
        return true;
    }
    if (is_private_for_ever(last.node)) {
        return false;
    }
    Relation relation;
    relation.affiliation = last.affiliation;
    relation.subscription = last.subscription;
    relation.is_contact = true; // the store gives items of no others
    relation.groups = last.groups;
    return !reading_refused(config, relation);
}

void send_item(const User& reader, Session& session, const NodeConfig& config,
    const NodeStore::LastItem& last)
{
    const auto owner = Jid::from_parts(last.service.user, last.service.host);
    if (!owner || reader.block_list().covers(*owner) || !may_read(reader, *owner, config, last)) {
        return;
    }
    session.send(last_item_message(*owner, last.node, config, last.item, session.jid(), random_id()));
}

} // namespace

std::vector<AccountKey> sources_of_items(const User& user)
{
    std::vector<AccountKey> accounts { user.key() };
    for (const RosterRecord& contact : user.roster().records()) {
        const Jid& jid = contact.contact;
        const bool is_here = user.host().router().host(jid.domain()) != nullptr && jid.has_local();
        if (is_here && is_seen_by_us(contact.subscription)) {
            accounts.push_back({ std::string(jid.domain()), std::string(jid.local()) });
        }
    }
    return accounts;
}

Task<Done> send_last_items(std::shared_ptr<User> user, std::shared_ptr<Session> session,
    std::vector<AccountKey> accounts, std::vector<std::string> nodes)
{
    NodeStore::LastItemsQuery query;
    query.reader = session->jid();
    query.accounts = std::move(accounts);
    query.nodes = std::move(nodes);
    query.block_store = "blocking";
    auto reading = user->host().storage().nodes().last_items(std::move(query));
    const auto found = co_await reading;
    if (!found || !session->is_open()) {
        co_return Done();
    }
    Configs configs;
    for (const NodeStore::LastItem& last : *found) {
        const NodeConfig& config = configs.of(last.config);
        if (is_sent_at_presence(config)) {
            send_item(*user, *session, config, last);
        }
    }
    co_return Done();
}

Task<Done> send_last_view(std::shared_ptr<User> user, std::shared_ptr<Session> session, std::string node)
{
    auto reading = user->host().data_view(node)->read(user, session->jid());
    const auto data = co_await reading;
    if (data && data->content.first_child() != nullptr && session->is_open()) {
        const NodeItem item { DataView::item_id, user->jid(), to_xml(data->content), data->modified,
            data->modified };
        session->send(last_item_message(user->jid(), node, account_node_config(node), item, session->jid(),
            random_id()));
    }
    co_return Done();
}

} // namespace stonechat
