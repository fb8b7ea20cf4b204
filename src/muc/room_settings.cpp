// SPDX-License-Identifier: Apache-2.0
#include "muc/room_settings.hpp"

#include "config/suggestion.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace stonechat {
namespace {

using Field = DataForm::Field;
using FieldType = DataForm::FieldType;
using Problem = std::optional<RoomProblem>; ///< nothing: the value is valid

constexpr std::string_view history_field = "muc#maxhistoryfetch";

RoomProblem bad_value(std::string message)
{
    return { RoomProblem::Kind::bad_value, std::move(message) };
}

bool is_settable(const Field& field)
{
    return field.type != FieldType::hidden && field.type != FieldType::fixed;
}

const Field* find(const DataForm& form, std::string_view name)
{
    const auto found = std::find_if(form.fields().begin(), form.fields().end(), [name](const Field& field) {
        return is_settable(field) && (field.var == name || short_name(field.var) == name);
    });
    return found == form.fields().end() ? nullptr : &*found;
}

RoomProblem no_such_field(const DataForm& form, std::string_view name)
{
    std::vector<std::string> names;
    std::string all;
    for (const Field& field : form.fields()) {
        if (is_settable(field)) {
            names.emplace_back(short_name(field.var));
            all += all.empty() ? "" : ", ";
            all += names.back();
        }
    }
    std::string message = "a room has no field '" + std::string(name) + "'; ";
    const auto meant = nearest(short_name(name), names);
    message += meant ? "did you mean '" + *meant + "'?" : "there are " + all;
    return { RoomProblem::Kind::no_such_field, std::move(message) };
}

bool takes_several(FieldType type)
{
    return type == FieldType::list_multi || type == FieldType::jid_multi;
}

Problem jids_problem(const Field& field, const std::vector<std::string>& values)
{
    for (const std::string& value : values) {
        const auto jid = Jid::parse(value);
        if (!jid || !jid->has_local() || jid->has_resource()) {
            return bad_value(field.var + " has to be addresses of users, user@host; '" + value + "' is none");
        }
    }
    return {};
}

Problem words_problem(const Field& field, const std::vector<std::string>& values)
{
    std::string words;
    for (const DataForm::Option& option : field.options) {
        words += words.empty() ? "" : ", ";
        words += option.value;
    }
    for (const std::string& value : values) {
        const bool is_known = std::any_of(field.options.begin(), field.options.end(),
            [&value](const DataForm::Option& option) { return option.value == value; });
        if (!is_known) {
            return bad_value(field.var + " has to be some of: " + words + "; '" + value + "' is none");
        }
    }
    return {};
}

/// Refuses a number above the limit. A form's value is silently reduced to the limit, because clients submit
/// what the form offers; an administrator who types a number means it.
Problem history_problem(const std::string& value, const RoomLimits& limits)
{
    std::size_t number = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (failure != std::errc() || end != value.data() + value.size() || number > limits.history) {
        return bad_value(std::string(history_field) + " has to be a number up to "
            + std::to_string(limits.history) + " (max_history of [host.muc])");
    }
    return {};
}

/// Checks values that reading the form would ignore, or refuse without an explanation.
Problem values_problem(const Field& field, const std::vector<std::string>& values, const RoomLimits& limits)
{
    if (!takes_several(field.type) && values.size() != 1) {
        return bad_value(field.var + " has one value");
    }
    if (field.type == FieldType::jid_multi) {
        return jids_problem(field, values);
    }
    if (field.type == FieldType::list_multi) {
        return words_problem(field, values);
    }
    return field.var == history_field ? history_problem(values.front(), limits) : Problem();
}

} // namespace

std::string_view short_name(std::string_view var)
{
    const std::size_t last = var.find_last_of("_#}");
    return last == std::string_view::npos ? var : var.substr(last + 1);
}

RoomResult<DataForm> to_submission(const std::vector<RoomSetting>& settings, const DataForm& form,
    const RoomLimits& limits)
{
    DataForm submission(DataForm::Type::submit, ns::room_config_form);
    for (const RoomSetting& setting : settings) {
        const Field* known = find(form, setting.name);
        if (known == nullptr) {
            return no_such_field(form, setting.name);
        }
        if (submission.field(known->var) != nullptr) {
            return bad_value(known->var + " is given twice");
        }
        if (auto problem = values_problem(*known, setting.values, limits)) {
            return std::move(*problem);
        }
        Field field;
        field.var = known->var;
        field.values = setting.values;
        submission.add(std::move(field));
    }
    return submission;
}

} // namespace stonechat
