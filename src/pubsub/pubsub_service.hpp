// SPDX-License-Identifier: Apache-2.0
// PubsubService: a pubsub service with a domain of its own (XEP-0060). All its nodes live on the home shard
// of the domain. Owned by the module `pubsub`; shard-bound.
#pragma once

#include "pubsub/item_answers.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "router/domain_service.hpp"

namespace stonechat {

class PubsubService final : public DomainService, public NodeService {
public:
    PubsubService(Host& host, Jid domain);

    // Destination, DomainService
    Placement placement() const override { return Placement::by_domain; }
    void deliver(Stanza stanza, Settlement settlement) override;
    void sweep() override { drop_idle(); }
    Task<bool> forget_account(Jid account) override;

    // NodeService
    const Section& settings() const override;
    Relation relation(const Node& node, const Jid& who) const override;
    bool may_create(const Jid& who) const override;
    NodeConfig default_config(std::string_view name) const override;
    bool has_contacts() const override { return false; }
    ItemAnswers* item_answers() const override { return &answers_; }
    bool owns_all(const Jid& who) const override;

private:
    void answer_request(Stanza request, Settlement settlement);
    Task<Done> answer_later(Stanza request, Settlement settlement);
    Task<IqAnswer> answer(Iq iq);
    Task<IqAnswer> answer_info(Iq iq);
    Task<IqAnswer> answer_items(Iq iq);

    PubsubRequests requests_;
    mutable ItemAnswers answers_;
};

} // namespace stonechat
