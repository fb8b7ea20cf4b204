// SPDX-License-Identifier: Apache-2.0
#include "pubsub/node_config.hpp"

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

StanzaError bad_value(const Field& field, std::string_view allowed)
{
    return StanzaError(StanzaError::not_acceptable, field.var + " has to be " + std::string(allowed));
}

std::string_view first_value(const Field& field)
{
    return field.values.empty() ? std::string_view() : std::string_view(field.values.front());
}

// Writing and reading each kind of value. An empty value means the default, which the caller has set.

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

Refusal read_text(const Field& field, const NodeConfigLimits& limits, std::string& value)
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

/// The values of a field with a fixed list of words.
template <class T, std::size_t size> struct Words {
    struct Word {
        std::string_view text;
        T value;
        std::string_view label;
    };
    std::array<Word, size> all;

    std::string_view text_of(T value) const
    {
        return std::find_if(all.begin(), all.end(), [&](const Word& word) {
            return word.value == value;
        })->text;
    }
    const Word* find(std::string_view text) const
    {
        const auto found = std::find_if(all.begin(), all.end(),
            [&](const Word& word) { return word.text == text; });
        return found == all.end() ? nullptr : &*found;
    }
    void write(T value, Field& field) const
    {
        field.values.emplace_back(text_of(value));
        for (const Word& word : all) {
            field.options.push_back({ std::string(word.label), std::string(word.text) });
        }
    }
    Refusal read(const Field& field, T& value) const
    {
        const Word* word = find(first_value(field));
        if (word == nullptr) {
            std::string allowed = "one of:";
            for (const Word& each : all) {
                allowed += " " + std::string(each.text);
            }
            return bad_value(field, allowed);
        }
        value = word->value;
        return {};
    }
};

using Access = NodeConfig::Access;
using Publish = NodeConfig::Publish;
using LastItem = NodeConfig::LastItem;
using MessageKind = NodeConfig::MessageKind;
using Reply = NodeConfig::Reply;

constexpr Words<Access, 5> access_words { { {
    { "open", Access::open, "Open: anyone may subscribe and retrieve items" },
    { "presence", Access::presence, "Presence Sharing: contacts who see the owner's presence" },
    { "roster", Access::roster, "Roster Groups: contacts in the allowed groups" },
    { "authorize", Access::authorize, "Authorize: those whose subscription the owner approved" },
    { "whitelist", Access::whitelist, "Whitelist: those whom the owner has listed" },
} } };

constexpr Words<Publish, 3> publish_words { { {
    { "publishers", Publish::publishers, "Only publishers" },
    { "subscribers", Publish::subscribers, "Subscribers" },
    { "open", Publish::open, "Anyone" },
} } };

constexpr Words<LastItem, 3> last_item_words { { {
    { "never", LastItem::never, "Never" },
    { "on_sub", LastItem::on_sub, "When a new subscription is processed" },
    { "on_sub_and_presence", LastItem::on_sub_and_presence,
        "When a new subscription is processed and whenever a subscriber comes online" },
} } };

constexpr Words<MessageKind, 2> message_words { { {
    { "normal", MessageKind::normal, "Messages of type normal" },
    { "headline", MessageKind::headline, "Messages of type headline" },
} } };

constexpr Words<Reply, 2> reply_words { { {
    { "none", Reply::none, "Nobody" },
    { "publisher", Reply::publisher, "The publisher of the item" },
} } };

bool needs_contacts(Access access)
{
    return access == Access::presence || access == Access::roster;
}

bool is_possible(Access access, const NodeConfigLimits& limits)
{
    return limits.is_private ? access == Access::whitelist : !needs_contacts(access) || limits.has_contacts;
}

void write_access(const NodeConfig& config, const NodeConfigLimits& limits, Field& field)
{
    access_words.write(config.access, field);
    std::erase_if(field.options, [&limits](const DataForm::Option& option) {
        return !is_possible(access_words.find(option.value)->value, limits);
    });
}

Refusal read_access(const Field& field, const NodeConfigLimits& limits, NodeConfig& config)
{
    Access access = config.access;
    const bool known = !access_words.read(field, access);
    if (!known || !is_possible(access, limits)) {
        return StanzaError(StanzaError::not_acceptable, "This access model is not supported here")
            .with(Element("unsupported-access-model", ns::pubsub_errors));
    }
    config.access = access;
    return {};
}

void write_publish(const NodeConfig& config, const NodeConfigLimits& limits, Field& field)
{
    publish_words.write(config.publish, field);
    if (limits.is_private) {
        field.options.resize(1);
    }
}

Refusal read_publish_model(const Field& field, const NodeConfigLimits& limits, NodeConfig& config)
{
    Publish publish = config.publish;
    if (auto refusal = publish_words.read(field, publish)) {
        return refusal;
    }
    if (limits.is_private && publish != Publish::publishers) {
        return bad_value(field, "publishers: this node is private");
    }
    config.publish = publish;
    return {};
}

void write_groups(const NodeConfig& config, const NodeConfigLimits&, Field& field)
{
    field.values = config.roster_groups;
}

Refusal read_groups(const Field& field, const NodeConfigLimits&, NodeConfig& config)
{
    config.roster_groups = field.values;
    std::sort(config.roster_groups.begin(), config.roster_groups.end());
    const auto same = std::unique(config.roster_groups.begin(), config.roster_groups.end());
    config.roster_groups.erase(same, config.roster_groups.end());
    return {};
}

void write_max_items(const NodeConfig& config, const NodeConfigLimits&, Field& field)
{
    const bool all = config.max_items == NodeConfig::as_many_as_allowed;
    field.values.push_back(all ? "max" : std::to_string(config.max_items));
}

Refusal read_max_items(const Field& field, const NodeConfigLimits& limits, NodeConfig& config)
{
    if (first_value(field) == "max") {
        config.max_items = NodeConfig::as_many_as_allowed;
        return {};
    }
    const auto number = read_number(first_value(field));
    if (!number || *number == 0) {
        return bad_value(field, "max, or a number from 1");
    }
    if (*number > limits.items) {
        return StanzaError(StanzaError::not_acceptable,
            "A node keeps " + std::to_string(limits.items) + " items at most here; use max");
    }
    config.max_items = *number;
    return {};
}

void write_lifetime(const NodeConfig& config, const NodeConfigLimits&, Field& field)
{
    const auto seconds = config.item_lifetime.count();
    field.values.push_back(seconds == 0 ? "max" : std::to_string(seconds));
}

Refusal read_lifetime(const Field& field, const NodeConfigLimits&, NodeConfig& config)
{
    constexpr std::size_t most = 100UL * 366 * 24 * 3600; // a century; keeps times far from an overflow
    const auto number = first_value(field) == "max" ? std::optional<std::size_t>(0)
                                                    : read_number(first_value(field));
    if (!number || *number > most) {
        return bad_value(field, "max, or a number of seconds");
    }
    config.item_lifetime = std::chrono::seconds(*number);
    return {};
}

void write_payload(const NodeConfig& config, const NodeConfigLimits& limits, Field& field)
{
    field.values.push_back(std::to_string(config.max_payload == 0 ? limits.payload : config.max_payload));
}

Refusal read_payload(const Field& field, const NodeConfigLimits& limits, NodeConfig& config)
{
    const auto number = read_number(first_value(field));
    if (!number) {
        return bad_value(field, "a number of bytes");
    }
    if (*number > limits.payload) {
        return StanzaError(StanzaError::not_acceptable,
            "A payload may have " + std::to_string(limits.payload) + " bytes at most here");
    }
    config.max_payload = *number == limits.payload ? 0 : *number;
    return {};
}

// The fields --------------------------------------------------------------------------------------

struct NodeField {
    std::string_view var;
    FieldType type;
    std::string_view label;
    void (*write)(const NodeConfig& config, const NodeConfigLimits& limits, Field& field);
    Refusal (*read)(const Field& field, const NodeConfigLimits& limits, NodeConfig& config);
};

template <bool NodeConfig::*member> constexpr NodeField flag(std::string_view var, std::string_view label)
{
    return { var, FieldType::boolean, label,
        [](const NodeConfig& config, const NodeConfigLimits&, Field& field) {
            write_flag(config.*member, field);
        },
        [](const Field& field, const NodeConfigLimits&, NodeConfig& config) {
            return read_flag(field, config.*member);
        } };
}

template <std::string NodeConfig::*member>
constexpr NodeField text(std::string_view var, std::string_view label)
{
    return { var, FieldType::text_single, label,
        [](const NodeConfig& config, const NodeConfigLimits&, Field& field) {
            write_text(config.*member, field);
        },
        [](const Field& field, const NodeConfigLimits& limits, NodeConfig& config) {
            return read_text(field, limits, config.*member);
        } };
}

template <auto member, const auto& words>
constexpr NodeField choice(std::string_view var, std::string_view label)
{
    return { var, FieldType::list_single, label,
        [](const NodeConfig& config, const NodeConfigLimits&, Field& field) {
            words.write(config.*member, field);
        },
        [](const Field& field, const NodeConfigLimits&, NodeConfig& config) {
            return words.read(field, config.*member);
        } };
}

// The fields of §16.4.4 that this server has. Labels as registered, where they are.
constexpr std::array node_fields {
    text<&NodeConfig::title>("pubsub#title", "A short name for the node"),
    text<&NodeConfig::description>("pubsub#description", "A description of the node"),
    text<&NodeConfig::lang>("pubsub#language", "The default language of the node"),
    text<&NodeConfig::payload_type>("pubsub#type", "The semantic type information of data in the node"),
    NodeField { "pubsub#access_model", FieldType::list_single, "Who may subscribe and retrieve items",
        write_access, read_access },
    NodeField { "pubsub#roster_groups_allowed", FieldType::list_multi,
        "The roster group(s) allowed to subscribe and retrieve items", write_groups, read_groups },
    NodeField { "pubsub#publish_model", FieldType::list_single, "The publisher model", write_publish,
        read_publish_model },
    NodeField { "pubsub#max_items", FieldType::text_single,
        "Max number of items to persist. `max` for no specific limit other than a server imposed maximum.",
        write_max_items, read_max_items },
    NodeField { "pubsub#item_expire", FieldType::text_single,
        "Number of seconds after which to automatically purge items. `max` for no specific limit other than "
        "a server imposed maximum.",
        write_lifetime, read_lifetime },
    NodeField { "pubsub#max_payload_size", FieldType::text_single, "The maximum payload size in bytes",
        write_payload, read_payload },
    flag<&NodeConfig::persist_items>("pubsub#persist_items", "Whether to persist items to storage"),
    flag<&NodeConfig::notify>("pubsub#deliver_notifications", "Whether to deliver event notifications"),
    flag<&NodeConfig::deliver_payloads>("pubsub#deliver_payloads",
        "Whether to deliver payloads with event notifications"),
    flag<&NodeConfig::notify_config>("pubsub#notify_config",
        "Whether to notify subscribers when the node configuration changes"),
    flag<&NodeConfig::notify_delete>("pubsub#notify_delete",
        "Whether to notify subscribers when the node is deleted"),
    flag<&NodeConfig::notify_retract>("pubsub#notify_retract",
        "Whether to notify subscribers when items are removed from the node"),
    choice<&NodeConfig::notification_type, message_words>("pubsub#notification_type",
        "Specify the delivery style for notifications"),
    choice<&NodeConfig::last_item, last_item_words>("pubsub#send_last_published_item",
        "When to send the last published item"),
    flag<&NodeConfig::subscribe>("pubsub#subscribe", "Whether to allow subscriptions"),
    choice<&NodeConfig::reply, reply_words>("pubsub#itemreply",
        "Whether owners or publisher should receive replies to items"),
};

const NodeField* find_field(std::string_view var)
{
    const auto found = std::find_if(node_fields.begin(), node_fields.end(),
        [var](const NodeField& each) { return each.var == var; });
    return found == node_fields.end() ? nullptr : &*found;
}

bool is_empty(const Field& field)
{
    return field.values.empty() || (field.values.size() == 1 && field.values.front().empty());
}

/// Reads one field into `config`; an empty one gives it the value that it has in `defaults`.
Refusal read_field(const NodeField& known, const Field& field, const NodeConfig& defaults,
    const NodeConfigLimits& limits, NodeConfig& config)
{
    if (!is_empty(field)) {
        return known.read(field, limits, config);
    }
    Field standard;
    standard.var = field.var;
    known.write(defaults, limits, standard);
    return is_empty(standard) ? known.read(field, limits, config) : known.read(standard, limits, config);
}

void add_field(const NodeField& known, const NodeConfig& config, const NodeConfigLimits& limits,
    DataForm& form)
{
    Field field;
    field.var = known.var;
    field.type = known.type;
    field.label = known.label;
    known.write(config, limits, field);
    form.add(std::move(field));
}

bool is_form_type(const Field& field)
{
    return field.var == "FORM_TYPE";
}

} // namespace

DataForm node_config_form(const NodeConfig& config, const NodeConfigLimits& limits)
{
    DataForm form(DataForm::Type::form, ns::pubsub_node_config);
    for (const NodeField& known : node_fields) {
        add_field(known, config, limits, form);
    }
    return form;
}

NodeConfig as_allowed(NodeConfig config, const NodeConfigLimits& limits)
{
    if (limits.is_private) {
        config.access = Access::whitelist;
        config.publish = Publish::publishers;
    }
    return config;
}

Result<NodeConfig, StanzaError> read_node_config(const NodeConfig& now, const DataForm& form,
    const NodeConfigLimits& limits)
{
    NodeConfig config = now;
    for (const NodeField& known : node_fields) {
        const Field* field = form.field(known.var);
        if (field == nullptr) {
            continue;
        }
        if (auto refusal = read_field(known, *field, now, limits, config)) {
            return std::move(*refusal);
        }
    }
    return config;
}

std::optional<std::string> unmet_precondition(const NodeConfig& config, const NodeConfig& defaults,
    const DataForm& options, const NodeConfigLimits& limits)
{
    for (const Field& field : options.fields()) {
        if (is_form_type(field)) {
            continue;
        }
        NodeConfig wanted = config;
        const NodeField* known = find_field(field.var);
        if (known == nullptr || read_field(*known, field, defaults, limits, wanted) || wanted != config) {
            return field.var;
        }
    }
    return std::nullopt;
}

std::optional<std::string> impossible_precondition(const NodeConfig& defaults, const DataForm& options,
    const NodeConfigLimits& limits)
{
    for (const Field& field : options.fields()) {
        if (is_form_type(field)) {
            continue;
        }
        NodeConfig wanted = defaults;
        const NodeField* known = find_field(field.var);
        if (known == nullptr || read_field(*known, field, defaults, limits, wanted)) {
            return field.var;
        }
    }
    return std::nullopt;
}

std::string to_text(const NodeConfig& config)
{
    constexpr NodeConfigLimits all { NodeConfig::as_many_as_allowed, SIZE_MAX, SIZE_MAX, true };
    DataForm kept(DataForm::Type::submit, ns::pubsub_node_config);
    for (const NodeField& known : node_fields) {
        Field written;
        known.write(config, all, written);
        if (!is_empty(written)) {
            Field field;
            field.var = known.var;
            field.values = std::move(written.values);
            kept.add(std::move(field));
        }
    }
    return to_xml(kept.to_element());
}

NodeConfig node_config_from_text(std::string_view text)
{
    constexpr NodeConfigLimits all { NodeConfig::as_many_as_allowed, SIZE_MAX, SIZE_MAX, true };
    const auto element = parse_element(text);
    const auto form = element ? DataForm::from_element(*element)
                              : Result<DataForm, StanzaError>(StanzaError());
    NodeConfig config;
    if (!form) {
        return config;
    }
    for (const Field& field : form->fields()) {
        if (const NodeField* known = find_field(field.var)) {
            known->read(field, all, config); // a value that cannot be parsed keeps its default
        }
    }
    return config;
}

void add_meta_data(const NodeConfig& config, DataForm& form)
{
    const NodeConfigLimits limits;
    for (const std::string_view var : { "pubsub#title", "pubsub#description", "pubsub#language",
             "pubsub#type", "pubsub#access_model", "pubsub#publish_model", "pubsub#max_items" }) {
        add_field(*find_field(var), config, limits, form);
    }
}

std::size_t kept_items(const NodeConfig& config, std::size_t allowed)
{
    return std::max<std::size_t>(1, std::min(config.max_items, allowed));
}

} // namespace stonechat
