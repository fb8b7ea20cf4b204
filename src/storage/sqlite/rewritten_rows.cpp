// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/rewritten_rows.hpp"

#include "xmpp/jid.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <utility>
#include <vector>

namespace stonechat::sqlite {

namespace {

constexpr std::int64_t rows_per_step = 500;

// In a direct message each side is the other's peer. Both sides have the same peer only if a room is between
// them.
constexpr auto select_shared =
    "SELECT m.id, m.xml, o.user || '@' || o.host, p.jid, a.resource FROM message m"
    " CROSS JOIN archive a ON a.owner = m.owner_b AND a.peer = m.peer_b AND a.id = m.id AND NOT a.outgoing"
    " CROSS JOIN owner o ON o.id = a.owner CROSS JOIN address p ON p.id = a.peer"
    " WHERE m.peer_a = m.peer_b AND m.id > ?1 ORDER BY m.id LIMIT ?2";
constexpr auto select_of_recipient =
    "SELECT m.id, m.xml, o.user || '@' || o.host, p.jid, a.resource FROM message m"
    " CROSS JOIN archive a ON a.owner = m.owner_a AND a.peer = m.peer_a AND a.id = m.id AND NOT a.outgoing"
    " CROSS JOIN owner o ON o.id = a.owner CROSS JOIN address p ON p.id = a.peer"
    " WHERE m.owner_b IS NULL AND m.id > ?1 ORDER BY m.id LIMIT ?2";
constexpr auto update_shared = "UPDATE message SET xml = ?2 WHERE id = ?1";
// Recipients without an archive: the nick was not stored.
constexpr auto select_own_mail =
    "SELECT b.row, b.xml, o.user || '@' || o.host, b.sender, NULL FROM mailbox b CROSS JOIN owner o"
    " ON o.id = b.owner WHERE b.message IS NULL AND b.row > ?1 ORDER BY b.row LIMIT ?2";
constexpr auto update_mail = "UPDATE mailbox SET xml = ?2 WHERE row = ?1";
constexpr auto select_queues =
    "SELECT u.stream, u.sequence, u.xml, o.user || '@' || o.host FROM unacked u"
    " CROSS JOIN stream s ON s.id = u.stream CROSS JOIN owner o ON o.id = s.owner"
    " WHERE u.xml IS NOT NULL AND u.form <> 2 AND (u.stream, u.sequence) > (?1, ?2)"
    " ORDER BY u.stream, u.sequence LIMIT ?3";
constexpr auto update_queue = "UPDATE unacked SET xml = ?3 WHERE stream = ?1 AND sequence = ?2";

/// Changes an invitation or its refusal to the form in which a room forwards it: with the sender and without
/// the recipient. Removes invitations of other users.
void mend_invitations(Element& x, const Jid& sender, const Jid& owner)
{
    const auto is_for_another = [&owner](const Element& child) {
        const auto to = Jid::parse(child.attribute_or("to"));
        return child.name() == "invite" && !(to && to->same_bare(owner));
    };
    x.remove_children_if(is_for_another);
    for (const char* name : { "invite", "decline" }) {
        if (Element* child = x.child(name)) {
            child->remove_attribute("to");
            child->set_attribute("from", sender.bare_text());
        }
    }
}

/// Returns the message that `sender` sent to an address of a room, in the form that both sides may see.
/// `from` is the address that the recipient saw.
std::string from_occupant(Element message, const Jid& sender, const Jid& from, const Jid& owner)
{
    message.set_attribute("from", from.text());
    Element* x = message.child("x", ns::muc_user);
    const bool is_private = from.has_resource() || x == nullptr || x->first_child() == nullptr;
    if (is_private) { // XEP-0045 §7.5
        message.remove_children("x", ns::muc_user);
        message.add("x", ns::muc_user);
    } else {
        mend_invitations(*x, sender, owner);
    }
    return to_xml(message);
}

struct Received {
    std::string xml;
    std::string owner;               ///< bare
    std::string peer;                ///< bare
    std::optional<std::string> nick; ///< the peer's nick
};

/// Returns the stanza that replaces the row's, if the recipient received a rewritten one.
std::optional<std::string> mended(const Received& row)
{
    auto message = parse_element(row.xml);
    const auto owner = Jid::parse(row.owner);
    const auto peer = Jid::parse(row.peer);
    const auto sender = message ? Jid::parse(message->attribute_or("from")) : std::nullopt;
    if (!owner || !peer || !sender || sender->same_bare(*peer)) {
        return std::nullopt;
    }
    const auto occupant = row.nick ? peer->with_resource(*row.nick) : peer;
    return from_occupant(std::move(*message), *sender, occupant.value_or(*peer), *owner);
}

void mend(Connection& db, const char* select, const char* update)
{
    std::int64_t last = -1;
    std::int64_t looked_at = 0;
    do {
        std::vector<std::pair<std::int64_t, Received>> rows_read;
        {
            auto rows = db.query(select, last, rows_per_step);
            while (rows.next()) {
                rows_read.emplace_back(rows.integer(0),
                    Received { rows.text(1), rows.text(2), rows.text(3),
                        rows.is_null(4) ? std::nullopt : std::optional(rows.text(4)) });
            }
        }
        for (const auto& [id, row] : rows_read) {
            if (const auto xml = mended(row)) {
                db.execute(update, id, Blob { *xml });
            }
            last = id;
        }
        looked_at = static_cast<std::int64_t>(rows_read.size());
    } while (looked_at == rows_per_step);
}

/// An unacked entry does not say where it came from. If its stanza is not addressed to the owner, a room
/// rewrote it.
std::optional<std::string> mended_in_queue(const std::string& xml, const std::string& owner_text)
{
    const auto message = parse_element(xml);
    const auto owner = Jid::parse(owner_text);
    const auto to = message ? Jid::parse(message->attribute_or("to")) : std::nullopt;
    if (!owner || !to || to->same_bare(*owner)) {
        return std::nullopt;
    }
    return mended({ xml, owner_text, std::string(to->bare_text()), std::nullopt });
}

void mend_queues(Connection& db)
{
    struct Place {
        std::int64_t stream;
        std::int64_t sequence;
        std::string xml;
        std::string owner;
    };
    Place last { -1, -1, {}, {} };
    std::size_t looked_at = 0;
    do {
        std::vector<Place> places;
        {
            auto rows = db.query(select_queues, last.stream, last.sequence, rows_per_step);
            while (rows.next()) {
                places.push_back({ rows.integer(0), rows.integer(1), rows.text(2), rows.text(3) });
            }
        }
        for (const Place& place : places) {
            if (const auto xml = mended_in_queue(place.xml, place.owner)) {
                db.execute(update_queue, place.stream, place.sequence, Blob { *xml });
            }
            last = place;
        }
        looked_at = places.size();
    } while (looked_at == static_cast<std::size_t>(rows_per_step));
}

} // namespace

void mend_rewritten_rows(Connection& db)
{
    mend(db, select_shared, update_shared);
    mend(db, select_of_recipient, update_shared);
    mend(db, select_own_mail, update_mail);
    mend_queues(db);
}

} // namespace stonechat::sqlite
