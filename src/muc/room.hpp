// SPDX-License-Identifier: Apache-2.0
// Room: one group chat (XEP-0045) with all its state, its incoming and its outgoing stanzas. It lives on the
// home shard of its address and is owned by the MucService there. It is loaded when a stanza addresses it and
// unloaded when it is empty and idle. The protocol is in the files next to this one, one per part of
// XEP-0045: room_entrance, room_visit, room_messages, room_admin, room_owner …
//
// An incoming stanza changes the state at once. Outgoing stanzas wait behind messages that are being
// committed (`emit`), so that the order is kept. Their recipients are chosen when the incoming stanza is
// handled.
#pragma once

#include "base/function.hpp"
#include "base/task.hpp"
#include "muc/group_ticks.hpp"
#include "muc/members.hpp"
#include "muc/notice_interests.hpp"
#include "muc/occupants.hpp"
#include "muc/room_archive.hpp"
#include "muc/room_config.hpp"
#include "muc/room_hats.hpp"
#include "muc/room_history.hpp"
#include "muc/room_invitations.hpp"
#include "muc/room_progress.hpp"
#include "muc/room_rates.hpp"
#include "muc/room_restoration.hpp"
#include "net/timer_wheel.hpp"
#include "router/async_mutex.hpp"
#include "router/entity.hpp"
#include "router/settlement.hpp"
#include "storage/room_store.hpp"
#include "xmpp/stanza.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat {

class Host;
class MucService;

class Room final : public Entity, public std::enable_shared_from_this<Room> {
public:
    enum class State {
        loading, ///< being read from the store, or being created
        absent,  ///< there is no such room in the store
        locked,  ///< created, but not yet configured by its owner (§10.1)
        open,
        failed, ///< the store could not be read
        gone,   ///< destroyed or unloaded; no longer found by its address
    };

    Room(MucService& service, Jid address);
    ~Room();

    AccountKey key() const;
    MucService& service() const { return service_; }
    Host& host() const;
    State state() const { return state_; }
    bool exists() const { return state_ == State::locked || state_ == State::open; }

    const RoomConfig& config() const { return config_; }
    void set_config(RoomConfig config);
    Members& members() { return members_; }
    const Members& members() const { return members_; }
    Occupants& occupants() { return occupants_; }
    const Occupants& occupants() const { return occupants_; }
    RoomHistory& history() { return history_; }
    const RoomHistory& history() const { return history_; }
    Progress& progress() { return progress_; }
    const Progress& progress() const { return progress_; }
    RoomHats& hats() { return hats_; }
    const RoomHats& hats() const { return hats_; }
    TickLedger& tick_ledger() { return tick_ledger_; }
    const TickLedger& tick_ledger() const { return tick_ledger_; }
    RoomArchive& archive() { return archive_; }
    const RoomArchive& archive() const { return archive_; }
    KeptOccupants& kept_occupants() { return kept_occupants_; }
    const KeptOccupants& kept_occupants() const { return kept_occupants_; }
    RoomInvitations& invitations() { return invitations_; }
    const RoomInvitations& invitations() const { return invitations_; }
    NoticeInterests& notice_interests() { return notice_interests_; }
    const NoticeInterests& notice_interests() const { return notice_interests_; }
    RoomRates& rates() { return rates_; }
    /// Serialises coroutines that change what is stored.
    AsyncMutex& change_mutex() { return change_mutex_; }

    /// Returns the role and affiliation of `who`. `who` is the full address of a device, or bare; then the
    /// role is none.
    RoleAndAffiliation role_and_affiliation(const Jid& who) const;
    Affiliation affiliation(const Jid& user) const { return members_.affiliation(user); }
    /// Returns the occupant id (XEP-0421) of a user (bare) in this room.
    std::string occupant_id(const Jid& user) const;
    /// Whether `who` may see the real addresses of other occupants.
    bool shows_real_addresses_to(const Jid& who) const;
    /// Whether a room with `size` occupants is a large room, in which not all occupants see each other.
    bool is_large(std::size_t size) const;
    /// Whether messages are kept in the archive (XEP-0313).
    bool is_archived() const;
    /// Whether the affiliation of `who` (bare or full) allows entering; password and nick are not checked.
    /// Such a user may also query the room from outside, except for hidden information.
    bool admits(const Jid& who) const;

    // Incoming.
    /// Handles a stanza to the room or to one of its occupants.
    void receive(Stanza stanza, Settlement settlement);
    /// Runs `task` once it is known whether the room exists; immediately if it is known already.
    void when_loaded(Function<void(Room&)> task);

    // Outgoing.
    /// Runs `f` after all messages that are being committed now; immediately if there are none.
    void emit(Function<void()> f) { delivery_queue().append(std::move(f)); }
    /// Routes a stanza to one address, which is set as its `to`.
    void send(Stanza stanza) const;
    /// Sends a stanza to all of `audience` but `except`, after messages that are being committed. Serialises
    /// it once.
    void say(Stanza stanza, const AudiencePtr& audience, const Except& except = {});
    /// Answers with an error that names the room in `by` (RFC 6120 §8.3.2). Does nothing if the stanza must
    /// not be answered.
    void refuse(const Stanza& request, const StanzaError& error) const;
    /// Returns the error for users outside when the room does not exist or is locked, and then why (§7.2.10,
    /// §17.2).
    StanzaError absence() const;

    // Lifecycle.
    /// Reads the room from the store. Call once.
    void load();
    /// A user creates the room by entering. Holds back all stanzas until it is known whether the user may.
    void wait_for_creation();
    /// Ends the wait: creates the room and lets its creator in with `presence`. Without it the room stays
    /// absent.
    void be_created(std::optional<Stanza> presence);
    /// The owner has asked for the configuration form (§10.1.3), so the room does not open with defaults.
    void being_set_up() { is_being_set_up_ = true; }
    bool is_being_set_up() const { return is_being_set_up_; }
    /// Opens the room after it was configured and stored.
    void open();
    /// Marks the room as gone, so that its address no longer finds it. The caller removes what is stored.
    void end();
    /// Call after an occupant has left. An empty room that is not persistent is removed (§7.14).
    void after_leaving();
    /// Whether nobody is in the room and nothing is under way. Forgets rate limits that are not in use.
    bool is_idle();
    /// Removes the room from memory. A room that is not persistent is also removed from the store.
    void unload();

private:
    Task<State> read();
    Task<bool> read_history();
    void apply(RoomRecord record);
    void set_state(State state);
    /// Goes on with everything that waits for the outcome of the load.
    void become(State state);
    void receive_loaded(Stanza stanza, Settlement settlement);
    /// Starts a new locked room with its first owner, in memory only (§10.1.1).
    void begin(const Jid& owner);
    /// Removes it from the store and from memory.
    void remove();
    void give_up_creation();
    void fail(const Stanza& stanza, std::string_view why);

    MucService& service_;
    State state_ = State::loading;
    RoomConfig config_;
    Members members_;
    Occupants occupants_;
    RoomHistory history_;
    Progress progress_;
    RoomHats hats_;
    AsyncMutex change_mutex_;
    KeptOccupants kept_occupants_;
    RoomInvitations invitations_;
    NoticeInterests notice_interests_;
    Timer creation_timer_; ///< until a locked room is given up
    RoomRates rates_;
    TickLedger tick_ledger_;
    RoomArchive archive_;
    bool is_being_set_up_ = false;
};

} // namespace stonechat
