// SPDX-License-Identifier: Apache-2.0
// room list, show, set, affiliate, destroy
#include "ctl/command.hpp"
#include "ctl/protocol.hpp"
#include "net/shard.hpp"
#include "router/domain_service.hpp"
#include "router/rooms.hpp"
#include "router/server.hpp"

#include <map>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

std::string_view code_of(RoomProblem::Kind kind)
{
    switch (kind) {
    case RoomProblem::Kind::no_such_room: return "no-such-room";
    case RoomProblem::Kind::no_such_field: return "no-such-field";
    case RoomProblem::Kind::bad_value: return "bad-value";
    case RoomProblem::Kind::not_allowed: return "not-allowed";
    case RoomProblem::Kind::store_full: return "disk-full";
    case RoomProblem::Kind::store_failed: return "store-failed";
    }
    return {};
}

Error to_error(const RoomProblem& problem)
{
    return { std::string(code_of(problem.kind)), problem.message };
}

Error bad_request(std::string message)
{
    return { "bad-request", std::move(message) };
}

// Which rooms are meant ---------------------------------------------------------------------------

/// Returns the error for a `name` without rooms; it names the domains that have rooms.
Error no_such_service(const Router& router, const std::string& name)
{
    std::string all;
    for (const auto& [domain, service] : router.services()) {
        if (service->rooms() != nullptr) {
            all += all.empty() ? "" : ", ";
            all += domain;
        }
    }
    const std::string hint = all.empty() ? "no host here has any; turn on its [host.muc]"
                                         : "rooms are at " + all;
    return { "no-such-service", "there are no rooms at '" + name + "'; " + hint };
}

/// Returns the rooms of the service `name`, which may also be the name of its host.
Result<Rooms*, Error> rooms_at(const Context& context, const std::string& name)
{
    const Router& router = context.server.router_of(context.shard);
    const auto wanted = Jid::parse(name);
    for (const auto& [domain, service] : router.services()) {
        Rooms* rooms = service->rooms(); // null: it is a service of another kind
        const bool is_meant = rooms != nullptr && wanted
            && (domain == wanted->text() || rooms->host().name() == wanted->text());
        if (is_meant) {
            return rooms;
        }
    }
    return no_such_service(router, name);
}

struct Target {
    Rooms* rooms = nullptr;
    Jid room;
};

Result<Target, Error> target_of(const Context& context, const json::object& request)
{
    const std::string text = text_of(request, "room").value_or("");
    const auto room = Jid::parse(text);
    if (!room || !room->has_local() || room->has_resource()) {
        return bad_request("'" + text + "' is no room's address; a room is named room@service");
    }
    const auto rooms = rooms_at(context, std::string(room->domain()));
    if (!rooms) {
        return rooms.error();
    }
    if ((*rooms)->domain().text() != room->domain()) { // the address of an account of the host
        return no_such_service(context.server.router_of(context.shard), std::string(room->domain()));
    }
    return Target { *rooms, *room };
}

Answer to_answer(const RoomResult<Done>& done, const Jid& room)
{
    if (!done) {
        return to_error(done.error());
    }
    json::object result;
    result["room"] = room.text();
    return result;
}

// What is known of them ---------------------------------------------------------------------------

json::value to_json(const std::optional<WallTime>& time)
{
    return time
        ? json::value(std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count())
        : json::value(nullptr);
}

json::object to_json(const RoomEntry& entry)
{
    json::object row;
    row["room"] = entry.room;
    row["name"] = entry.name;
    row["occupants"] = entry.occupants;
    row["members_only"] = entry.members_only;
    row["persistent"] = entry.persistent;
    row["hidden"] = entry.hidden;
    row["stored"] = to_json(entry.stored);
    return row;
}

json::array to_json(const std::vector<std::string>& texts)
{
    return json::array(texts.begin(), texts.end());
}

json::array configuration_of(const RoomFacts& facts)
{
    json::array rows;
    for (const DataForm::Field& field : facts.configuration.fields()) {
        if (field.type == DataForm::FieldType::hidden) {
            continue;
        }
        json::object row;
        row["field"] = field.var;
        row["label"] = field.label;
        row["values"] = to_json(field.values);
        rows.push_back(std::move(row));
    }
    return rows;
}

json::array affiliations_of(const RoomFacts& facts)
{
    json::array rows;
    for (const RoomFacts::Affiliated& each : facts.affiliations) {
        json::object row;
        row["jid"] = each.jid.text();
        row["affiliation"] = each.affiliation;
        row["nick"] = each.nick;
        row["reason"] = each.reason;
        rows.push_back(std::move(row));
    }
    return rows;
}

json::array occupants_of(const RoomFacts& facts)
{
    json::array rows;
    for (const RoomFacts::Present& each : facts.occupants) {
        json::object row;
        row["nick"] = each.nick;
        row["role"] = each.role;
        row["affiliation"] = each.affiliation;
        json::array& jids = row["jids"].emplace_array();
        for (const Jid& device : each.devices) {
            jids.emplace_back(device.text());
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

// What is to be set -------------------------------------------------------------------------------

/// Reads a text or a list of texts.
std::optional<std::vector<std::string>> values_in(const json::value& value)
{
    if (value.is_string()) {
        return std::vector<std::string> { std::string(value.get_string()) };
    }
    if (!value.is_array()) {
        return std::nullopt;
    }
    std::vector<std::string> values;
    for (const json::value& each : value.get_array()) {
        if (!each.is_string()) {
            return std::nullopt;
        }
        values.emplace_back(each.get_string());
    }
    return values;
}

Result<std::vector<RoomSetting>, Error> settings_in(const json::object& request)
{
    const json::value* fields = request.if_contains("fields");
    if (fields == nullptr || !fields->is_object() || fields->get_object().empty()) {
        return bad_request("the request has no 'fields', an object of names and values");
    }
    std::vector<RoomSetting> settings;
    for (const auto& [name, value] : fields->get_object()) {
        auto values = values_in(value);
        if (!values) {
            return bad_request("the value of '" + std::string(name)
                + "' is neither a text nor an array of texts");
        }
        settings.push_back({ std::string(name), std::move(*values) });
    }
    return settings;
}

} // namespace

std::map<std::string, std::string> room_services(const Router& router)
{
    std::map<std::string, std::string> by_host;
    for (const auto& [domain, service] : router.services()) {
        if (const Rooms* rooms = service->rooms()) {
            by_host.emplace(rooms->host().name(), domain);
        }
    }
    return by_host;
}

Task<Answer> room_list(Context& context, json::object request)
{
    const auto rooms = rooms_at(context, text_of(request, "host").value_or(""));
    if (!rooms) {
        co_return rooms.error();
    }
    const std::size_t limit = wanted_count(request);
    std::string after = text_of(request, "after").value_or("");
    auto listing = (*rooms)->list(std::move(after), limit);
    const auto listed = co_await listing;
    if (!listed) {
        co_return to_error(listed.error());
    }
    json::array rows;
    for (const RoomEntry& each : listed->rooms) {
        rows.push_back(to_json(each));
    }
    json::object result;
    result["service"] = (*rooms)->domain().text();
    result["rooms"] = std::move(rows);
    result["next"] = listed->next ? json::value(*listed->next) : json::value(nullptr);
    co_return result;
}

Task<Answer> room_show(Context& context, json::object request)
{
    const auto target = target_of(context, request);
    if (!target) {
        co_return target.error();
    }
    auto inspecting = target->rooms->inspect(target->room);
    const auto facts = co_await inspecting;
    if (!facts) {
        co_return to_error(facts.error());
    }
    json::object result;
    result["room"] = target->room.text();
    result["configured"] = facts->is_configured;
    result["subject"] = facts->subject;
    result["messages"] = facts->messages ? json::value(*facts->messages) : json::value(nullptr);
    result["configuration"] = configuration_of(*facts);
    result["affiliations"] = affiliations_of(*facts);
    result["occupants"] = occupants_of(*facts);
    co_return result;
}

Task<Answer> room_set(Context& context, json::object request)
{
    const auto target = target_of(context, request);
    if (!target) {
        co_return target.error();
    }
    auto settings = settings_in(request);
    if (!settings) {
        co_return settings.error();
    }
    auto configuring = target->rooms->configure(target->room, std::move(*settings));
    const auto done = co_await configuring;
    co_return to_answer(done, target->room);
}

Task<Answer> room_affiliate(Context& context, json::object request)
{
    const auto target = target_of(context, request);
    if (!target) {
        co_return target.error();
    }
    const auto user = account_of(request);
    if (!user) {
        co_return user.error();
    }
    std::string affiliation = text_of(request, "affiliation").value_or("");
    std::string reason = text_of(request, "reason").value_or("");
    auto changing = target->rooms->affiliate(target->room, *user, std::move(affiliation), std::move(reason));
    const auto done = co_await changing;
    co_return to_answer(done, target->room);
}

Task<Answer> room_destroy(Context& context, json::object request)
{
    const auto target = target_of(context, request);
    if (!target) {
        co_return target.error();
    }
    const std::string venue_text = text_of(request, "venue").value_or("");
    const auto venue = Jid::parse(venue_text);
    if (!venue_text.empty() && !venue) {
        co_return bad_request("'" + venue_text + "' is not an address to go to instead");
    }
    std::string reason = text_of(request, "reason").value_or("");
    auto destroying = target->rooms->destroy(target->room, std::move(reason), venue.value_or(Jid()));
    const auto done = co_await destroying;
    co_return to_answer(done, target->room);
}

} // namespace stonechat::ctl
