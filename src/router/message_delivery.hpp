// SPDX-License-Identifier: Apache-2.0
// MessageDelivery: the way of a message on one host and shard. It is planned on the sender's side
// (archive, carbon copies) and on the recipient's (archive, who gets it by RFC 6121 section 8.5,
// mailbox); what both want is committed in one transaction, for each of them as he sent or got it;
// only then does anybody get it, in the order in which messages came. What is not worth keeping goes
// at once. Part of a Host; shard-bound.
#pragma once

#include "router/delivery.hpp"
#include "router/delivery_plan.hpp"
#include "router/settlement.hpp"
#include "storage/message_store.hpp"
#include "xmpp/stanza.hpp"

#include <memory>
#include <string>

namespace stonechat {

class Host;
class User;
class Verdict;
struct Context;

class MessageDelivery {
public:
    explicit MessageDelivery(Host& host) : host_(host) {}
    MessageDelivery(const MessageDelivery&) = delete;

    /// The sender's side: sends what `passage` wants along with the stanza, and seals that.
    void pack(DeliveryPlan plan, Stanza& message, Settlement& settlement);
    /// The recipient's side: `user` is ready, and `message` is addressed to him.
    void deliver(User& user, Stanza message, Settlement settlement);

private:
    class SenderSide;
    struct PendingDelivery;

    Verdict make_plan(User& user, Stanza& message, DeliveryPlan& plan, const Context& context);
    Verdict choose(Delivery delivery, User& user, Stanza& message, DeliveryPlan& plan,
        const Context& context);
    Verdict keep_for_later(Stanza& message, DeliveryPlan& plan, const Context& context);
    void commit(std::unique_ptr<PendingDelivery> pending);
    Stored<MessageReceipt> store(PendingDelivery& pending);
    Stored<MessageReceipt> store_both(PendingDelivery& pending, std::string received_form);
    static void add_received(const PendingDelivery& pending, MessageToStore& message);
    static void come_home(PendingDelivery& pending);
    void refuse(PendingDelivery& pending, const StanzaError& error);
    static void drop(PendingDelivery& pending);
    void on_committed(std::unique_ptr<PendingDelivery> pending, const MessageReceipt& receipt);
    static void settle(PendingDelivery& pending, MessageId id);
    void deliver_committed(PendingDelivery& pending, std::optional<MessageId> id);

    Host& host_;
};

} // namespace stonechat
