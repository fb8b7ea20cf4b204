// SPDX-License-Identifier: Apache-2.0
// Room: one group chat (XEP-0045), whatever is known of it and all that goes in and out. It lives on the home
// shard of its address, owned by the MucService there; it is loaded when somebody addresses it and unloaded
// when it is empty and idle. What the protocol does with it stands in the files beside this one, by part of
// the protocol: room_entrance, room_visit, room_messages, room_admin, room_owner …
//
// What comes in changes the state at once. What goes out keeps its order behind messages that are being
// committed (`emit`): who is addressed is decided when the cause came in.
#pragma once

#include "base/function.hpp"
#include "base/rate_limit.hpp"
#include "base/task.hpp"
#include "muc/group_ticks.hpp"
#include "muc/members.hpp"
#include "muc/occupants.hpp"
#include "muc/room_config.hpp"
#include "muc/room_hats.hpp"
#include "muc/room_history.hpp"
#include "muc/room_progress.hpp"
#include "net/timer_wheel.hpp"
#include "router/archive_quota.hpp"
#include "router/async_mutex.hpp"
#include "router/delivery_queue.hpp"
#include "router/settlement.hpp"
#include "storage/room_store.hpp"
#include "xmpp/stanza.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stonechat {

class Host;
class MucService;

/// Somebody who was there when the server ended, and may come back with his resumed session (XEP-0198).
struct Expected {
    Jid user;       ///< bare
    std::string id; ///< XEP-0421
};

class Room final : public std::enable_shared_from_this<Room> {
public:
    enum class State {
        loading, ///< being read from the store, or about to be created
        absent,  ///< there is no such room
        locked,  ///< created; its owner has not configured it yet (§10.1)
        open,
        failed, ///< the store could not be read
        gone,   ///< destroyed, or unloaded; nobody finds it any more
    };

    Room(MucService& service, Jid address);
    ~Room();

    const Jid& address() const { return address_; }
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
    /// Somebody has received or read something: who wrote it is told after a while.
    void ticks_changed();
    /// The newest message of the archive; 0: none.
    MessageId newest() const { return newest_; }
    ArchiveQuota& archive_quota() { return archive_quota_; }
    void set_newest(MessageId id) { newest_ = std::max(newest_, id); }
    /// Who was there before a restart and is not back yet, by nick.
    std::map<std::string, Expected, std::less<>>& expected() { return expected_; }
    const std::map<std::string, Expected, std::less<>>& expected() const { return expected_; }
    /// Who was invited by whom (both bare), lately: only they may decline (§7.8.2).
    std::deque<std::pair<Jid, Jid>>& invitations() { return invitations_; }
    /// Those who change what is stored do it one after another.
    AsyncMutex& change_mutex() { return change_mutex_; }

    /// What somebody may do here. `who` is a full address of a device, or bare: then he has no role.
    RoleAndAffiliation role_and_affiliation(const Jid& who) const;
    Affiliation affiliation(const Jid& user) const { return members_.affiliation(user); }
    /// XEP-0421 of a user (bare) in this room.
    std::string occupant_id(const Jid& user) const;
    /// Whether `who` may see the real addresses of others.
    bool shows_real_addresses_to(const Jid& who) const;
    /// With `size` occupants there are so many that not everybody is shown to everybody.
    bool is_large(std::size_t size) const;
    /// What is said here is kept for those who were away (XEP-0313).
    bool is_archived() const;
    /// Whether `who` (bare or full) could enter, but for password and nick: then he may also look in from
    /// outside, at what is not hidden.
    bool admits(const Jid& who) const;

    // In.
    /// A stanza to the room or one of its occupants.
    void receive(Stanza stanza, Settlement settlement);
    /// Runs `task` when it is known whether the room exists; now, if it is.
    void when_loaded(Function<void(Room&)> task);
    /// A resumed session was in the room before a restart (room_restoration.cpp).
    void restore(const Jid& device, std::string_view nick, WallTime confirmed);

    // Out.
    /// Runs `f` behind all messages that are being committed; now if there are none.
    void emit(Function<void()> f) { delivery_queue_.append(std::move(f)); }
    DeliveryQueue& delivery_queue() { return delivery_queue_; }
    /// To one address; `to` is set.
    void send(Stanza stanza) const;
    /// To many, behind messages that are being committed; serialised once.
    void say(Stanza stanza, const AudiencePtr& audience, const Except& except = {});
    /// Answers with an error that names the room as its author (RFC 6120 §8.3.2), unless none is to be
    /// answered.
    void refuse(const Stanza& request, const StanzaError& error) const;
    /// What who is outside is told when the room is not there, or not yet, and then why (§7.2.10, §17.2).
    StanzaError absence() const;
    const AudiencePtr& everybody();
    const AudiencePtr& moderators();
    const AudiencePtr& others();

    // Its life.
    /// Reads it from the store. Once.
    void load();
    /// Whether `user` (bare) may say or do one thing more now (XEP-0045 §14.6); it is charged to him.
    bool allows_message(const Jid& user);
    bool allows_presence(const Jid& user);
    /// Whether `device` may have one more query to the archive under way, `most` at a time.
    bool begin_query(const Jid& device, std::size_t most);
    void end_query(const Jid& device);
    /// Somebody wants to enter it, who creates it by that: until it is known whether he may, all wait.
    void wait_for_creation();
    /// He may, and enters with `presence`; or he may not.
    void be_created(std::optional<Stanza> presence);
    /// It begins, in memory only, with its first owner (§10.1.1).
    void begin(const Jid& owner);
    /// Its owner wants to see the form before it opens (§10.1.3), or has not asked for one.
    void being_set_up() { is_being_set_up_ = true; }
    bool is_being_set_up() const { return is_being_set_up_; }
    /// It was configured, and is stored.
    void open();
    /// It is over: nobody finds it any more. What is kept of it is the caller's business.
    void end();
    /// The last one has left: what is not persistent goes (§7.14).
    void after_leaving();
    /// Somebody came, went or changed: who is present is written down after a while.
    void presence_changed();
    /// Nobody needs it in memory, now and at the last look.
    bool is_idle_again();
    /// Leaves memory; what is not persistent and was left by all goes for good.
    void unload();
    /// Removes it from the store and from memory.
    void remove();

private:
    Task<State> read();
    Task<bool> read_history();
    void apply(RoomRecord record);
    void become(State state);
    void receive_loaded(Stanza stanza, Settlement settlement);
    void on_timer();
    void write_present();
    void expect(const std::string& present);
    void give_up_expected();
    void fail(const Stanza& stanza, std::string_view why);

    MucService& service_;
    Jid address_;
    State state_ = State::loading;
    RoomConfig config_;
    Members members_;
    Occupants occupants_;
    RoomHistory history_;
    Progress progress_;
    RoomHats hats_;
    DeliveryQueue delivery_queue_;
    AsyncMutex change_mutex_;
    std::map<std::string, Expected, std::less<>> expected_;
    std::deque<std::pair<Jid, Jid>> invitations_;
    std::vector<Function<void(Room&)>> waiting_;
    Timer timer_; ///< locked: until it is given up; open: until who is present is written down
    Timer expected_timer_;
    /// What users may still say and do; who has not used up anything has none.
    struct Rates {
        RateLimit messages;
        RateLimit presences;
    };
    Rates& rates_of(const Jid& user);
    void forget_rates();
    std::unordered_map<std::string, Rates> rates_;
    std::unordered_map<std::string, std::size_t> queries_; ///< under way, by device
    RateLimit all_messages_;
    TickLedger tick_ledger_;
    Timer ticks_timer_;
    MessageId newest_ = 0;
    ArchiveQuota archive_quota_;
    bool is_being_set_up_ = false;
    bool present_changed_ = false;
    bool was_idle_ = false;
};

} // namespace stonechat
