// SPDX-License-Identifier: Apache-2.0
// Session: one connected resource of a user; the interface that all code but its stream uses. Lives on its
// user's home shard. Owned by its User and its stream together, so a shared pointer stays valid across a
// wait: ask is_open() after every co_await.
#pragma once

#include "base/clock.hpp"
#include "base/function.hpp"
#include "router/capabilities.hpp"
#include "router/delivery_status.hpp"
#include "router/slot.hpp"
#include "storage/message_store.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stanza.hpp"
#include "xmpp/stream_error.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

class User;

class Session : public std::enable_shared_from_this<Session> {
public:
    explicit Session(Jid full_jid) : jid_(std::move(full_jid)) {}
    virtual ~Session() = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const Jid& jid() const { return jid_; }
    User& user() const { return *user_; }

    /// Sends a stanza unchanged. Does nothing once the session is closed.
    virtual void send(const Stanza& stanza) = 0;
    /// Sends stanzas that were serialised for many, addressed `to` this session. They may exceed the usual
    /// limit of bytes waiting for the client: the presences of a large room.
    virtual void send(const WireForms& stanzas, std::string_view to) = 0;
    /// Ends the session with a stream error. The user's modules are told as for any end.
    virtual void close(const StreamError& error) = 0;
    /// Whether the session takes stanzas: it is connected, or can still be resumed (XEP-0198).
    virtual bool is_open() const = 0;
    /// Whether the session has a connection now.
    virtual bool is_connected() const { return is_open(); }

    // Messages under commit (XEP-0198; see DeliveryPlan).
    /// Reserves the place of a message in the unacknowledged queue; stanzas sent later queue behind it.
    /// Returns nullopt if this session has no persistent queue: then the message is sent with deliver() after
    /// the commit.
    virtual std::optional<UnackedEntry> reserve(CopyForm) { return std::nullopt; }
    /// Puts `stanza` of a committed message into its reserved place.
    virtual void commit(const UnackedEntry&, const Stanza& stanza, const DeliveryStatusPtr&) { send(stanza); }
    /// Gives up the reserved place of a message that was not stored.
    virtual void cancel(const UnackedEntry&) {}
    /// Sends a message that has no reserved place and is committed or needs no commit.
    virtual void deliver(const Stanza& stanza, const DeliveryStatusPtr&) { send(stanza); }

    /// Whether the client closed the stream in good order: it knows which of its stanzas arrived.
    bool is_closed_in_good_order() const { return closed_in_good_order_; }
    void set_closed_in_good_order() { closed_in_good_order_ = true; }

    /// Returns the time until which the client has confirmed everything that it was sent (XEP-0198);
    /// WallTime() if unknown.
    virtual WallTime confirmed_until() const { return WallTime(); }

    /// Returns how many more stanzas may be sent before the client has to acknowledge some (XEP-0198).
    virtual std::size_t room() const { return SIZE_MAX; }

    /// Returns the bytes held for this client until it reads and acknowledges them.
    virtual std::size_t waiting_bytes() const { return 0; }

    /// Calls `f` when the client's next stanza came in or its stream was closed in good order. By then the
    /// client has read what was written before: the only sign that a client without stream management gives.
    /// Not called if the connection is lost.
    virtual void after_next_stanza(Function<void()> f) = 0;

    // Presence (RFC 6121 §4), set by the presence module.
    /// The last broadcast `<presence/>`, stamped with `from`; null while unavailable.
    const std::shared_ptr<const Stanza>& presence() const { return presence_; }
    bool is_available() const { return presence_ != nullptr; }
    int priority() const { return priority_; } ///< meaningless while unavailable
    void set_available(std::shared_ptr<const Stanza> presence, int priority);
    void set_unavailable();

    /// What the client can do, as far as the server knows, set by the capabilities module (XEP-0115); null:
    /// unknown, which never means "everything". Forgotten when the session becomes unavailable.
    const CapabilitiesPtr& capabilities() const { return capabilities_; }
    void set_capabilities(CapabilitiesPtr capabilities) { capabilities_ = std::move(capabilities); }

    /// Whether the client asked for the roster: it gets roster pushes and subscription requests (RFC 6121
    /// §2.1.6, §2.2).
    bool is_interested() const { return interested_; }
    void set_interested() { interested_ = true; }

    /// Whether the client reported itself inactive (XEP-0352).
    bool is_inactive() const { return inactive_; }
    void set_inactive(bool inactive) { inactive_ = inactive; }

    /// Id of the newest message that the client has from its archive, if it has caught up there since it was
    /// bound (XEP-0313). It needs no messages up to this one from the mailbox.
    const std::optional<MessageId>& caught_up_to() const { return caught_up_to_; }
    void set_caught_up_to(MessageId newest) { caught_up_to_ = std::max(newest, caught_up_to_.value_or(0)); }

    /// Call when state changed that is persisted with a resumable session: presence, or what modules keep
    /// (Handlers::session_kept).
    virtual void snapshot_changed() {}

    // For the administrator.
    struct Facts {
        std::string peer;      ///< address and port
        std::string transport; ///< "tcp", "tls 1.3 …"
        WallTime since;
    };
    virtual Facts facts() const = 0;

    SlotTable& slots() { return slots_; }
    const SlotTable& slots() const { return slots_; }

private:
    friend class User;
    Jid jid_;
    User* user_ = nullptr;
    std::shared_ptr<const Stanza> presence_;
    CapabilitiesPtr capabilities_;
    SlotTable slots_;
    std::int8_t priority_ = 0;
    bool interested_ = false;
    bool inactive_ = false;
    bool closed_in_good_order_ = false;
    std::optional<MessageId> caught_up_to_;
};

} // namespace stonechat
