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

/// The sender's passage on its way to the recipient's home and back. Seals the message, which may be
/// rewritten before it arrives: what is stored for the sender is what he sent, and for the recipient what
/// he gets.
class MessageDelivery::SenderSide final : public Luggage {
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
            place_ = plan_.owner().arrivals().hold();
        }
    }

    bool has_to_be_stored() const override { return plan_.has_to_be_committed(); }

    void add_to(MessageToStore& store, RecipientSide recipient) override
    {
        store.searchable = searchable_;
        plan_.add_to(store, {}); // a sender's side has no mailbox
        if (recipient == RecipientSide::not_stored) {
            store.origin.reset();
        }
    }
    const Origin* origin() const override { return plan_.origin() ? &*plan_.origin() : nullptr; }
    std::string& xml() override { return xml_; }
    Stanza::Seal seal() const override { return seal_; }

private:
    Home& home() const override { return host_.shard(); }

    void arrive(Outcome outcome) override
    {
        Arrivals& arrivals = plan_.owner().arrivals();
        if (!outcome.accepted) {
            plan_.fail();
            if (copy_) {
                arrivals.ready(place_, Function<void()>([] {}));
            }
            return;
        }
        if (!copy_) {
            plan_.over();
            return;
        }
        arrivals.ready(place_,
            [plan = std::move(plan_), copy = std::move(*copy_), id = outcome.id]() mutable {
                plan.arrive(copy, id == 0 ? std::nullopt : std::optional(id));
            });
    }

    void store_alone(std::unique_ptr<Luggage> self, Settlement settlement) override
    {
        if (!has_to_be_stored()) {
            arrive({ true, 0 });
            return;
        }
        MessageToStore store;
        store.stamp = stamp_;
        store.xml = std::move(xml_);
        add_to(store, RecipientSide::not_stored); // nobody took it, as its sender hears
        host_.storage()
            .messages()
            .accept(std::move(store))
            .then([self = std::move(self), settlement = std::move(settlement)](
                      Result<MessageReceipt, StoreError> receipt) mutable {
                const bool stored = static_cast<bool>(receipt);
                over(std::move(self), { stored, stored ? receipt->sent_id : 0 });
            });
    }

    Host& host_;
    DeliveryPlan plan_;
    WallTime stamp_;
    std::string xml_; ///< as it was sent; empty if there is nothing to store
    Stanza::Seal seal_ = Stanza::unsealed;
    std::optional<Stanza> copy_; ///< for the sender's other sessions
    std::uint64_t place_ = 0;    ///< theirs, if there are any
    bool searchable_;
};

/// A message that is being committed for its recipient.
struct MessageDelivery::Letter {
    Letter(Stanza stanza, Settlement token, DeliveryPlan its_plan)
        : message(std::move(stanza)), settlement(std::move(token)), plan(std::move(its_plan))
    {}

    Luggage::RecipientSide recipient_side() const
    {
        return plan.has_to_be_committed() ? Luggage::RecipientSide::stored
                                          : Luggage::RecipientSide::not_stored;
    }

    Stanza message;
    Settlement settlement;
    DeliveryPlan plan;
    std::unique_ptr<Luggage> luggage;
    std::uint64_t place = 0; ///< in the recipient's Arrivals
};

void MessageDelivery::pack(DeliveryPlan plan, Stanza& message, Settlement& settlement)
{
    plan.reserve_places();
    const bool wants_something = plan.has_to_be_committed() || plan.has_receivers();
    // A room keeps what its occupants do not.
    if ((plan.storage_policy() != StoragePolicy::nothing && wants_something) || plan.origin()) {
        settlement.carry(std::make_unique<SenderSide>(host_, std::move(plan), message));
        return;
    }
    if (!plan.has_receivers()) {
        plan.over();
        return;
    }
    Arrivals& arrivals = plan.owner().arrivals();
    arrivals.append([plan = std::move(plan), message = Stanza(message)]() mutable {
        plan.arrive(message, std::nullopt);
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
        return;
    }
    plan.reserve_places();
    commit(std::make_unique<Letter>(std::move(message), std::move(settlement), std::move(plan)));
}

/// Everything that is decided about it before the commit.
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
        // RFC 6121 §8.5.3.2.1 refuses what has no type for a resource that has gone. That would lose the news
        // that a message was received or read, which clients write without a type.
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
        plan.give(*user.session(message.to().resource()), CopyForm::itself);
        return Verdict::pass();
    case Delivery::non_negative:
    case Delivery::available:
        for (const auto& session : user.sessions()) {
            const bool wanted = delivery == Delivery::available || session->priority() >= 0;
            if (session->is_open() && session->is_available() && wanted) {
                plan.give(*session, CopyForm::itself);
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

/// Nobody can take it now: whoever wants to may put it into the mailbox (RFC 6121 §8.5.2.2.1).
Verdict MessageDelivery::keep_for_later(Stanza& message, DeliveryPlan& plan, const Context& context)
{
    Verdict verdict = host_.run(Flow::to_user, Stage::fallback, Stage::fallback, message, context);
    if (verdict.is_pass() && !plan.is_for_mailbox()) {
        return Verdict::bounce(StanzaError(StanzaError::service_unavailable));
    }
    return verdict;
}

void MessageDelivery::commit(std::unique_ptr<Letter> letter)
{
    letter->luggage = letter->settlement.take_luggage();
    Arrivals& arrivals = letter->plan.owner().arrivals();
    const bool sender_stores = letter->luggage && letter->luggage->has_to_be_stored();
    if (!sender_stores && !letter->plan.has_to_be_committed()) {
        if (arrivals.is_empty()) {
            give(*letter, std::nullopt);
            return;
        }
        settle(*letter, 0);
        arrivals.append([this, letter = std::move(letter)] { give(*letter, std::nullopt); });
        return;
    }
    letter->place = arrivals.hold();
    Stored<MessageReceipt> stored = store(*letter);
    std::move(stored).then(
        [this, letter = std::move(letter)](Result<MessageReceipt, StoreError> receipt) mutable {
            if (!receipt) {
                refuse(*letter, to_stanza_error(receipt.error()));
            } else if (receipt->is_repeated) {
                host_.trace("repeated", letter->message, "it is safe already");
                letter->settlement.note_repetition();
                drop(*letter);
            } else if (receipt->mailbox != MailboxAnswer::stored) {
                come_home(*letter); // there may be room later, so not XEP-0160's service-unavailable
                refuse(*letter, StanzaError(StanzaError::resource_constraint));
            } else {
                arrive(std::move(letter), *receipt);
            }
        });
}

/// Each side's owner keeps it as he knows it. Mostly both know the same, which is stored once.
Stored<MessageReceipt> MessageDelivery::store(Letter& letter)
{
    const bool sender_stores = letter.luggage && letter.luggage->has_to_be_stored();
    Luggage* sent = sender_stores ? letter.luggage.get() : nullptr;
    MessageToStore message;
    if (sent != nullptr && letter.message.seal() == sent->seal()) {
        message.xml = std::move(sent->xml());
    } else {
        message.xml = to_xml(std::as_const(letter.message).element());
        if (sent != nullptr && message.xml != sent->xml()) {
            return store_both(letter, std::move(message.xml));
        }
    }
    message.stamp = host_.clock().wall();
    if (sent != nullptr) {
        sent->add_to(message, letter.recipient_side());
    }
    add_received(letter, message);
    return host_.storage().messages().accept(std::move(message));
}

/// It was rewritten on its way.
Stored<MessageReceipt> MessageDelivery::store_both(Letter& letter, std::string received_form)
{
    MessageStore& messages = host_.storage().messages();
    MessageToStore sent;
    sent.stamp = host_.clock().wall();
    sent.xml = letter.luggage->xml(); // a copy, for it may come home
    letter.luggage->add_to(sent, letter.recipient_side());
    if (!letter.plan.has_to_be_committed()) {
        return messages.accept(std::move(sent));
    }
    MessageToStore received;
    received.stamp = sent.stamp;
    received.xml = std::move(received_form);
    add_received(letter, received);
    return messages.accept_both(std::move(received), std::move(sent));
}

void MessageDelivery::add_received(const Letter& letter, MessageToStore& message)
{
    message.searchable = is_searchable(letter.message.element());
    letter.plan.add_to(message, std::string(letter.message.from().bare_text()));
}

/// Its sender's side is not at fault, and is stored alone.
void MessageDelivery::come_home(Letter& letter)
{
    if (!letter.luggage) {
        return;
    }
    if (letter.luggage->xml().empty()) { // both sides had the same
        letter.luggage->xml() = to_xml(std::as_const(letter.message).element());
    }
    letter.settlement.carry(std::move(letter.luggage));
}

void MessageDelivery::refuse(Letter& letter, const StanzaError& error)
{
    drop(letter);
    host_.router().refuse(letter.message, error);
}

/// Nobody gets it.
void MessageDelivery::drop(Letter& letter)
{
    letter.plan.fail();
    if (letter.luggage) {
        Luggage::over(std::move(letter.luggage), { false, 0 });
    }
    letter.plan.owner().arrivals().ready(letter.place, Function<void()>([] {}));
}

void MessageDelivery::arrive(std::unique_ptr<Letter> letter, const MessageReceipt& receipt)
{
    host_.trace("committed", letter->message, letter->plan.is_for_mailbox() ? "into the mailbox" : "");
    if (letter->plan.is_for_mailbox()) {
        ++host_.router().counters().offline_stored;
    }
    settle(*letter, receipt.sent_id);
    Arrivals& arrivals = letter->plan.owner().arrivals();
    const std::uint64_t place = letter->place;
    arrivals.ready(place, [this, letter = std::move(letter), id = receipt.id] { give(*letter, id); });
}

/// The sender's side goes on. It does not wait for the recipient's turn: that may be waiting for another
/// message, which waits for the sender.
void MessageDelivery::settle(Letter& letter, MessageId id)
{
    if (letter.luggage) {
        Luggage::over(std::move(letter.luggage), { true, id });
    }
}

void MessageDelivery::give(Letter& letter, std::optional<MessageId> id)
{
    if (letter.settlement.is_copy_of_repetition()) {
        letter.plan.fail();
        return;
    }
    settle(letter, id.value_or(0));
    const std::size_t count = letter.plan.arrive(letter.message, id);
    if (count == 0 && letter.plan.has_lost_receivers()) {
        // They have gone while it was being committed, and nothing else keeps it.
        host_.deliver(std::move(letter.message), std::move(letter.settlement));
        return;
    }
    host_.router().counters().delivered += count;
    if (letter.plan.has_receivers()) {
        host_.trace("delivered", letter.message, letter.plan.describe_receivers());
    }
}

} // namespace stonechat
