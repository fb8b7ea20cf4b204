// SPDX-License-Identifier: Apache-2.0
#include "router/delivery_plan.hpp"

#include "base/log.hpp"
#include "router/host.hpp"
#include "router/message_log.hpp"
#include "router/user.hpp"
#include "xmpp/carbon.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <exception>

namespace stonechat {
namespace {

/// For the two forms of a carbon copy.
CopyDirection direction_of(CopyForm form)
{
    return form == CopyForm::carbon_sent ? CopyDirection::sent : CopyDirection::received;
}

} // namespace

Element stanza_id(const Jid& by, MessageId id)
{
    Element element("stanza-id", ns::stanza_id);
    element.set_attribute("by", by.text()).set_attribute("id", std::to_string(id));
    return element;
}

Stanza as_sent(const Stanza& message, CopyForm form, const Jid& owner, const Jid& session,
    std::optional<MessageId> archived)
{
    Stanza sent = message;
    if (archived) {
        sent.element().add(stanza_id(owner, *archived));
    }
    if (form == CopyForm::itself) {
        return sent;
    }
    return carbon_of(sent, direction_of(form), owner, session);
}

DeliveryPlan::DeliveryPlan(User& owner, StoragePolicy policy)
    : owner_(owner.shared_from_this()), policy_(policy)
{}
DeliveryPlan::~DeliveryPlan() = default;
DeliveryPlan::DeliveryPlan(DeliveryPlan&&) noexcept = default;

void DeliveryPlan::archive(const Jid& peer, bool outgoing)
{
    archive_ = ArchiveEntry { owner_->key(), peer, outgoing };
}

void DeliveryPlan::add_receiver(Session& session, CopyForm form)
{
    if (!has_receiver(session)) {
        receivers_.push_back({ session.shared_from_this(), form, std::nullopt });
    }
}

bool DeliveryPlan::has_receiver(const Session& session) const
{
    return &session == reader_
        || std::any_of(receivers_.begin(), receivers_.end(),
            [&session](const Receiver& receiver) { return receiver.session.get() == &session; });
}

void DeliveryPlan::put_into_mailbox(const MailboxLimits& limits, const Session* reader)
{
    mailbox_ = limits;
    reader_ = reader;
    receivers_.clear();
}

void DeliveryPlan::when_over(Function<void(bool)> f)
{
    over_.push_back(std::move(f));
}

std::string DeliveryPlan::describe_receivers() const
{
    std::string text;
    for (const Receiver& receiver : receivers_) {
        if (!text.empty()) {
            text += ", ";
        }
        text += receiver.session->jid().resource();
        if (receiver.form != CopyForm::itself) {
            text += " (carbon)";
        }
        if (!receiver.session->is_connected()) {
            text += " (not connected)";
        }
    }
    return text;
}

bool DeliveryPlan::has_lost_receivers() const
{
    return policy_ != StoragePolicy::nothing && has_receivers() && !archive_ && !mailbox_
        && std::none_of(receivers_.begin(), receivers_.end(), [](const Receiver& receiver) {
               // If the session had an UnackedEntry, its end moved the message into the mailbox.
               const bool is_kept = receiver.entry && receiver.form == CopyForm::itself;
               return is_kept || receiver.session->is_open();
           });
}

void DeliveryPlan::reserve_places()
{
    if (policy_ == StoragePolicy::nothing) {
        return;
    }
    for (Receiver& receiver : receivers_) {
        receiver.entry = receiver.session->reserve(receiver.form);
    }
}

bool DeliveryPlan::has_to_be_committed() const
{
    return archive_ || mailbox_
        || std::any_of(receivers_.begin(), receivers_.end(),
            [](const Receiver& receiver) { return receiver.entry.has_value(); });
}

void DeliveryPlan::add_to(MessageToStore& store, std::string sender) const
{
    if (archive_) {
        store.archives.push_back(*archive_);
    }
    if (origin_) {
        store.origin = *origin_;
    }
    for (const Receiver& receiver : receivers_) {
        if (receiver.entry) {
            store.unacked_entries.push_back(*receiver.entry);
        }
    }
    if (mailbox_) {
        store.mailbox = MailboxEntry { owner_->key(), std::move(sender), *mailbox_ };
    }
}

std::size_t DeliveryPlan::deliver(Stanza& message, std::optional<MessageId> id)
{
    if (id && archive_) {
        message.element().add(stanza_id(owner_->jid(), *id));
    }
    if (receivers_.size() > 1) {
        message.serialize_for_many();
    }
    DeliveryStatusPtr status;
    if (policy_ != StoragePolicy::nothing && has_receivers()) {
        status = std::make_shared<DeliveryStatus>();
        status->track = MessageLog::key_of(message.id());
    }
    std::size_t count = 0;
    for (Receiver& receiver : receivers_) {
        if (!receiver.session->is_open()) {
            continue;
        }
        ++count;
        if (receiver.form == CopyForm::itself) {
            hand_over(receiver, message, status);
        } else {
            hand_over(receiver,
                carbon_of(message, direction_of(receiver.form), owner_->jid(), receiver.session->jid()),
                status);
        }
    }
    report(true);
    return count;
}

void DeliveryPlan::hand_over(const Receiver& receiver, const Stanza& stanza, const DeliveryStatusPtr& message)
{
    if (receiver.entry) {
        receiver.session->commit(*receiver.entry, stanza, message);
    } else {
        receiver.session->deliver(stanza, message);
    }
}

void DeliveryPlan::fail()
{
    for (const Receiver& receiver : receivers_) {
        if (receiver.entry) {
            receiver.session->cancel(*receiver.entry);
        }
    }
    report(false);
}

void DeliveryPlan::leave_in_doubt()
{
    for (const Receiver& receiver : receivers_) {
        receiver.session->close(StreamError(StreamError::internal_server_error));
    }
    report(false);
}

void DeliveryPlan::report(bool committed)
{
    auto listeners = std::move(over_);
    over_.clear();
    for (auto& listener : listeners) {
        try {
            listener(committed);
        } catch (const std::exception& failure) { // a bug of ours; the message still goes on
            owner_->host().log().error("message handler failed",
                { { "account", owner_->jid().text() }, { "what", failure.what() } });
        }
    }
}

} // namespace stonechat
