// SPDX-License-Identifier: Apache-2.0
#include "muc/muc_rooms.hpp"

#include "config/suggestion.hpp"
#include "muc/at_room.hpp"
#include "muc/room_admin.hpp"
#include "muc/room_owner.hpp"
#include "muc/room_settings.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace stonechat {
namespace {

using Kind = RoomProblem::Kind;

RoomProblem store_failed()
{
    return { Kind::store_failed, "The database could not be read or written; the server's log says why" };
}

RoomProblem store_failed(StoreError error)
{
    return error == StoreError::full ? RoomProblem(Kind::store_full, "The disk is full") : store_failed();
}

/// Returns why `room` cannot be used, or nothing if it exists.
std::optional<RoomProblem> missing_room_problem(const Room& room)
{
    if (room.state() == Room::State::failed) {
        return store_failed();
    }
    return room.exists()
        ? std::nullopt
        : std::optional(RoomProblem(Kind::no_such_room,
            "There is no room " + room.address().text() + "; list the rooms to see which there are"));
}

RoomProblem to_problem(const StanzaError& error)
{
    std::string message = error.text().empty() ? std::string(to_text(error.condition())) : error.text();
    if (error.condition() == StanzaError::internal_server_error) {
        return store_failed();
    }
    if (error.condition() == to_stanza_error(StoreError::full).condition() && error.text().empty()) {
        return store_failed(StoreError::full);
    }
    const bool is_unreadable = error.condition() == StanzaError::bad_request;
    return { is_unreadable ? Kind::bad_value : Kind::not_allowed, std::move(message) };
}

/// Sends the announcement at once: the administrator is not in the room, so no occupant has to be answered
/// first.
RoomResult<Done> to_result(RoomAnswer answer)
{
    if (answer.afterwards) {
        answer.afterwards();
    }
    return answer.answer ? RoomResult<Done>(Done()) : RoomResult<Done>(to_problem(answer.answer.error()));
}

// On a room's home shard --------------------------------------------------------------------------

template <class T> using Work = std::function<Task<RoomResult<T>>(std::shared_ptr<Room>)>;

template <class T> Task<RoomResult<T>> unless_missing(std::shared_ptr<Room> room, Work<T> work)
{
    if (auto missing = missing_room_problem(*room)) {
        co_return std::move(*missing);
    }
    auto working = work(std::move(room));
    auto result = co_await working;
    co_return result;
}

/// Runs `work` on the room's home shard if the room exists, and returns the answer to this shard.
template <class T> Pending<RoomResult<T>> at_home(MucService& service, const Jid& address, Work<T> work)
{
    Work<T> careful = [work = std::move(work)](std::shared_ptr<Room> room) {
        return unless_missing<T>(std::move(room), work);
    };
    return at_room<RoomResult<T>>(service, address, std::move(careful), store_failed());
}

std::vector<RoomFacts::Affiliated> affiliations_of(const Room& room)
{
    std::vector<RoomFacts::Affiliated> all;
    for (const Affiliation each :
        { Affiliation::owner, Affiliation::admin, Affiliation::member, Affiliation::outcast }) {
        for (const RoomMember* member : room.members().with(each)) {
            all.push_back({ member->jid, std::string(to_text(each)), member->nick, member->reason });
        }
    }
    return all;
}

std::vector<RoomFacts::Present> occupants_of(const Room& room)
{
    std::vector<RoomFacts::Present> all;
    room.occupants().for_each([&](const Occupant& occupant) {
        RoomFacts::Present present;
        present.nick = occupant.nick();
        present.affiliation = to_text(room.affiliation(occupant.user));
        present.role = to_text(occupant.role);
        for (const Device& device : occupant.devices) {
            present.devices.push_back(device.jid());
        }
        all.push_back(std::move(present));
    });
    std::sort(all.begin(), all.end(),
        [](const auto& left, const auto& right) { return left.nick < right.nick; });
    return all;
}

DataForm owners_form(const Room& room, const RoomLimits& limits)
{
    return room_config_form(room.config(), limits, room.members().jids_with(Affiliation::owner),
        room.members().jids_with(Affiliation::admin), room.address().local());
}

/// Returns the owner's form without hidden fields and without the password.
DataForm configuration_of(const Room& room)
{
    DataForm configuration(DataForm::Type::result, ns::room_config_form);
    const DataForm form = owners_form(room, room.service().limits());
    for (const DataForm::Field& field : form.fields()) {
        if (field.type != DataForm::FieldType::hidden && field.type != DataForm::FieldType::text_private) {
            DataForm::Field copy = field;
            copy.options.clear();
            copy.required = false;
            configuration.add(std::move(copy));
        }
    }
    return configuration;
}

Task<RoomResult<RoomFacts>> inspect_here(std::shared_ptr<Room> room)
{
    ArchiveQuery query;
    query.limit = 0;
    auto counting = room->host().storage().archive().page(room->key(), std::move(query));
    const auto page = co_await counting;
    if (!page) {
        co_return store_failed();
    }
    if (auto missing = missing_room_problem(*room)) {
        co_return std::move(*missing);
    }
    RoomFacts facts;
    facts.configuration = configuration_of(*room);
    facts.affiliations = affiliations_of(*room);
    facts.occupants = occupants_of(*room);
    facts.subject = room->history().subject_text();
    facts.messages = *page ? (*page)->count : std::nullopt;
    facts.is_configured = room->state() == Room::State::open;
    co_return facts;
}

Task<RoomResult<Done>> configure_here(std::shared_ptr<Room> room, std::vector<RoomSetting> settings)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    if (auto missing = missing_room_problem(*room)) {
        co_return std::move(*missing);
    }
    RoomLimits limits = room->service().limits();
    limits.occupants = 0; // the limit does not apply to administrators
    auto submission = to_submission(settings, owners_form(*room, limits), limits);
    if (!submission) {
        co_return submission.error();
    }
    auto submitting = submit(room, std::move(*submission), limits);
    auto answer = co_await submitting;
    co_return to_result(std::move(answer));
}

Task<RoomResult<Done>> affiliate_here(std::shared_ptr<Room> room, Jid user, Affiliation affiliation,
    std::string reason)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    if (auto missing = missing_room_problem(*room)) {
        co_return std::move(*missing);
    }
    auto changing = change_affiliation(room, std::move(user), affiliation, std::move(reason));
    auto answer = co_await changing;
    co_return to_result(std::move(answer));
}

Task<RoomResult<Done>> destroy_here(std::shared_ptr<Room> room, std::string reason, Jid venue)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    if (auto missing = missing_room_problem(*room)) {
        co_return std::move(*missing);
    }
    Element wish("destroy", ns::muc_owner);
    if (!venue.empty()) {
        wish.set_attribute("jid", venue.text());
    }
    if (!reason.empty()) {
        wish.add_text_child("reason", reason);
    }
    auto destroying = destroy_room(room, std::move(wish));
    const auto destroyed = co_await destroying;
    if (!destroyed) {
        co_return store_failed(destroyed.error());
    }
    co_return Done();
}

constexpr std::array affiliations { Affiliation::owner, Affiliation::admin, Affiliation::member,
    Affiliation::none, Affiliation::outcast };

RoomProblem no_such_affiliation(const std::string& text)
{
    std::vector<std::string> words;
    std::string all;
    for (const Affiliation each : affiliations) {
        words.emplace_back(to_text(each));
        all += all.empty() ? "" : ", ";
        all += words.back();
    }
    const auto meant = nearest(text, words);
    return { Kind::bad_value,
        "'" + text + "' is no affiliation; "
            + (meant ? "did you mean '" + *meant + "'?" : "there are " + all) };
}

// Lists -------------------------------------------------------------------------------------------

RoomEntry entry_of(std::string address, const RoomConfig& config)
{
    RoomEntry entry;
    entry.room = std::move(address);
    entry.name = config.name;
    entry.members_only = config.members_only;
    entry.persistent = config.persistent;
    entry.hidden = !config.listed;
    return entry;
}

using Entries = std::map<std::string, RoomEntry>; ///< key: name of the room, in the order of the store

Entries entries_of(const std::vector<RoomSummary>& stored, const Jid& domain)
{
    Entries entries;
    for (const RoomSummary& each : stored) {
        RoomEntry entry = entry_of(each.room + "@" + domain.text(), room_config_from_text(each.config));
        entry.stored = each.created;
        entries.emplace(each.room, std::move(entry));
    }
    return entries;
}

/// Returns the rooms after `after` that one shard has in memory.
Entries loaded_on(Router& router, const Jid& domain, const std::string& after)
{
    Entries entries;
    for (const auto& [name, room] : service_at(router, domain)->loaded_rooms()) {
        if (name > after && room->exists()) {
            RoomEntry entry = entry_of(room->address().text(), room->config());
            entry.occupants = room->occupants().size();
            entries.emplace(name, std::move(entry));
        }
    }
    return entries;
}

/// Adds occupant counts to the page, and rooms that are not stored but belong on the page by name.
void add_loaded(Entries& page, const Entries& loaded, const std::optional<std::string>& page_end)
{
    for (const auto& [name, entry] : loaded) {
        if (const auto there = page.find(name); there != page.end()) {
            there->second.occupants = entry.occupants;
        } else if (!page_end || name < *page_end) {
            page.emplace(name, entry);
        }
    }
}

} // namespace

const Host& MucRooms::host() const
{
    return service_.host();
}

const Jid& MucRooms::domain() const
{
    return service_.domain();
}

Task<RoomResult<RoomList>> MucRooms::list(std::string after, std::size_t limit)
{
    RoomStore& store = service_.host().storage().rooms();
    auto listing = store.list(service_.domain().text(), after, limit, false);
    const auto stored = co_await listing;
    if (!stored) {
        co_return store_failed();
    }
    std::function<Entries(Router&)> look = [domain = service_.domain(), after](Router& router) {
        return loaded_on(router, domain, after);
    };
    Server& server = service_.host().router().server();
    auto looking = server.gather<Entries>(service_.host().shard(), std::move(look));
    const auto shards = co_await looking;
    RoomList list;
    if (stored->size() == limit) {
        list.next = stored->back().room;
    }
    Entries page = entries_of(*stored, service_.domain());
    for (const Entries& loaded : shards) {
        add_loaded(page, loaded, list.next);
    }
    for (auto& [name, entry] : page) {
        list.rooms.push_back(std::move(entry));
    }
    co_return list;
}

Task<RoomResult<RoomFacts>> MucRooms::inspect(Jid room)
{
    auto working = at_home<RoomFacts>(service_, room, inspect_here);
    auto facts = co_await working;
    co_return facts;
}

Task<RoomResult<Done>> MucRooms::configure(Jid room, std::vector<RoomSetting> settings)
{
    const auto work = [settings = std::move(settings)](std::shared_ptr<Room> there) {
        return configure_here(std::move(there), settings);
    };
    auto working = at_home<Done>(service_, room, work);
    auto done = co_await working;
    co_return done;
}

Task<RoomResult<Done>> MucRooms::affiliate(Jid room, Jid user, std::string affiliation, std::string reason)
{
    const auto wanted = affiliation_from_text(affiliation);
    if (!wanted) {
        co_return no_such_affiliation(affiliation);
    }
    const auto work = [user = std::move(user), wanted = *wanted,
                          reason = std::move(reason)](std::shared_ptr<Room> there) {
        return affiliate_here(std::move(there), user, wanted, reason);
    };
    auto working = at_home<Done>(service_, room, work);
    auto done = co_await working;
    co_return done;
}

Task<RoomResult<Done>> MucRooms::destroy(Jid room, std::string reason, Jid venue)
{
    const auto work = [reason = std::move(reason), venue = std::move(venue)](std::shared_ptr<Room> there) {
        return destroy_here(std::move(there), reason, venue);
    };
    auto working = at_home<Done>(service_, room, work);
    auto done = co_await working;
    co_return done;
}

} // namespace stonechat
