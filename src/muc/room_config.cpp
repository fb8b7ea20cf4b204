// SPDX-License-Identifier: Apache-2.0
#include "muc/room_config.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace stonechat {
namespace {

using Field = DataForm::Field;
using FieldType = DataForm::FieldType;
using Refusal = std::optional<StanzaError>; ///< nothing: the value is valid

constexpr std::size_t most_maxusers = 1'000'000;

StanzaError bad_value(const Field& field, std::string_view allowed)
{
    return StanzaError(StanzaError::bad_request, field.var + " has to be " + std::string(allowed));
}

std::string_view first_value(const Field& field)
{
    return field.values.empty() ? std::string_view() : std::string_view(field.values.front());
}

// Writing and reading each kind of value ----------------------------------------------------------

void write_flag(bool value, Field& field)
{
    field.values.emplace_back(value ? "1" : "0");
}

Refusal read_flag(const Field& field, bool& value)
{
    const std::string_view text = first_value(field);
    if (text == "1" || text == "true") {
        value = true;
    } else if (text == "0" || text == "false") {
        value = false;
    } else {
        return bad_value(field, "1 or 0");
    }
    return {};
}

void write_text(const std::string& value, Field& field)
{
    if (!value.empty()) {
        field.values.push_back(value);
    }
}

Refusal read_text(const Field& field, const RoomLimits& limits, std::string& value)
{
    if (first_value(field).size() > limits.text) {
        return StanzaError(StanzaError::not_acceptable,
            field.var + " may have " + std::to_string(limits.text) + " bytes at most");
    }
    value = first_value(field);
    return {};
}

std::optional<std::size_t> read_number(std::string_view text)
{
    std::size_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = !text.empty() && failure == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(number) : std::nullopt;
}

constexpr std::array<std::pair<std::string_view, Role>, 3> broadcast_roles {
    std::pair { std::string_view("moderator"), Role::moderator },
    std::pair { std::string_view("participant"), Role::participant },
    std::pair { std::string_view("visitor"), Role::visitor },
};

bool& flag_of(RoomConfig::Roles& roles, Role role)
{
    if (role == Role::moderator) {
        return roles.moderator;
    }
    return role == Role::participant ? roles.participant : roles.visitor;
}

void write_roles(const RoomConfig::Roles& roles, Field& field)
{
    for (const auto& [name, role] : broadcast_roles) {
        field.options.push_back({ std::string(1, static_cast<char>(name.front() - 'a' + 'A'))
                + std::string(name.substr(1)),
            std::string(name) });
        if (roles.has(role)) {
            field.values.emplace_back(name);
        }
    }
}

/// Ignores affiliations in the list, which §16.5.3 allows for the member list: users with those affiliations
/// may see the list anyway or have a role.
Refusal read_roles(const Field& field, RoomConfig::Roles& roles)
{
    roles = { false, false, false };
    for (const std::string& value : field.values) {
        for (const auto& [name, role] : broadcast_roles) {
            if (value == name) {
                flag_of(roles, role) = true;
            }
        }
    }
    return {};
}

template <class Value, std::size_t count> struct Choices {
    struct Choice {
        std::string_view text;
        Value value;
        std::string_view label;
    };
    std::array<Choice, count> all;

    void write(Value now, Field& field) const
    {
        for (const Choice& choice : all) {
            field.options.push_back({ std::string(choice.label), std::string(choice.text) });
            if (choice.value == now) {
                field.values.emplace_back(choice.text);
            }
        }
    }
    Refusal read(const Field& field, Value& value) const
    {
        const auto found = std::find_if(all.begin(), all.end(),
            [&field](const Choice& choice) { return choice.text == first_value(field); });
        if (found == all.end()) {
            return bad_value(field, words());
        }
        value = found->value;
        return {};
    }
    std::string words() const
    {
        std::string text;
        for (const Choice& choice : all) {
            text += text.empty() ? "" : ", ";
            text += choice.text;
        }
        return "one of: " + text;
    }
};

constexpr Choices<RoomConfig::Whois, 2> whois_choices { { {
    { "moderators", RoomConfig::Whois::moderators, "Moderators Only" },
    { "anyone", RoomConfig::Whois::anyone, "Anyone" },
} } };

constexpr Choices<RoomConfig::PrivateMessages, 4> pm_choices { { {
    { "anyone", RoomConfig::PrivateMessages::anyone, "Anyone" },
    { "participants", RoomConfig::PrivateMessages::participants, "Anyone with Voice" },
    { "moderators", RoomConfig::PrivateMessages::moderators, "Moderators Only" },
    { "none", RoomConfig::PrivateMessages::nobody, "Nobody" },
} } };

void write_occupants(const RoomConfig& config, const RoomLimits& limits, Field& field)
{
    const std::string now = config.max_occupants == 0 ? "none" : std::to_string(config.max_occupants);
    field.values.push_back(now);
    bool has_now = false;
    for (const std::size_t number : { 10, 20, 50, 100, 200, 500, 1000, 5000 }) {
        if (limits.occupants == 0 || number <= limits.occupants) {
            field.options.push_back({ std::to_string(number), std::to_string(number) });
            has_now = has_now || number == config.max_occupants;
        }
    }
    if (limits.occupants == 0) {
        field.options.push_back({ "None", "none" });
        has_now = has_now || config.max_occupants == 0;
    }
    if (!has_now) {
        field.options.push_back({ now, now });
    }
}

Refusal read_occupants(const Field& field, const RoomLimits& limits, RoomConfig& config)
{
    const bool none = first_value(field) == "none" || first_value(field).empty();
    const auto number = none ? std::optional<std::size_t>(0) : read_number(first_value(field));
    if (!number || *number > most_maxusers) {
        return bad_value(field, "a number up to " + std::to_string(most_maxusers) + ", or none");
    }
    const bool too_many = limits.occupants != 0 && (*number == 0 || *number > limits.occupants);
    if (too_many && *number != config.max_occupants) {
        return StanzaError(StanzaError::not_acceptable,
            "Rooms have at most " + std::to_string(limits.occupants) + " occupants here");
    }
    config.max_occupants = *number;
    return {};
}

Refusal read_history(const Field& field, const RoomLimits& limits, RoomConfig& config)
{
    const auto number = read_number(first_value(field));
    if (!number) {
        return bad_value(field, "a number");
    }
    config.history = std::min(*number, limits.history);
    return {};
}

// The fields --------------------------------------------------------------------------------------

/// Whether the setting of a field exists on this service.
using IsThere = bool (*)(const RoomLimits& limits);

bool is_always_there(const RoomLimits&)
{
    return true;
}

bool has_archive(const RoomLimits& limits)
{
    return limits.archive;
}

bool has_history(const RoomLimits& limits)
{
    return limits.history > 0;
}

struct Known {
    std::string_view var;
    FieldType type;
    std::string_view label;
    void (*write)(const RoomConfig& config, const RoomLimits& limits, Field& field);
    Refusal (*read)(const Field& field, const RoomLimits& limits, RoomConfig& config);
    IsThere is_there = is_always_there;
};

template <bool RoomConfig::*member>
constexpr Known flag_field(std::string_view var, std::string_view label, IsThere is_there = is_always_there)
{
    return { var, FieldType::boolean, label,
        [](const RoomConfig& config, const RoomLimits&, Field& field) { write_flag(config.*member, field); },
        [](const Field& field, const RoomLimits&, RoomConfig& config) {
            return read_flag(field, config.*member);
        },
        is_there };
}

template <std::string RoomConfig::*member>
constexpr Known text_field(std::string_view var, std::string_view label)
{
    return { var, FieldType::text_single, label,
        [](const RoomConfig& config, const RoomLimits&, Field& field) { write_text(config.*member, field); },
        [](const Field& field, const RoomLimits& limits, RoomConfig& config) {
            return read_text(field, limits, config.*member);
        } };
}

template <RoomConfig::Roles RoomConfig::*member>
constexpr Known roles_field(std::string_view var, std::string_view label)
{
    return { var, FieldType::list_multi, label,
        [](const RoomConfig& config, const RoomLimits&, Field& field) { write_roles(config.*member, field); },
        [](const Field& field, const RoomLimits&, RoomConfig& config) {
            return read_roles(field, config.*member);
        } };
}

constexpr std::string_view protected_field = "muc#roomconfig_passwordprotectedroom";
constexpr std::string_view secret_field = "muc#roomconfig_roomsecret";
constexpr std::string_view avatar_field = "{urn:stonechat:muc:kept:0}avatar"; ///< only in the stored text

// The fields of §16.5.3 that this service has, and two fields of its own. Labels as registered.
const std::array known_fields {
    text_field<&RoomConfig::name>("muc#roomconfig_roomname", "Natural-Language Room Name"),
    text_field<&RoomConfig::description>("muc#roomconfig_roomdesc", "Short Description of Room"),
    text_field<&RoomConfig::lang>("muc#roomconfig_lang", "Natural Language for Room Discussions"),
    flag_field<&RoomConfig::persistent>("muc#roomconfig_persistentroom", "Whether to Make Room Persistent"),
    flag_field<&RoomConfig::listed>("muc#roomconfig_publicroom",
        "Whether to Allow Public Searching for Room"),
    flag_field<&RoomConfig::members_only>("muc#roomconfig_membersonly", "Whether to Make Room Members-Only"),
    flag_field<&RoomConfig::moderated>("muc#roomconfig_moderatedroom", "Whether to Make Room Moderated"),
    flag_field<&RoomConfig::occupants_change_subject>("muc#roomconfig_changesubject",
        "Whether to Allow Occupants to Change Subject"),
    flag_field<&RoomConfig::members_invite>("muc#roomconfig_allowinvites",
        "Whether to Allow Members to Invite Others"),
    flag_field<&RoomConfig::archived>("muc#roomconfig_enablelogging",
        "Whether to Enable Public Logging of Room Conversations", has_archive),
    Known { "muc#roomconfig_whois", FieldType::list_single,
        "Affiliations that May Discover Real JIDs of Occupants",
        [](const RoomConfig& config, const RoomLimits&, Field& field) {
            whois_choices.write(config.whois, field);
        },
        [](const Field& field, const RoomLimits&, RoomConfig& config) {
            return whois_choices.read(field, config.whois);
        } },
    Known { "muc#roomconfig_allowpm", FieldType::list_single, "Roles that May Send Private Messages",
        [](const RoomConfig& config, const RoomLimits&, Field& field) {
            pm_choices.write(config.private_messages, field);
        },
        [](const Field& field, const RoomLimits&, RoomConfig& config) {
            return pm_choices.read(field, config.private_messages);
        } },
    Known { "muc#roomconfig_maxusers", FieldType::list_single, "Maximum Number of Room Occupants",
        write_occupants, read_occupants },
    Known { "muc#maxhistoryfetch", FieldType::text_single,
        "Maximum Number of History Messages Returned by Room",
        [](const RoomConfig& config, const RoomLimits&, Field& field) {
            field.values.push_back(std::to_string(config.history));
        },
        read_history, has_history },
    roles_field<&RoomConfig::shown>("muc#roomconfig_presencebroadcast",
        "Roles for which Presence is Broadcasted"),
    roles_field<&RoomConfig::member_list>("muc#roomconfig_getmemberlist",
        "Roles and Affiliations that May Retrieve Member List"),
    flag_field<&RoomConfig::registration>("{urn:stonechat:muc:register:0}open",
        "Whether to Let People Become Members by Registering"),
    flag_field<&RoomConfig::ticks>("{urn:stonechat:muc:ticks:0}ticks",
        "Whether to Tell Senders How Many Have Received and Read", has_archive),
};

void add_password(const RoomConfig& config, DataForm& form)
{
    Field guarded;
    guarded.var = protected_field;
    guarded.type = FieldType::boolean;
    guarded.label = "Whether a Password is Required to Enter";
    write_flag(!config.password.empty(), guarded);
    form.add(std::move(guarded));
    Field secret;
    secret.var = secret_field;
    secret.type = FieldType::text_private;
    secret.label = "The Room Password";
    write_text(config.password, secret);
    form.add(std::move(secret));
}

/// The flag and the password together are one setting.
Refusal read_password(const DataForm& form, const RoomLimits& limits, RoomConfig& config)
{
    if (const Field* secret = form.field(secret_field)) {
        if (auto refusal = read_text(*secret, limits, config.password)) {
            return refusal;
        }
    }
    const Field* guarded = form.field(protected_field);
    if (guarded == nullptr) {
        return {};
    }
    bool wanted = false;
    if (auto refusal = read_flag(*guarded, wanted)) {
        return refusal;
    }
    if (!wanted) {
        config.password.clear();
    } else if (config.password.empty()) {
        return StanzaError(StanzaError::not_acceptable, "A password-protected room needs a password");
    }
    return {};
}

Result<std::optional<std::vector<Jid>>, StanzaError> read_jids(const DataForm& form, std::string_view var)
{
    const Field* field = form.field(var);
    if (field == nullptr) {
        return std::optional<std::vector<Jid>>();
    }
    std::vector<Jid> jids;
    for (const std::string& value : field->values) {
        const auto jid = Jid::parse(value);
        if (!jid || !jid->has_local()) {
            return StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify);
        }
        jids.push_back(jid->bare());
    }
    return std::optional(std::move(jids));
}

void add_field(const Known& known, const RoomConfig& config, const RoomLimits& limits, DataForm& form)
{
    Field field;
    field.var = known.var;
    field.type = known.type;
    field.label = known.label;
    known.write(config, limits, field);
    form.add(std::move(field));
}

void add_jids(DataForm& form, std::string_view var, std::string_view label, const std::vector<Jid>& jids)
{
    Field field;
    field.var = var;
    field.type = FieldType::jid_multi;
    field.label = label;
    for (const Jid& jid : jids) {
        field.values.push_back(jid.text());
    }
    form.add(std::move(field));
}

} // namespace

DataForm room_config_form(const RoomConfig& config, const RoomLimits& limits, const std::vector<Jid>& owners,
    const std::vector<Jid>& admins, std::string_view room)
{
    DataForm form(DataForm::Type::form, ns::room_config_form);
    form.set_title("Configuration for \"" + std::string(room) + "\" Room");
    form.set_instructions("Complete this form to change the configuration of the room.");
    for (const Known& known : known_fields) {
        if (known.is_there(limits)) {
            add_field(known, config, limits, form);
        }
    }
    add_password(config, form);
    add_jids(form, "muc#roomconfig_roomadmins", "Full List of Room Admins", admins);
    add_jids(form, "muc#roomconfig_roomowners", "Full List of Room Owners", owners);
    return form;
}

Result<RoomSubmission, StanzaError> read_room_submission(const RoomConfig& now, const DataForm& form,
    const RoomLimits& limits)
{
    RoomSubmission submission;
    submission.config = now;
    for (const Known& known : known_fields) {
        const Field* field = form.field(known.var);
        if (field == nullptr || !known.is_there(limits)) {
            continue;
        }
        if (auto refusal = known.read(*field, limits, submission.config)) {
            return std::move(*refusal);
        }
    }
    if (auto refusal = read_password(form, limits, submission.config)) {
        return std::move(*refusal);
    }
    auto owners = read_jids(form, "muc#roomconfig_roomowners");
    auto admins = read_jids(form, "muc#roomconfig_roomadmins");
    if (!owners || !admins) {
        return owners ? admins.error() : owners.error();
    }
    submission.owners = std::move(*owners);
    submission.admins = std::move(*admins);
    return submission;
}

std::string to_text(const RoomConfig& config)
{
    DataForm form(DataForm::Type::submit, ns::room_config_form);
    for (const Known& known : known_fields) {
        add_field(known, config, RoomLimits { 0, 0, 0 }, form);
    }
    add_password(config, form);
    form.add(avatar_field, FieldType::text_single, config.avatar);
    DataForm kept(DataForm::Type::submit, ns::room_config_form);
    for (const Field& field : form.fields()) {
        if (field.var != "FORM_TYPE") {
            Field value;
            value.var = field.var;
            value.values = field.values;
            kept.add(std::move(value));
        }
    }
    return to_xml(kept.to_element());
}

RoomConfig room_config_from_text(std::string_view text)
{
    constexpr RoomLimits none { 0, most_maxusers, 1024UL * 1024 };
    const auto element = parse_element(text);
    const auto form = element ? DataForm::from_element(*element)
                              : Result<DataForm, StanzaError>(StanzaError());
    if (!form) {
        return {};
    }
    RoomConfig config;
    for (const Known& known : known_fields) {
        if (const Field* field = form->field(known.var)) {
            known.read(*field, none, config); // a value that cannot be parsed keeps its default
        }
    }
    if (const auto secret = form->value(secret_field)) {
        config.password = *secret;
    }
    config.avatar = form->value(avatar_field).value_or(std::string_view());
    return config;
}

std::vector<int> config_status_codes(const RoomConfig& before, const RoomConfig& after)
{
    std::vector<int> codes;
    RoomConfig rest = before;
    if (before.archived != after.archived) {
        codes.push_back(after.archived ? 170 : 171);
        rest.archived = after.archived;
    }
    if (before.whois != after.whois) {
        codes.push_back(after.is_anonymous() ? 173 : 172);
        rest.whois = after.whois;
    }
    if (rest != after) {
        codes.insert(codes.begin(), 104);
    }
    return codes;
}

std::vector<std::string_view> config_features(const RoomConfig& config)
{
    return {
        config.listed ? "muc_public" : "muc_hidden",
        config.members_only ? "muc_membersonly" : "muc_open",
        config.moderated ? "muc_moderated" : "muc_unmoderated",
        config.is_anonymous() ? "muc_semianonymous" : "muc_nonanonymous",
        config.password.empty() ? "muc_unsecured" : "muc_passwordprotected",
        config.persistent ? "muc_persistent" : "muc_temporary",
    };
}

} // namespace stonechat
