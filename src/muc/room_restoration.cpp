// SPDX-License-Identifier: Apache-2.0
// The part of Room that keeps occupants over a restart of the server (docs/decisions/0016). The list of those
// present is stored from time to time. Sessions that are resumed after a restart (XEP-0198) are still in the
// room and get the messages sent meanwhile. Occupants who do not return have left.
#include "muc/room.hpp"

#include "muc/muc_service.hpp"
#include "muc/room_entrance.hpp"
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

#include <utility>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

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

void Room::restore(const Jid& device, std::string_view nick, WallTime confirmed)
{
    if (occupants_.by_device(device) != nullptr) {
        return;
    }
    if (state_ != State::open || !admits(device) || refuse_nick(*this, device, nick)) {
        tell_outside(*this, *address().with_resource(nick), device, { muc_status::shut_down });
        if (state_ == State::absent) {
            service_.forget(*this);
        }
        return;
    }
    Occupant& occupant = give_place(*this, device, nick, to_xml(Element("presence", ns::client)), 0);
    const Device& back = *occupant.device(device);
    show_to_others(*this, occupant, back);
    show_others_to(*this, occupant, back);
    show_to_device(*this, occupant, back, {});
    presence_changed();
    if (is_archived()) {
        send_missed(*this, device, confirmed);
    }
}

void Room::write_present()
{
    Element present("present", ns::rooms_kept);
    occupants_.for_each([&present](const Occupant& occupant) {
        present.add("occupant")
            .set_attribute("nick", occupant.nick())
            .set_attribute("user", occupant.user.text())
            .set_attribute("id", occupant.id);
    });
    RoomStore::Change change;
    change.present = to_xml(present);
    host().storage().rooms().change(key(), std::move(change)).then([](const auto&) {});
}

void Room::expect(const std::string& present)
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
        const auto window = host().router().settings().section("stream_management").duration("resume_window");
        expected_timer_.start(host().shard().timers(), window + grace);
    }
}

/// Occupants who have not returned by now have left.
void Room::give_up_expected()
{
    const auto held = shared_from_this();
    const bool joined_large_room = is_large(occupants_.size() + expected_.size());
    for (const auto& [nick, who] : std::exchange(expected_, {})) {
        show_missing(*this, nick, who, joined_large_room);
    }
    after_leaving();
}

} // namespace stonechat
