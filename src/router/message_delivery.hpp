// SPDX-License-Identifier: Apache-2.0
// MessageDelivery: plans, commits and delivers messages; which resources get one is decided in delivery.hpp.
// The sender's side plans the archive and carbon copies; the recipient's side plans the archive, the
// receiving sessions (RFC 6121 section 8.5) and the mailbox. One transaction commits both parts, each with
// the stanza as this side sent or received it: this is the write to the archive. Only then is the message
// delivered, in the order in which messages came. A message that is not worth keeping (storage_policy.hpp) is
// delivered at once. Part of a Host, one per shard; shard-bound.
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

    /// The sender's side: attaches the sender's `plan` to the settlement (SenderPart) and seals the message.
    void pack(DeliveryPlan plan, Stanza& message, Settlement& settlement);
    /// The recipient's side: delivers `message`, which is addressed to `user`. The user is State::ready.
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
    static void return_sender_part(PendingDelivery& pending);
    void refuse(PendingDelivery& pending, const StanzaError& error);
    void leave_in_doubt(PendingDelivery& pending);
    static void drop(PendingDelivery& pending);
    void on_committed(std::unique_ptr<PendingDelivery> pending, const MessageReceipt& receipt);
    static void accept(PendingDelivery& pending, MessageId id);
    void deliver_committed(PendingDelivery& pending, std::optional<MessageId> id);

    Host& host_;
};

} // namespace stonechat
