// SPDX-License-Identifier: Apache-2.0
#include "muc/room_restoration.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_entrance.hpp"
#include "muc/room_handlers.hpp"
#include "muc/room_presence.hpp"
#include "net/shard.hpp"
#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "storage/storage.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds before_storing = 2s;
/// Time after the resume window until missing occupants have left.
constexpr std::chrono::milliseconds grace = 30s;
/// Limits for the missed messages that are sent. Clients get more from the archive.
constexpr std::size_t most_missed = 200;
constexpr std::size_t most_missed_bytes = 2 * 1024 * 1024;
/// A message id is close to the time of the commit, but not equal to it.
constexpr std::chrono::seconds slack = 5s;

/// Tells the others that an occupant has not returned.
void show_missing(Room& room, std::string_view nick, const Expected& who, bool joined_large_room)
{
    if (room.occupants().by_nick(nick) != nullptr) {
        return;
    }
    Occupant gone;
    gone.address = *room.address().with_resource(nick);
    gone.user = who.user;
    gone.id = who.id;
    gone.role = role_on_entering(room.affiliation(who.user), room.config().moderated);
    gone.joined_large_room = joined_large_room;
    Notice notice;
    notice.codes = { muc_status::technical };
    show_departure(room, gone, Role::none, nullptr, notice);
}

void send_archived(const Room& room, const Jid& device, const ArchivedMessage& message)
{
    auto element = parse_element(message.xml);
    if (!element) {
        return;
    }
    element->remove_children("x", ns::muc_user); // the real address stays in the archive only
    element->add(stanza_id(room.address(), message.id));
    element->add(Delay { message.stamp, room.address(), {} }.to_element());
    if (auto stanza = Stanza::from_element(std::move(*element))) {
        stanza->set_to(device);
        room.send(std::move(*stanza));
    }
}

/// Sends those messages of the page that the device has not got as live messages: those up to `newest`.
void send_page(const Room& room, const Jid& device, const ArchivePage& page, MessageId newest)
{
    if (room.occupants().by_device(device) == nullptr) {
        return; // the device has left again
    }
    // Only the newest messages if all are too many bytes.
    std::size_t bytes = 0;
    auto first = page.messages.end();
    while (first != page.messages.begin() && (bytes += std::prev(first)->xml.size()) <= most_missed_bytes) {
        --first;
    }
    for (; first != page.messages.end(); ++first) {
        if (first->id <= newest) {
            send_archived(room, device, *first);
        }
    }
}

/// Sends a device the messages since `confirmed`, up to where the client has received everything. Messages of
/// the last seconds before that may arrive twice, with the same ids. The query starts after all messages
/// under way are committed, because only then the archive has them. Messages sent from now on wait until it
/// is done, which keeps the order.
void send_missed(Room& room, const Jid& device, WallTime confirmed)
{
    const std::uint64_t begin = room.delivery_queue().hold();
    const std::uint64_t end = room.delivery_queue().hold();
    room.delivery_queue().ready(begin, [held = room.shared_from_this(), device, confirmed, end] {
        ArchiveQuery query;
        query.start = confirmed - slack;
        query.limit = most_missed;
        query.from_the_end = true;
        held->host()
            .storage()
            .archive()
            .page(held->key(), std::move(query))
            .then([held, device, end, newest = held->archive().newest()](
                      const Result<std::optional<ArchivePage>, StoreError>& page) {
                if (page && *page) {
                    send_page(*held, device, **page, newest);
                }
                held->delivery_queue().ready(end, Function<void()>([] {}));
            });
    });
}

} // namespace

KeptOccupants::KeptOccupants(Room& room)
    : room_(room),
      present_timer_([](void* self) { static_cast<KeptOccupants*>(self)->store_present(); }, this),
      expected_timer_([](void* self) { static_cast<KeptOccupants*>(self)->give_up(); }, this)
{}

void KeptOccupants::presence_changed()
{
    if (room_.state() == Room::State::open && !is_outdated()) {
        present_timer_.start(room_.host().shard().timers(), before_storing);
    }
}

void KeptOccupants::store_present()
{
    Element present("present", ns::rooms_kept);
    room_.occupants().for_each([&present](const Occupant& occupant) {
        present.add("occupant")
            .set_attribute("nick", occupant.nick())
            .set_attribute("user", occupant.user.text())
            .set_attribute("id", occupant.id);
    });
    RoomStore::Change change;
    change.present = to_xml(present);
    room_.host().storage().rooms().change(room_.key(), std::move(change)).then([](const auto&) {});
}

void KeptOccupants::stop()
{
    present_timer_.stop();
    expected_timer_.stop();
}

void KeptOccupants::expect(const std::string& present)
{
    const auto element = parse_element(present);
    if (!element) {
        return; // nobody was present
    }
    for (const Element* each : element->children("occupant", ns::rooms_kept)) {
        if (auto user = Jid::parse(each->attribute_or("user"))) {
            expected_[std::string(each->attribute_or("nick"))] = { std::move(*user),
                std::string(each->attribute_or("id")) };
        }
    }
    if (!expected_.empty()) {
        Host& host = room_.host();
        const auto window = host.router().settings().section("stream_management").duration("resume_window");
        expected_timer_.start(host.shard().timers(), window + grace);
    }
}

const Expected* KeptOccupants::expected_by_nick(std::string_view nick) const
{
    const auto found = expected_.find(nick);
    return found == expected_.end() ? nullptr : &found->second;
}

void KeptOccupants::returned(std::string_view nick)
{
    if (const auto found = expected_.find(nick); found != expected_.end()) {
        expected_.erase(found);
    }
}

bool KeptOccupants::knows(const Jid& account) const
{
    return std::any_of(expected_.begin(), expected_.end(),
        [&account](const auto& each) { return each.second.user.same_bare(account); });
}

void KeptOccupants::forget(const Jid& account)
{
    std::erase_if(expected_, [&account](const auto& each) { return each.second.user.same_bare(account); });
}

/// Occupants who have not returned by now have left.
void KeptOccupants::give_up()
{
    const auto held = room_.shared_from_this();
    const bool joined_large_room = room_.is_large(room_.occupants().size() + expected_.size());
    for (const auto& [nick, who] : std::exchange(expected_, {})) {
        show_missing(room_, nick, who, joined_large_room);
    }
    room_.after_leaving();
}

void attach_room_restoration(RoomHandlers& on)
{
    on.account_removed([](const Room& room,
                           const Jid& account) { return room.kept_occupants().knows(account); },
        [](Room& room, const Jid& account) { room.kept_occupants().forget(account); });
}

void restore_occupant(Room& room, const Jid& device, std::string_view nick, WallTime confirmed)
{
    if (room.occupants().by_device(device) != nullptr) {
        return;
    }
    if (room.state() != Room::State::open || !room.admits(device) || nick_problem(room, device, nick)) {
        tell_outside(room, *room.address().with_resource(nick), device, { muc_status::shut_down });
        if (room.state() == Room::State::absent) {
            room.service().forget(room);
        }
        return;
    }
    Occupant& occupant = give_place(room, device, nick, to_xml(Element("presence", ns::client)), 0);
    const Device& back = *occupant.device(device);
    show_to_others(room, occupant, back);
    show_others_to(room, occupant, back);
    show_to_device(room, occupant, back, {});
    room.kept_occupants().presence_changed();
    if (room.is_archived()) {
        send_missed(room, device, confirmed);
    }
}

} // namespace stonechat
