// SPDX-License-Identifier: Apache-2.0
// stonechatctl room list, show, set, affiliate, destroy
#include "ctl/client/subcommands.hpp"

#include <iostream>
#include <memory>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

struct RoomArguments {
    std::string room;
    std::string jid;
    std::string affiliation;
    std::string reason;
    std::string venue;
    std::vector<std::string> fields;
    bool yes = false;
};

std::string text(const json::object& row, std::string_view key)
{
    return std::string(row.at(key).as_string());
}

// list --------------------------------------------------------------------------------------------

std::string kind_of(const json::object& row)
{
    std::string kind;
    for (const auto& [key, word] : { std::pair("members_only", "members-only"),
             { "persistent", "persistent" }, { "hidden", "hidden" } }) {
        if (row.at(key).as_bool()) {
            kind += (kind.empty() ? "" : ", ") + std::string(word);
        }
    }
    return kind;
}

void print_rooms(const json::array& rooms)
{
    cli::Table table({ "ROOM", "NAME", "THERE", "KIND", "SINCE (UTC)" });
    for (const json::value& each : rooms) {
        const json::object& row = each.as_object();
        const json::value& stored = row.at("stored");
        table.add({ text(row, "room"), text(row, "name"),
            std::to_string(row.at("occupants").to_number<std::size_t>()), kind_of(row),
            stored.is_null() ? "not configured yet" : print_time(stored.to_number<std::int64_t>()) });
    }
    print_table(table, "room");
}

Result<json::array, CallError> list_rooms(Call& call, std::string_view host)
{
    return all_pages(call, { { "command", "room list" }, { "host", host } }, "rooms");
}

Result<json::array, CallError> list_everywhere(Call& call)
{
    const auto hosts = hosts_of(call);
    if (!hosts) {
        return hosts.error();
    }
    json::array all;
    for (const json::value& each : *hosts) {
        const json::object& host = each.as_object();
        if (host.at("rooms").is_null()) {
            continue;
        }
        auto rooms = list_rooms(call, text(host, "name"));
        if (!rooms) {
            return rooms.error();
        }
        std::move(rooms->begin(), rooms->end(), std::back_inserter(all));
    }
    return all;
}

Exit list_rooms(const Options& options, const std::string& host)
{
    auto call = call_server(options);
    if (!call) {
        return report(options, call.error());
    }
    auto rooms = host.empty() ? list_everywhere(*call) : list_rooms(*call, host);
    if (!rooms) {
        return report(options, rooms.error());
    }
    if (options.json) {
        print_json({ { "rooms", std::move(*rooms) } });
        return Exit::done;
    }
    print_rooms(*rooms);
    return Exit::done;
}

// show --------------------------------------------------------------------------------------------

std::string joined(const json::array& values)
{
    std::string all;
    for (const json::value& each : values) {
        all += all.empty() ? "" : ", ";
        all += each.as_string();
    }
    return all;
}

void print_part(std::string_view heading, const cli::Table& table)
{
    std::cout << heading << (table.rows() > 0 ? ":\n" + table.text(2) : ": none\n");
}

cli::Table configuration_table(const json::object& facts)
{
    cli::Table table({ "FIELD", "VALUE", "MEANING" });
    for (const json::value& each : facts.at("configuration").as_array()) {
        const json::object& row = each.as_object();
        table.add({ text(row, "field"), joined(row.at("values").as_array()), text(row, "label") });
    }
    return table;
}

cli::Table affiliations_table(const json::object& facts)
{
    cli::Table table({ "AFFILIATION", "ADDRESS", "NICK", "REASON" });
    for (const json::value& each : facts.at("affiliations").as_array()) {
        const json::object& row = each.as_object();
        table.add({ text(row, "affiliation"), text(row, "jid"), text(row, "nick"), text(row, "reason") });
    }
    return table;
}

cli::Table occupants_table(const json::object& facts)
{
    cli::Table table({ "NICK", "ROLE", "AFFILIATION", "DEVICES" });
    for (const json::value& each : facts.at("occupants").as_array()) {
        const json::object& row = each.as_object();
        table.add({ text(row, "nick"), text(row, "role"), text(row, "affiliation"),
            joined(row.at("jids").as_array()) });
    }
    return table;
}

void print_facts(const json::object& facts)
{
    std::cout << shown_text(facts, "room")
              << (facts.at("configured").as_bool() ? "" : "  not configured yet");
    if (!facts.at("messages").is_null()) {
        std::cout << "  " << cli::counted(facts.at("messages").to_number<std::size_t>(), "message")
                  << " in the archive";
    }
    std::cout << "\nsubject: " << shown_text(facts, "subject") << '\n';
    print_part("configuration", configuration_table(facts));
    print_part("affiliations", affiliations_table(facts));
    print_part("occupants", occupants_table(facts));
}

// set, affiliate, destroy -------------------------------------------------------------------------

/// A field that is given several times has several values. `FIELD=` means no value, or an empty one.
json::object fields_of(const std::vector<std::string>& arguments)
{
    json::object fields;
    for (const std::string& each : arguments) {
        const std::size_t sign = each.find('=');
        if (sign == std::string::npos || sign == 0) {
            throw CLI::ValidationError("'" + each + "'", "is not of the form FIELD=VALUE");
        }
        const std::string name = each.substr(0, sign);
        const std::string value = each.substr(sign + 1);
        json::value& there = fields[name];
        if (there.is_null()) {
            there = value;
        } else if (there.is_string()) {
            there = json::array { there, value };
        } else {
            there.get_array().emplace_back(value);
        }
    }
    return fields;
}

Exit change_room(const Options& options, const json::object& request, const std::string& done)
{
    return ask_and_print(options, request, [&done](const json::object& result) {
        std::cout << done << ' ' << shown_text(result, "room") << '\n';
    });
}

json::object request_for(const RoomArguments& arguments, std::string_view command)
{
    return { { "command", command }, { "room", arguments.room } };
}

Exit set(const Options& options, const RoomArguments& arguments)
{
    json::object request = request_for(arguments, "room set");
    request["fields"] = fields_of(arguments.fields);
    return change_room(options, request, "configured");
}

Exit affiliate(const Options& options, const RoomArguments& arguments)
{
    json::object request = request_for(arguments, "room affiliate");
    request["jid"] = arguments.jid;
    request["affiliation"] = arguments.affiliation;
    request["reason"] = arguments.reason;
    return change_room(options, request, arguments.jid + ": " + arguments.affiliation + " of");
}

Exit destroy(const Options& options, const RoomArguments& arguments)
{
    const auto confirmed = confirm(arguments.yes,
        "Destroy " + cli::printable(arguments.room) + " and all that was said in it?");
    if (!confirmed) {
        return report(options, confirmed.error());
    }
    json::object request = request_for(arguments, "room destroy");
    request["reason"] = arguments.reason;
    request["venue"] = arguments.venue;
    return change_room(options, request, "destroyed");
}

} // namespace

void add_room_commands(CLI::App& program, Options& options, Exit& exit)
{
    CLI::App* room = program.add_subcommand("room", "Rooms for groups: list, show, configure, destroy");
    room->require_subcommand(1);
    auto arguments = std::make_shared<RoomArguments>();
    const auto add_room = [arguments](CLI::App* command) {
        command->add_option("room", arguments->room, "The room, room@service")->required();
    };
    const auto add_reason = [arguments](CLI::App* command) {
        command->add_option("--reason", arguments->reason,
            "The reason, which is shown to the users concerned");
    };

    auto host = std::make_shared<std::string>();
    CLI::App* list_command = add_command(*room, options, "list",
        "Lists the rooms of one host or of all hosts");
    list_command->add_option("host", *host, "The host, or the domain of its rooms");
    list_command->callback([host, &options, &exit] { exit = list_rooms(options, *host); });

    CLI::App* show = add_command(*room, options, "show",
        "Shows a room's configuration, members and occupants");
    add_room(show);
    show->callback([arguments, &options, &exit] {
        exit = ask_and_print(options, request_for(*arguments, "room show"), print_facts);
    });

    CLI::App* set_command = add_command(*room, options, "set", "Changes the configuration of a room");
    add_room(set_command);
    set_command
        ->add_option("field", arguments->fields,
            "FIELD=VALUE as `room show` has it, or only the end of the name: roomname=Cave; several times "
            "for "
            "several values")
        ->required();
    set_command->callback([arguments, &options, &exit] { exit = set(options, *arguments); });

    CLI::App* affiliate_command = add_command(*room, options, "affiliate",
        "Sets a user's affiliation with a room: owner, admin, member, outcast (banned) or none");
    add_room(affiliate_command);
    affiliate_command->add_option("jid", arguments->jid, "user@host, or a domain that is to be banned")
        ->required();
    affiliate_command
        ->add_option("affiliation", arguments->affiliation, "owner, admin, member, none or outcast")
        ->required();
    add_reason(affiliate_command);
    affiliate_command->callback([arguments, &options, &exit] { exit = affiliate(options, *arguments); });

    CLI::App* destroy_command = add_command(*room, options, "destroy", "Destroys a room and its archive");
    add_room(destroy_command);
    add_reason(destroy_command);
    destroy_command->add_option("--venue", arguments->venue, "A room to go to instead");
    destroy_command->add_flag("--yes", arguments->yes, "Do not ask for confirmation");
    destroy_command->callback([arguments, &options, &exit] { exit = destroy(options, *arguments); });
}

} // namespace stonechat::ctl
