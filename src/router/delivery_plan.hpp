// SPDX-License-Identifier: Apache-2.0
// DeliveryPlan: what modules want done with one message; message_delivery.hpp carries it out.
// It is one account's part, the sender's or the recipient's: what is committed with the message (archive,
// mailbox), and which of the account's sessions receive it then. Both parts are committed in one transaction
// before anybody receives the message. Lives on the account's home shard.
#pragma once

#include "base/function.hpp"
#include "router/session.hpp"
#include "router/storage_policy.hpp"
#include "storage/storage.hpp"
#include "xmpp/stanza.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

class User;

/// Returns the `<stanza-id/>` (XEP-0359) of a message in the archive of `by` (bare), an account or a room.
Element stanza_id(const Jid& by, MessageId id);

/// Returns the stanza that a session of `owner` (bare) gets for `message` in this form: with the stanza-id of
/// the owner's archive (XEP-0359), wrapped if it is a carbon copy (XEP-0280).
Stanza as_sent(const Stanza& message, CopyForm form, const Jid& owner, const Jid& session,
    std::optional<MessageId> archived);

class DeliveryPlan {
public:
    DeliveryPlan(User& owner, StoragePolicy policy);
    ~DeliveryPlan();
    DeliveryPlan(DeliveryPlan&&) noexcept;
    DeliveryPlan(const DeliveryPlan&) = delete;

    User& owner() const { return *owner_; }
    /// How long the message is kept. A message with the policy `nothing` is never committed.
    StoragePolicy storage_policy() const { return policy_; }
    void set_storage_policy(StoragePolicy policy) { policy_ = policy; }

    // Called by modules, while the stages run.
    /// Adds the message to the owner's archive. Only if storage_policy() is archived.
    void archive(const Jid& peer, bool outgoing);
    bool is_archived() const { return archive_.has_value(); }
    /// Records that the client may send the message again (see Origin). Only in the sender's plan.
    void set_origin(Origin origin) { origin_ = std::move(origin); }
    const std::optional<Origin>& origin() const { return origin_; }
    /// Adds a session that receives the message after the commit. Does nothing if the session is a receiver
    /// already.
    void add_receiver(Session& session, CopyForm form);
    bool has_receiver(const Session& session) const;
    /// Puts the message into the owner's mailbox (XEP-0160) and drops all receivers. `reader` is the session
    /// now reading the mailbox, or null. It gets the message from there, so has_receiver() is true for it.
    void put_into_mailbox(const MailboxLimits& limits, const Session* reader = nullptr);
    bool is_for_mailbox() const { return mailbox_.has_value(); }
    /// Calls `f` on this home shard at the end. `committed`: the message was committed or needed no commit.
    void when_over(Function<void(bool committed)> f);

    // Called by the host.
    bool has_receivers() const { return !receivers_.empty(); }
    /// Returns the receiving sessions as text for the administrator: "balcony, phone (not connected)".
    std::string describe_receivers() const;
    /// Whether the message would be lost: it is worth keeping, but is in no archive, mailbox or queue of a
    /// session, and all its receivers have closed.
    bool has_lost_receivers() const;
    /// Reserves places in the queues of resumable sessions (Session::reserve), if the message is worth
    /// keeping.
    void reserve_places();
    /// Whether something must be committed before the message may go on.
    bool has_to_be_committed() const;
    /// Adds this account's part to `store`.
    void add_to(MessageToStore& store, std::string sender) const;
    /// Delivers the message to all receivers; call when it is committed or needs no commit. Returns how many
    /// got it.
    std::size_t deliver(Stanza& message, std::optional<MessageId> id);
    /// Ends a plan without receivers successfully.
    void over() { report(true); }
    /// Ends the plan without delivery: the message was not stored or was refused.
    void fail();
    /// Ends the plan when nobody knows whether the message was stored. The sessions that were to get it end:
    /// a resumed one is given what the store has for it, others read their archive.
    void leave_in_doubt();

private:
    struct Receiver {
        std::shared_ptr<Session> session;
        CopyForm form;
        std::optional<UnackedEntry> entry;
    };
    static void hand_over(const Receiver& receiver, const Stanza& stanza, const DeliveryStatusPtr& message);
    void report(bool committed);

    std::shared_ptr<User> owner_;
    StoragePolicy policy_;
    std::optional<ArchiveEntry> archive_;
    std::optional<Origin> origin_;
    std::optional<MailboxLimits> mailbox_;
    const Session* reader_ = nullptr; ///< session that reads the mailbox; only compared, never dereferenced
    std::vector<Receiver> receivers_;
    std::vector<Function<void(bool)>> over_;
};

} // namespace stonechat
