// SPDX-License-Identifier: Apache-2.0
#include "muc/room_history.hpp"

#include "xmpp/date_time.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace stonechat {
namespace {

std::optional<std::size_t> read_number(const Element& history, std::string_view name)
{
    const std::string_view text = history.attribute_or(name);
    std::size_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = !text.empty() && failure == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(number) : std::nullopt;
}

/// A larger number of seconds counts as no limit, so that the subtraction from the current time cannot
/// overflow.
constexpr std::size_t longest_look_back = 100UL * 365 * 24 * 60 * 60;

std::shared_ptr<const WireForm> stamped(const WireForm& message, WallTime stamp, const Jid& room)
{
    const Element delay = Delay { stamp, room, {} }.to_element();
    return std::make_shared<const WireForm>(message.with_last_child(delay, ns::client));
}

Stanza stamped(Element message, WallTime stamp, const Jid& room)
{
    message.add(Delay { stamp, room, {} }.to_element());
    auto stanza = Stanza::from_element(std::move(message));
    return std::move(*stanza);
}

} // namespace

HistoryRequest HistoryRequest::from_presence(const Element& presence, WallTime now)
{
    HistoryRequest request;
    const Element* x = presence.child("x", ns::muc);
    const Element* history = x == nullptr ? nullptr : x->child("history");
    if (history == nullptr) {
        return request;
    }
    request.characters = read_number(*history, "maxchars");
    request.stanzas = read_number(*history, "maxstanzas");
    request.since = parse_datetime(history->attribute_or("since"));
    const auto seconds = read_number(*history, "seconds");
    if (seconds && *seconds < longest_look_back) {
        const WallTime from = now - std::chrono::seconds(*seconds);
        request.since = request.since ? std::max(*request.since, from) : from;
    }
    return request;
}

void RoomHistory::set_length(std::size_t length)
{
    length_ = length;
    drop_what_is_too_much();
}

void RoomHistory::set_bytes(std::size_t bytes)
{
    most_bytes_ = bytes;
    drop_what_is_too_much();
}

void RoomHistory::drop_what_is_too_much()
{
    while (entries_.size() > length_ || (entries_.size() > 1 && bytes_ > most_bytes_)) {
        bytes_ -= entries_.front().wire->size();
        entries_.pop_front();
    }
}

void RoomHistory::add(MessageId id, WallTime stamp, const Jid& from, const WireForm& message)
{
    if (length_ == 0) {
        return;
    }
    entries_.push_back({ id, stamp, from, stamped(message, stamp, from.bare()) });
    bytes_ += entries_.back().wire->size();
    drop_what_is_too_much();
}

std::vector<RoomHistory::Entry> RoomHistory::select(const HistoryRequest& request) const
{
    std::vector<Entry> selected;
    std::size_t characters = 0;
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
        if (request.stanzas && selected.size() >= *request.stanzas) {
            break;
        }
        if (request.since && entry->stamp < *request.since) {
            break;
        }
        characters += entry->wire->size();
        if (request.characters && characters > *request.characters) {
            break;
        }
        selected.push_back(*entry);
    }
    std::reverse(selected.begin(), selected.end());
    return selected;
}

void RoomHistory::replace(MessageId id, const Element& message)
{
    const auto found = std::find_if(entries_.begin(), entries_.end(),
        [id](const Entry& entry) { return entry.id == id; });
    if (found == entries_.end()) {
        return;
    }
    bytes_ -= found->wire->size();
    found->wire = stamped(WireForm(message, ns::client), found->stamp, found->from.bare());
    bytes_ += found->wire->size();
    drop_what_is_too_much();
}

void RoomHistory::set_subject(Element message, WallTime stamp)
{
    subject_ = std::move(message);
    subject_stamp_ = stamp;
}

Stanza RoomHistory::subject(const Jid& room) const
{
    if (subject_) {
        return stamped(*subject_, subject_stamp_, room);
    }
    Stanza none = Stanza::message(room, Jid(), MessageType::groupchat);
    none.element().add("subject");
    return none;
}

std::string RoomHistory::subject_text() const
{
    return subject_ ? subject_->child_text("subject") : std::string();
}

std::string RoomHistory::subject_to_text() const
{
    if (!subject_) {
        return {};
    }
    Element kept("subject", ns::rooms_kept);
    kept.set_attribute("stamp", to_datetime(subject_stamp_, true));
    kept.add(*subject_);
    return to_xml(kept);
}

void RoomHistory::subject_from_text(std::string_view text)
{
    const auto kept = parse_element(text);
    const Element* message = kept ? kept->child("message", ns::client) : nullptr;
    const auto stamp = kept ? parse_datetime(kept->attribute_or("stamp")) : std::nullopt;
    if (message != nullptr && stamp) {
        set_subject(*message, *stamp);
    }
}

} // namespace stonechat
