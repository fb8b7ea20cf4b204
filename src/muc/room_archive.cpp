// SPDX-License-Identifier: Apache-2.0
#include "muc/room_archive.hpp"

#include "base/log.hpp"
#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_handlers.hpp"
#include "router/archive_query.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t most_queries = 2; ///< running queries of one device

Task<ArchiveQuota::Bytes> quota_of(std::shared_ptr<Room> room)
{
    co_return room->service().archive_quota();
}

Task<RoomAnswer> answer_archive_form(std::shared_ptr<Room> room, Iq iq)
{
    if (auto refusal = archive_problem(*room, iq.from())) {
        co_return std::move(*refusal);
    }
    Element query("query", ns::archive);
    query.add(archive_form());
    co_return RoomAnswer(std::optional(std::move(query)));
}

Task<RoomAnswer> answer_archive_query(std::shared_ptr<Room> room, Iq iq)
{
    const Jid& asker = iq.from();
    if (auto refusal = archive_problem(*room, asker)) {
        co_return std::move(*refusal);
    }
    const ArchivePageLimits limits = room->service().page_limits();
    auto request = read_archive_request(iq.payload(), limits);
    if (!request) {
        co_return request.error();
    }
    // §4.1.1: a query by address would reveal who is who.
    if (request->query.with && !request->query.with->same_bare(room->address())) {
        co_return StanzaError(StanzaError::forbidden);
    }
    if (!room->archive().begin_query(asker, most_queries)) {
        co_return StanzaError(StanzaError::resource_constraint);
    }
    auto asking = room->host().storage().archive().page(room->key(), request->query);
    auto page = co_await asking;
    room->archive().end_query(asker);
    if (!page) {
        co_return to_stanza_error(page.error());
    }
    if (!*page) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    ArchiveAnswer answer = archive_answer(*request, std::move(**page), limits, room->address(), asker,
        room->shows_real_addresses_to(asker) ? nullptr : strip_real_address);
    for (Stanza& message : answer.messages) {
        room->send(std::move(message));
    }
    co_return RoomAnswer(std::optional(std::move(answer.fin)));
}

Task<RoomAnswer> answer_archive_metadata(std::shared_ptr<Room> room, Iq iq)
{
    if (auto refusal = archive_problem(*room, iq.from())) {
        co_return std::move(*refusal);
    }
    auto asking = room->host().storage().archive().ends(room->key());
    const auto ends = co_await asking;
    if (!ends) {
        co_return to_stanza_error(ends.error());
    }
    co_return RoomAnswer(std::optional(archive_metadata(*ends)));
}

} // namespace

std::optional<StanzaError> archive_problem(const Room& room, const Jid& asker)
{
    if (!room.is_archived()) {
        return StanzaError(StanzaError::service_unavailable);
    }
    const bool inside = room.role_and_affiliation(asker).role != Role::none;
    const bool needs_password = !room.config().password.empty()
        && room.affiliation(asker) < Affiliation::member;
    if (!room.admits(asker) || (needs_password && !inside)) {
        return StanzaError(StanzaError::forbidden);
    }
    return std::nullopt;
}

void strip_real_address(Element& stanza)
{
    stanza.remove_children("x", ns::muc_user);
}

bool RoomArchive::begin_query(const Jid& device, std::size_t most)
{
    std::size_t& under_way = queries_[device.text()];
    if (under_way >= most) {
        return false;
    }
    ++under_way;
    return true;
}

void RoomArchive::end_query(const Jid& device)
{
    const auto found = queries_.find(device.text());
    if (found != queries_.end() && --found->second == 0) {
        queries_.erase(found);
    }
}

void count_archived(Room& room, std::size_t bytes)
{
    if (!room.archive().quota().count(bytes, room.service().archive_quota())) {
        return;
    }
    room.archive().quota().begin_check(bytes);
    const auto failed = [held = room.shared_from_this()](const std::exception_ptr&) {
        held->host().log().error("quota of an archive not checked", { { "room", held->address().text() } });
        held->archive().quota().end_check(StoreError::unavailable, no_quota);
    };
    const auto held = room.shared_from_this();
    start(
        ArchiveQuota::keep_within(room.host().storage(), room.key(),
            std::shared_ptr<ArchiveQuota>(held, &room.archive().quota()), [held] { return quota_of(held); }),
        [](Done) {}, failed);
}

void attach_room_archive(RoomHandlers& on)
{
    const auto is_archived = [](const Room& room) { return room.is_archived(); };
    for (const std::string_view var :
        { ns::archive, ns::archive_extended, ns::stanza_id, ns::full_text_search }) {
        on.feature(var, is_archived);
    }
    on.iq_get(ns::archive, "query", answer_archive_form);
    on.iq_set(ns::archive, "query", answer_archive_query);
    on.iq_get(ns::archive, "metadata", answer_archive_metadata);
}

} // namespace stonechat
