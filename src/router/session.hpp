// SPDX-License-Identifier: Apache-2.0
// Session: one connected resource of a user, as everybody but its stream sees it. Lives on its
// user's home shard; owned by its User and its stream together, so that a pointer held across a
// wait stays valid: ask is_open() after every co_await.
#pragma once

#include "base/clock.hpp"
#include "base/function.hpp"
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

    /// Sends a stanza as it is. Does nothing once the session is closed.
    virtual void send(const Stanza& stanza) = 0;
    /// Sends several that were serialised for many, addressed `to` this session. They may be more than
    /// may wait for the client otherwise: the presences of a large room.
    virtual void send(const WireForms& stanzas, std::string_view to) = 0;
    /// Ends the session with a stream error; the user hears of it like of any end.
    virtual void close(const StreamError& error) = 0;
    /// Takes stanzas: is connected, or can still be resumed (XEP-0198).
    virtual bool is_open() const = 0;
    /// Has a connection at this moment.
    virtual bool is_connected() const { return is_open(); }

    // A message that is being committed (XEP-0198; see DeliveryPlan).
    /// Keeps its place in what the client is sent; what is sent later comes behind it. Nothing if this
    /// session keeps no lasting queue: then it is simply sent after the commit.
    virtual std::optional<UnackedEntry> reserve(CopyForm) { return std::nullopt; }
    /// It is committed: `stanza` takes the place.
    virtual void commit(const UnackedEntry&, const Stanza& stanza, const DeliveryStatusPtr&) { send(stanza); }
    /// It was not stored: the place goes.
    virtual void cancel(const UnackedEntry&) {}
    /// It is committed, or needed no commit, and has no place here.
    virtual void deliver(const Stanza& stanza, const DeliveryStatusPtr&) { send(stanza); }

    /// Its client has ended the stream in good order: it knows what has become of all that it sent.
    bool is_closed_in_good_order() const { return closed_in_good_order_; }
    void set_closed_in_good_order() { closed_in_good_order_ = true; }

    /// The client has shown to have all that it was sent until then (XEP-0198); the beginning of time if that
    /// is not known.
    virtual WallTime confirmed_until() const { return WallTime(); }

    /// So many stanzas more may be sent before the client has to acknowledge some (XEP-0198).
    virtual std::size_t room() const { return SIZE_MAX; }

    /// Bytes that are held for this client until it reads and acknowledges them.
    virtual std::size_t waiting_bytes() const { return 0; }

    /// Calls `f` when the next stanza of this client has come in (or its stream was closed in good
    /// order): by then it has read what was written before, as far as a client without stream
    /// management can tell us. Not called if the connection is lost.
    virtual void after_next_stanza(Function<void()> f) = 0;

    // Presence (RFC 6121 §4), kept by the presence module.
    /// The last broadcast `<presence/>`, stamped with `from`; null while unavailable.
    const std::shared_ptr<const Stanza>& presence() const { return presence_; }
    bool is_available() const { return presence_ != nullptr; }
    int priority() const { return priority_; } ///< meaningless while unavailable
    void set_available(std::shared_ptr<const Stanza> presence, int priority);
    void set_unavailable() { presence_.reset(); }

    /// Asked for the roster: gets roster pushes and subscription requests (RFC 6121 §2.1.6, §2.2).
    bool is_interested() const { return interested_; }
    void set_interested() { interested_ = true; }

    /// The client says that nobody looks at it (XEP-0352).
    bool is_inactive() const { return inactive_; }
    void set_inactive(bool inactive) { inactive_ = inactive; }

    /// The newest message that it knows from its archive, if it has caught up there since it was bound
    /// (XEP-0313): up to here it needs no copies from the mailbox.
    const std::optional<MessageId>& caught_up_to() const { return caught_up_to_; }
    void set_caught_up_to(MessageId newest) { caught_up_to_ = std::max(newest, caught_up_to_.value_or(0)); }

    /// What must outlive the server with a resumable session has changed (presence, what modules keep:
    /// Handlers::session_kept).
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
    SlotTable slots_;
    std::int8_t priority_ = 0;
    bool interested_ = false;
    bool inactive_ = false;
    bool closed_in_good_order_ = false;
    std::optional<MessageId> caught_up_to_;
};

} // namespace stonechat
