// SPDX-License-Identifier: Apache-2.0
// DeliveryPlan: one message on one account's side of its way, the sender's or the recipient's: what that
// side's modules want to be committed with it, and which of the account's sessions get it then. Both
// sides are committed in one transaction before anybody sees the message. Lives on the account's
// home shard.
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

/// Where a message is in the archive of `by` (bare), an account or a room (XEP-0359).
Element stanza_id(const Jid& by, MessageId id);

/// The stanza that a session of `owner` (bare) gets for `message` in this form: with the stanza-id
/// that says where it is in the owner's archive (XEP-0359), wrapped if it is a carbon copy (XEP-0280).
Stanza as_sent(const Stanza& message, CopyForm form, const Jid& owner, const Jid& session,
    std::optional<MessageId> archived);

class DeliveryPlan {
public:
    DeliveryPlan(User& owner, StoragePolicy policy);
    ~DeliveryPlan();
    DeliveryPlan(DeliveryPlan&&) noexcept;
    DeliveryPlan(const DeliveryPlan&) = delete;

    User& owner() const { return *owner_; }
    /// Whether the message is worth keeping; what is not is never committed.
    StoragePolicy storage_policy() const { return policy_; }
    void set_storage_policy(StoragePolicy policy) { policy_ = policy; }

    // By modules, while the stages run.
    /// Puts it into the owner's archive. Only if keep() is archived.
    void archive(const Jid& peer, bool outgoing);
    bool is_archived() const { return archive_.has_value(); }
    /// Its client may send it once more. Only the sender's side says so.
    void set_origin(Origin origin) { origin_ = std::move(origin); }
    const std::optional<Origin>& origin() const { return origin_; }
    /// Gives it to a session when it is committed; a session that was given it already is passed over.
    void add_receiver(Session& session, CopyForm form);
    bool has_receiver(const Session& session) const;
    /// Nobody gets it now: it waits in the owner's mailbox (XEP-0160). Whoever is reading that finds it
    /// there, and counts as one it is given to.
    void put_into_mailbox(const MailboxLimits& limits, const Session* reader = nullptr);
    bool is_for_mailbox() const { return mailbox_.has_value(); }
    /// Called on this home when all is over: whether it was committed (or needed no commit).
    void when_over(Function<void(bool committed)> f);

    // By the host.
    bool has_receivers() const { return !receivers_.empty(); }
    /// Which sessions it goes to, for the administrator: "balcony, phone (not connected)".
    std::string describe_receivers() const;
    /// It was worth keeping, is kept nowhere, and none of its receivers is there any more.
    bool has_lost_receivers() const;
    /// Keeps places in the queues of resumable sessions (Session::reserve), if it is worth keeping.
    void reserve_places();
    /// There is something that must be safe before the message may go on.
    bool has_to_be_committed() const;
    /// Adds this side's part to what is going to be stored.
    void add_to(MessageToStore& store, std::string sender) const;
    /// It is committed, or needed no commit: gives it to all receivers. How many got it.
    std::size_t deliver(Stanza& message, std::optional<MessageId> id);
    /// There was nobody to give it to, and all is well.
    void over() { report(true); }
    /// It was not stored: nobody gets it.
    void fail();

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
    const Session* reader_ = nullptr; ///< of the mailbox; compared, not used
    std::vector<Receiver> receivers_;
    std::vector<Function<void(bool)>> over_;
};

} // namespace stonechat
