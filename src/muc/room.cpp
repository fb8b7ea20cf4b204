// SPDX-License-Identifier: Apache-2.0
#include "muc/room.hpp"

#include "base/log.hpp"
#include "muc/muc_service.hpp"
#include "muc/room_entrance.hpp"
#include "muc/room_messages.hpp"
#include "muc/room_presence.hpp"
#include "muc/room_requests.hpp"
#include "muc/room_visit.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

/// §10.1.1: time for the owner to configure a new room. The room is destroyed after that.
constexpr std::chrono::milliseconds lock_time = 5min;

} // namespace

Room::Room(MucService& service, Jid address)
    : Entity(std::move(address)), service_(service),
      occupants_(service.host().router().server().shard_count()), kept_occupants_(*this),
      creation_timer_([](void* self) { static_cast<Room*>(self)->give_up_creation(); }, this),
      rates_(service), tick_ledger_(*this)
{}

Room::~Room() = default;

AccountKey Room::key() const
{
    return { std::string(address().domain()), std::string(address().local()) };
}

Host& Room::host() const
{
    return service_.host();
}

void Room::set_config(RoomConfig config)
{
    config_ = std::move(config);
    history_.set_length(config_.history);
    history_.set_bytes(static_cast<std::size_t>(service_.settings().integer("max_history_bytes")));
}

// Permissions -------------------------------------------------------------------------------------

RoleAndAffiliation Room::role_and_affiliation(const Jid& who) const
{
    const Occupant* occupant = occupants_.by_device(who);
    return { affiliation(who), occupant != nullptr ? occupant->role : Role::none };
}

std::string Room::occupant_id(const Jid& user) const
{
    return service_.occupant_id(address(), user);
}

bool Room::shows_real_addresses_to(const Jid& who) const
{
    return !config_.is_anonymous() || role_and_affiliation(who).role == Role::moderator;
}

bool Room::is_archived() const
{
    return config_.archived && service_.retention() != Retention { 0 };
}

bool Room::is_large(std::size_t size) const
{
    const auto most = static_cast<std::size_t>(service_.settings().integer("large_room"));
    return most != 0 && size >= most;
}

bool Room::admits(const Jid& who) const
{
    const Affiliation his = affiliation(who);
    return his != Affiliation::outcast && (!config_.members_only || his != Affiliation::none);
}

// Loading -----------------------------------------------------------------------------------------

void Room::load()
{
    start(
        read(), [held = shared_from_this()](State state) { held->become(state); },
        [held = shared_from_this()](const std::exception_ptr&) { held->become(State::failed); });
}

Task<Room::State> Room::read()
{
    auto loading = host().storage().rooms().load(key());
    auto loaded = co_await loading;
    if (!loaded) {
        co_return State::failed;
    }
    if (!*loaded) {
        co_return State::absent;
    }
    apply(std::move(**loaded));
    auto reading = read_history();
    const bool read = co_await reading;
    auto hatting = read_hats(*this);
    const bool hatted = co_await hatting;
    co_return read&& hatted ? State::open : State::failed;
}

Task<bool> Room::read_history()
{
    if (!is_archived()) {
        co_return true;
    }
    ArchiveQuery query;
    query.from_the_end = true;
    query.limit = std::max<std::size_t>(config_.history, 1); // at least one, so that the newest is known
    auto asking = host().storage().archive().page(key(), std::move(query));
    auto page = co_await asking;
    if (!page || !*page) {
        co_return false;
    }
    for (ArchivedMessage& message : (*page)->messages) {
        archive_.set_newest(message.id);
        if (auto element = parse_element(message.xml)) {
            add_to_history(*this, std::move(*element), message.id, message.stamp);
        }
    }
    co_return true;
}

void Room::apply(RoomRecord record)
{
    set_config(room_config_from_text(record.config));
    members_ = Members(std::move(record.members));
    progress_ = Progress(std::move(record.progress));
    history_.subject_from_text(record.subject);
    kept_occupants_.expect(record.present);
}

void Room::set_state(State state)
{
    state_ = state;
    set_loading(state == State::loading);
}

void Room::become(State state)
{
    set_state(state);
    if (state == State::failed) {
        host().log().error("room not loaded", { { "room", address().text() } });
    }
    const auto held = shared_from_this();
    run_waiting();
    if ((state_ == State::absent && !has_waiting()) || state_ == State::failed) {
        service_.forget(*this); // the next stanza to the address reads the store again
    }
}

void Room::when_loaded(Function<void(Room&)> task)
{
    if (is_loading()) {
        wait([this, task = std::move(task)]() mutable { task(*this); });
    } else {
        task(*this);
    }
}

// Incoming ----------------------------------------------------------------------------------------

void Room::receive(Stanza stanza, Settlement settlement)
{
    if (!is_loading()) {
        receive_loaded(std::move(stanza), std::move(settlement));
        return;
    }
    wait([this, stanza = std::move(stanza), settlement = std::move(settlement)]() mutable {
        receive_loaded(std::move(stanza), std::move(settlement));
    });
}

void Room::receive_loaded(Stanza stanza, Settlement settlement)
{
    if (state_ == State::failed) {
        refuse(stanza, StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait));
        std::move(settlement).settle();
        return;
    }
    if (state_ == State::gone) { // the stanza is for a new room of that name
        service_.deliver(std::move(stanza), std::move(settlement));
        return;
    }
    const auto held = shared_from_this();
    const Stanza what = stanza;
    try {
        switch (stanza.kind()) {
        case StanzaKind::presence: receive_presence(*this, std::move(stanza)); break;
        case StanzaKind::message: receive_message(*this, std::move(stanza), settlement); break;
        case StanzaKind::iq: receive_request(*this, std::move(stanza), settlement); break;
        }
    } catch (const std::exception& failure) {
        fail(what, failure.what());
    }
    std::move(settlement).settle();
    if (state_ == State::absent) {
        service_.forget(*this);
    }
}

void Room::fail(const Stanza& stanza, std::string_view why)
{
    host().router().dead_letters().add(host(), stanza, std::string(why));
    refuse(stanza, StanzaError(StanzaError::internal_server_error));
}

// Outgoing ----------------------------------------------------------------------------------------

void Room::send(Stanza stanza) const
{
    host().router().route(std::move(stanza));
}

void Room::say(Stanza stanza, const AudiencePtr& audience, const Except& except)
{
    if (audience->size() <= except.size() && audience->empty()) {
        return;
    }
    stanza.serialize_for_many();
    emit([held = shared_from_this(), shared = std::make_shared<const Stanza>(std::move(stanza)), audience,
             except] { held->host().router().multicast(shared, audience, except); });
}

void Room::refuse(const Stanza& request, const StanzaError& error) const
{
    if (!Router::is_answerable(request) || request.from().empty()) {
        return;
    }
    Router& router = host().router();
    ++router.counters().refused;
    host().trace("refused", request, to_text(error.condition()));
    Stanza reply = request.error_reply(error);
    if (Element* element = reply.element().child("error")) {
        element->set_attribute("by", address().text());
    }
    // `<x/>` shows the client that the error is about entering (XEP-0045 examples 19 to 34).
    if (request.kind() == StanzaKind::presence && request.element().child("x", ns::muc) != nullptr) {
        reply.element().add("x", ns::muc);
    }
    router.route(std::move(reply));
}

StanzaError Room::absence() const
{
    return state_ == State::locked
        ? StanzaError(StanzaError::item_not_found, "This room is not open yet: its owner has not set it up")
        : StanzaError(StanzaError::item_not_found);
}

// Lifecycle ---------------------------------------------------------------------------------------

void Room::begin(const Jid& owner)
{
    set_state(State::locked);
    set_config(service_.default_config());
    RoomMember first;
    first.jid = owner.bare();
    first.affiliation = Affiliation::owner;
    members_.apply(first);
    creation_timer_.start(host().shard().timers(), lock_time);
}

void Room::end()
{
    set_state(State::gone);
    creation_timer_.stop();
    kept_occupants_.stop();
    tick_ledger_.stop();
    service_.forget(*this);
}

void Room::open()
{
    set_state(State::open);
    creation_timer_.stop();
    kept_occupants_.presence_changed();
}

void Room::after_leaving()
{
    kept_occupants_.presence_changed();
    if (!occupants_.empty() || !kept_occupants_.expects_nobody()) {
        return;
    }
    if (state_ == State::locked) {
        end();
    } else if (!config_.persistent) {
        remove();
    }
}

void Room::remove()
{
    const auto held = shared_from_this();
    end();
    // The last messages may still be on their way to the store. The removal is queued behind them.
    host().storage().rooms().remove(key()).then([held](const Result<bool, StoreError>& removed) {
        if (!removed) {
            held->host().log().warning("room not removed", { { "room", held->address().text() } });
        }
    });
}

void Room::give_up_creation()
{
    const auto held = shared_from_this();
    destroy_room(*this, Notice {});
}

bool Room::is_idle()
{
    rates_.forget_unused();
    return state_ == State::open && occupants_.empty() && kept_occupants_.expects_nobody()
        && delivery_queue().is_empty() && !change_mutex_.is_locked() && !kept_occupants_.is_outdated();
}

void Room::unload()
{
    if (!config_.persistent && state_ == State::open) {
        remove(); // the room was left over from before a restart
    } else {
        end();
    }
}

} // namespace stonechat
