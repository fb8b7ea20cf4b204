// SPDX-License-Identifier: Apache-2.0
#include "router/message_delivery.hpp"

#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "router/store_errors.hpp"
#include "xmpp/message_content.hpp"
#include "xmpp/serialize.hpp"

#include <string>
#include <utility>

namespace stonechat {

/// The SenderPart: carries the sender's DeliveryPlan to the recipient's home shard and back. Seals the
/// message, which may be rewritten before it arrives: the sender's archive gets the message as sent, the
/// recipient's as received.
class MessageDelivery::SenderSide final : public SenderPart {
public:
    SenderSide(Host& host, DeliveryPlan plan, Stanza& message)
        : host_(host), plan_(std::move(plan)), stamp_(host.clock().wall()),
          searchable_(is_searchable(std::as_const(message).element()))
    {
        if (plan_.has_to_be_committed()) {
            xml_ = to_xml(std::as_const(message).element());
            seal_ = host.router().new_seal();
            message.set_seal(seal_);
        }
        if (plan_.has_receivers()) {
            copy_ = message;
            place_ = plan_.owner().delivery_queue().hold();
        }
    }

    bool has_to_be_stored() const override { return plan_.has_to_be_committed(); }

    void add_to(MessageToStore& store, RecipientSide recipient) override
    {
        store.searchable = searchable_;
        plan_.add_to(store, {}); // the sender's part never uses the mailbox
        if (recipient == RecipientSide::not_stored) {
            store.origin.reset();
        }
    }
    const Origin* origin() const override { return plan_.origin() ? &*plan_.origin() : nullptr; }
    std::string& xml() override { return xml_; }
    Stanza::Seal seal() const override { return seal_; }

private:
    Executor& home() const override { return host_.shard(); }

    void on_outcome(Outcome outcome) override
    {
        DeliveryQueue& delivery_queue = plan_.owner().delivery_queue();
        if (!outcome.accepted) {
            outcome.in_doubt ? plan_.leave_in_doubt() : plan_.fail();
            if (copy_) {
                delivery_queue.ready(place_, Function<void()>([] {}));
            }
            return;
        }
        if (!copy_) {
            plan_.over();
            return;
        }
        delivery_queue.ready(place_,
            [plan = std::move(plan_), copy = std::move(*copy_), id = outcome.id]() mutable {
                plan.deliver(copy, id == 0 ? std::nullopt : std::optional(id));
            });
    }

    void store_alone(std::unique_ptr<SenderPart> self, Settlement settlement) override
    {
        if (!has_to_be_stored()) {
            on_outcome({ true, 0 });
            std::move(settlement).settle();
            return;
        }
        MessageToStore store;
        store.stamp = stamp_;
        store.xml = std::move(xml_);
        add_to(store, RecipientSide::not_stored); // no recipient took the message; the sender gets the error
        host_.storage()
            .messages()
            .accept(std::move(store))
            .then([self = std::move(self), settlement = std::move(settlement)](
                      Result<MessageReceipt, StoreError> receipt) mutable {
                const bool stored = static_cast<bool>(receipt);
                const bool in_doubt = !stored && receipt.error() == StoreError::unknown;
                over(std::move(self), { stored, stored ? receipt->sent_id : 0, in_doubt });
                if (stored) {
                    std::move(settlement).settle();
                } else {
                    std::move(settlement).fail(); // the client sends again what its archive has to have
                }
            });
    }

    Host& host_;
    DeliveryPlan plan_;
    WallTime stamp_;
    std::string xml_; ///< the stanza as sent; empty if there is nothing to store
    Stanza::Seal seal_ = Stanza::unsealed;
    std::optional<Stanza> copy_; ///< for the sender's other sessions
    std::uint64_t place_ = 0;    ///< the place of copy_ in the sender's DeliveryQueue
    bool searchable_;
};

/// A message under commit, on the recipient's side.
struct MessageDelivery::PendingDelivery {
    PendingDelivery(Stanza stanza, Settlement token, DeliveryPlan its_plan)
        : message(std::move(stanza)), settlement(std::move(token)), plan(std::move(its_plan))
    {}

    SenderPart::RecipientSide recipient_side() const
    {
        return plan.has_to_be_committed() ? SenderPart::RecipientSide::stored
                                          : SenderPart::RecipientSide::not_stored;
    }

    Stanza message;
    Settlement settlement;
    DeliveryPlan plan;
    std::unique_ptr<SenderPart> sender_part;
    std::uint64_t place = 0; ///< in the recipient's DeliveryQueue
};

void MessageDelivery::pack(DeliveryPlan plan, Stanza& message, Settlement& settlement)
{
    plan.reserve_places();
    const bool wants_something = plan.has_to_be_committed() || plan.has_receivers();
    // A plan with an origin goes along even if this account stores nothing: a room archives its messages and
    // uses the origin.
    if ((plan.storage_policy() != StoragePolicy::nothing && wants_something) || plan.origin()) {
        settlement.carry(std::make_unique<SenderSide>(host_, std::move(plan), message));
        return;
    }
    if (!plan.has_receivers()) {
        plan.over();
        return;
    }
    DeliveryQueue& delivery_queue = plan.owner().delivery_queue();
    delivery_queue.append([plan = std::move(plan), message = Stanza(message)]() mutable {
        plan.deliver(message, std::nullopt);
    });
}

void MessageDelivery::deliver(User& user, Stanza message, Settlement settlement)
{
    DeliveryPlan plan(user, storage_policy_of(Message(message)));
    const Context context { host_, &user, nullptr, &settlement, &plan };
    const Verdict verdict = make_plan(user, message, plan, context);
    if (!verdict.is_pass()) {
        if (verdict.error() != nullptr) {
            plan.fail();
        } else {
            plan.over();
        }
        host_.apply(verdict, message);
        std::move(settlement).settle();
        return;
    }
    plan.reserve_places();
    commit(std::make_unique<PendingDelivery>(std::move(message), std::move(settlement), std::move(plan)));
}

/// Makes all decisions about the message before the commit.
Verdict MessageDelivery::make_plan(User& user, Stanza& message, DeliveryPlan& plan, const Context& context)
{
    Verdict verdict = host_.run(Flow::to_user, Stage::guard, Stage::archive, message, context);
    if (verdict.is_pass()) {
        verdict = host_.run(Flow::to_user, Stage::deliver, Stage::deliver, message, context);
    }
    if (!verdict.is_pass()) {
        return verdict;
    }
    if (!plan.is_for_mailbox()) {
        const Addressee addressee = user.addressee(message.to());
        Delivery delivery = decide(message, addressee);
        // RFC 6121 §8.5.3.2.1 refuses messages without type to a resource that is gone. That would lose
        // receipts and read markers, which clients send without a type: they are handled as if sent to the
        // bare JID.
        const bool late_tick = delivery == Delivery::refuse && is_tick(std::as_const(message).element());
        if (delivery == Delivery::as_bare || late_tick) {
            delivery = decide(message, user.addressee(user.jid()));
        }
        verdict = choose(delivery, user, message, plan, context);
        if (!verdict.is_pass()) {
            return verdict;
        }
    }
    return host_.run(Flow::to_user, Stage::copy, Stage::copy, message, context);
}

Verdict MessageDelivery::choose(Delivery delivery, User& user, Stanza& message, DeliveryPlan& plan,
    const Context& context)
{
    switch (delivery) {
    case Delivery::resource:
        plan.add_receiver(*user.session(message.to().resource()), CopyForm::itself);
        return Verdict::pass();
    case Delivery::non_negative:
    case Delivery::available:
        for (const auto& session : user.sessions()) {
            const bool wanted = delivery == Delivery::available || session->priority() >= 0;
            if (session->is_open() && session->is_available() && wanted) {
                plan.add_receiver(*session, CopyForm::itself);
            }
        }
        return Verdict::pass();
    case Delivery::store: return keep_for_later(message, plan, context);
    case Delivery::refuse:
    case Delivery::as_bare: return Verdict::bounce(StanzaError(StanzaError::service_unavailable));
    case Delivery::handle:
    case Delivery::ignore: return Verdict::done();
    }
    return Verdict::done();
}

/// No session can take the message: a handler of stage fallback may put it into the mailbox (RFC 6121
/// §8.5.2.2.1).
Verdict MessageDelivery::keep_for_later(Stanza& message, DeliveryPlan& plan, const Context& context)
{
    Verdict verdict = host_.run(Flow::to_user, Stage::fallback, Stage::fallback, message, context);
    if (verdict.is_pass() && !plan.is_for_mailbox()) {
        return Verdict::bounce(StanzaError(StanzaError::service_unavailable));
    }
    return verdict;
}

void MessageDelivery::commit(std::unique_ptr<PendingDelivery> pending)
{
    pending->sender_part = pending->settlement.take_sender_part();
    DeliveryQueue& delivery_queue = pending->plan.owner().delivery_queue();
    const bool sender_stores = pending->sender_part && pending->sender_part->has_to_be_stored();
    if (!sender_stores && !pending->plan.has_to_be_committed()) {
        if (delivery_queue.is_empty()) {
            deliver_committed(*pending, std::nullopt);
            return;
        }
        accept(*pending, 0);
        delivery_queue.append([this, pending = std::move(pending)] {
            deliver_committed(*pending, std::nullopt);
        });
        return;
    }
    pending->place = delivery_queue.hold();
    Stored<MessageReceipt> stored = store(*pending);
    std::move(stored).then(
        [this, pending = std::move(pending)](Result<MessageReceipt, StoreError> receipt) mutable {
            if (!receipt && receipt.error() == StoreError::unknown) {
                leave_in_doubt(*pending);
            } else if (!receipt) {
                refuse(*pending, to_stanza_error(receipt.error()));
            } else if (receipt->is_repeated) {
                host_.trace("repeated", pending->message, "it is safe already");
                pending->settlement.note_repetition();
                drop(*pending);
            } else if (receipt->mailbox != MailboxAnswer::stored) {
                return_sender_part(
                    *pending); // the mailbox may have room later, so not XEP-0160's service-unavailable
                refuse(*pending, StanzaError(StanzaError::resource_constraint));
            } else {
                on_committed(std::move(pending), *receipt);
            }
        });
}

/// Commits both parts. Each account stores the message in the form it knows. Mostly both forms are equal, and
/// the message is stored once.
Stored<MessageReceipt> MessageDelivery::store(PendingDelivery& pending)
{
    const bool sender_stores = pending.sender_part && pending.sender_part->has_to_be_stored();
    SenderPart* sent = sender_stores ? pending.sender_part.get() : nullptr;
    MessageToStore message;
    if (sent != nullptr && pending.message.seal() == sent->seal()) {
        message.xml = std::move(sent->xml());
    } else {
        message.xml = to_xml(std::as_const(pending.message).element());
        if (sent != nullptr && message.xml != sent->xml()) {
            return store_both(pending, std::move(message.xml));
        }
    }
    message.stamp = host_.clock().wall();
    if (sent != nullptr) {
        sent->add_to(message, pending.recipient_side());
    }
    add_received(pending, message);
    return host_.storage().messages().accept(std::move(message));
}

/// Commits both parts when the message was rewritten on its way: `received_form` differs from what was sent.
Stored<MessageReceipt> MessageDelivery::store_both(PendingDelivery& pending, std::string received_form)
{
    MessageStore& messages = host_.storage().messages();
    MessageToStore sent;
    sent.stamp = host_.clock().wall();
    sent.xml = pending.sender_part->xml(); // a copy: the SenderPart may have to be stored alone later
    pending.sender_part->add_to(sent, pending.recipient_side());
    if (!pending.plan.has_to_be_committed()) {
        return messages.accept(std::move(sent));
    }
    MessageToStore received;
    received.stamp = sent.stamp;
    received.xml = std::move(received_form);
    add_received(pending, received);
    return messages.accept_both(std::move(received), std::move(sent));
}

void MessageDelivery::add_received(const PendingDelivery& pending, MessageToStore& message)
{
    message.searchable = is_searchable(pending.message.element());
    pending.plan.add_to(message, std::string(pending.message.from().bare_text()));
}

/// Gives the SenderPart back to the settlement. The recipient's side failed, so the sender's part is stored
/// alone.
void MessageDelivery::return_sender_part(PendingDelivery& pending)
{
    if (!pending.sender_part) {
        return;
    }
    if (pending.sender_part->xml().empty()) { // the text was moved away, because both sides had the same form
        pending.sender_part->xml() = to_xml(std::as_const(pending.message).element());
    }
    pending.settlement.carry(std::move(pending.sender_part));
}

void MessageDelivery::refuse(PendingDelivery& pending, const StanzaError& error)
{
    host_.router().refuse(pending.message, error);
    drop(pending);
}

/// Nobody knows whether the message is stored, so it is neither delivered nor refused. As after a crash, the
/// streams of both sides end; the sender's client may send the message again (Origin).
void MessageDelivery::leave_in_doubt(PendingDelivery& pending)
{
    host_.trace("in doubt", pending.message, "the outcome of its commit is unknown");
    pending.plan.leave_in_doubt();
    if (pending.sender_part) {
        SenderPart::over(std::move(pending.sender_part), { false, 0, true });
    }
    pending.plan.owner().delivery_queue().ready(pending.place, Function<void()>([] {}));
    std::move(pending.settlement).fail();
}

/// Ends the delivery on both sides without a receiver. Call after what the sender is told.
void MessageDelivery::drop(PendingDelivery& pending)
{
    pending.plan.fail();
    if (pending.sender_part) {
        SenderPart::over(std::move(pending.sender_part), { false, 0 });
    }
    pending.plan.owner().delivery_queue().ready(pending.place, Function<void()>([] {}));
    std::move(pending.settlement).settle();
}

void MessageDelivery::on_committed(std::unique_ptr<PendingDelivery> pending, const MessageReceipt& receipt)
{
    host_.trace("committed", pending->message, pending->plan.is_for_mailbox() ? "into the mailbox" : "");
    if (pending->plan.is_for_mailbox()) {
        ++host_.router().counters().offline_stored;
    }
    accept(*pending, receipt.sent_id);
    DeliveryQueue& delivery_queue = pending->plan.owner().delivery_queue();
    const std::uint64_t place = pending->place;
    delivery_queue.ready(place,
        [this, pending = std::move(pending), id = receipt.id] { deliver_committed(*pending, id); });
}

/// Tells the sender's side that the message is accepted. Does not wait for the message's turn in the
/// recipient's queue: it may be behind another message that waits for this sender.
void MessageDelivery::accept(PendingDelivery& pending, MessageId id)
{
    if (pending.sender_part) {
        SenderPart::over(std::move(pending.sender_part), { true, id });
    }
}

void MessageDelivery::deliver_committed(PendingDelivery& pending, std::optional<MessageId> id)
{
    if (pending.settlement.is_copy_of_repetition()) {
        pending.plan.fail();
        std::move(pending.settlement).settle();
        return;
    }
    accept(pending, id.value_or(0));
    const std::size_t count = pending.plan.deliver(pending.message, id);
    if (count == 0 && pending.plan.has_lost_receivers()) {
        // All receivers closed during the commit, and the message is stored nowhere: deliver it anew.
        host_.deliver(std::move(pending.message), std::move(pending.settlement));
        return;
    }
    host_.router().counters().delivered += count;
    if (pending.plan.has_receivers()) {
        host_.trace("delivered", pending.message, pending.plan.describe_receivers());
    }
    std::move(pending.settlement).settle();
}

} // namespace stonechat
