// SPDX-License-Identifier: Apache-2.0
#include "xmpp/data_form.hpp"

#include "base/index_of.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace stonechat {
namespace {

using Field = DataForm::Field;
using FieldType = DataForm::FieldType;
using Fields = std::vector<Field>;

// Limits of one form; the parser's limits on a stanza would allow more.
constexpr std::size_t max_fields = 512;
constexpr std::size_t max_values = 2048; ///< in all fields together
constexpr std::size_t max_items = 512;

// In the order of the enumerations.
constexpr std::array<std::string_view, 4> types { "form", "submit", "cancel", "result" };
constexpr std::array<std::string_view, 10> field_types {
    "boolean",
    "fixed",
    "hidden",
    "jid-multi",
    "jid-single",
    "list-multi",
    "list-single",
    "text-multi",
    "text-private",
    "text-single",
};

StanzaError broken_form(std::string_view what)
{
    return StanzaError(StanzaError::bad_request, what);
}

const Field* find_field(const Fields& fields, std::string_view var)
{
    const auto found = std::find_if(fields.begin(), fields.end(),
        [var](const Field& field) { return field.var == var; });
    return found == fields.end() ? nullptr : &*found;
}

/// Reads the fields of a form, its header or one of its items, and counts what it has read.
class FieldReader {
public:
    explicit FieldReader(DataForm::Type type) : type_(type) {}

    Result<Fields, StanzaError> read(const Element& parent)
    {
        Fields fields;
        for (const Element* element : parent.children("field", ns::data_forms)) {
            auto field = read_field(*element);
            if (!field) {
                return field.error();
            }
            if (!field->var.empty() && find_field(fields, field->var) != nullptr) {
                return broken_form("A field of the form is given twice.");
            }
            fields.push_back(std::move(*field));
        }
        return fields;
    }

private:
    Result<Field, StanzaError> read_field(const Element& element)
    {
        Field field;
        field.var = element.attribute_or("var");
        const auto type = element.attribute("type");
        const auto known = index_of(field_types, type.value_or("text-single"));
        // XEP-0004 §3.3: an unknown type counts as text-single; a submitted form needs no type.
        field.type = known ? static_cast<FieldType>(*known) : FieldType::text_single;
        // XEP-0004 §3.2: only a `fixed` field may have no name.
        if (field.var.empty() && field.type != FieldType::fixed) {
            return broken_form("A field of the form has no name.");
        }
        field.label = element.attribute_or("label");
        field.desc = element.child_text("desc");
        field.required = element.child("required") != nullptr;
        for (const Element* value : element.children("value", ns::data_forms)) {
            field.values.push_back(value->text());
        }
        if (type_ == DataForm::Type::form) {
            for (const Element* option : element.children("option", ns::data_forms)) {
                field.options.push_back(DataForm::Option {
                    std::string(option->attribute_or("label")), option->child_text("value") });
            }
        }
        values_ += field.values.size() + field.options.size();
        if (++fields_ > max_fields || values_ > max_values) {
            return broken_form("The form is too large.");
        }
        return field;
    }

    DataForm::Type type_;
    std::size_t fields_ = 0;
    std::size_t values_ = 0;
};

enum class Detail { all, column, values_only };

void append_field(Element& parent, const Field& field, Detail detail)
{
    Element& element = parent.add("field");
    if (!field.var.empty()) {
        element.set_attribute("var", field.var);
    }
    if (detail != Detail::values_only || field.type == FieldType::hidden || field.var.empty()) {
        element.set_attribute("type", field_types[static_cast<std::size_t>(field.type)]);
    }
    if (detail != Detail::values_only && !field.label.empty()) {
        element.set_attribute("label", field.label);
    }
    if (detail == Detail::column) {
        return;
    }
    if (detail == Detail::all && !field.desc.empty()) {
        element.add_text_child("desc", field.desc);
    }
    if (detail == Detail::all && field.required) {
        element.add("required");
    }
    for (const std::string& value : field.values) {
        element.add_text_child("value", value);
    }
    for (const DataForm::Option& option : field.options) {
        Element& option_element = element.add("option");
        if (!option.label.empty()) {
            option_element.set_attribute("label", option.label);
        }
        option_element.add_text_child("value", option.value);
    }
}

} // namespace

DataForm::Field&& DataForm::Field::labelled(std::string_view text) &&
{
    label = text;
    return std::move(*this);
}

DataForm::Field&& DataForm::Field::must() &&
{
    required = true;
    return std::move(*this);
}

DataForm::DataForm(Type type, std::string_view form_type) : type_(type)
{
    if (!form_type.empty()) {
        add("FORM_TYPE", FieldType::hidden, form_type);
    }
}

Result<DataForm, StanzaError> DataForm::from_element(const Element& x)
{
    const auto type = index_of(types, x.attribute_or("type"));
    if (!x.is("x", ns::data_forms) || !type) {
        return broken_form("This is not a data form.");
    }
    DataForm form(static_cast<Type>(*type));
    form.title_ = x.child_text("title");
    for (const Element* instructions : x.children("instructions", ns::data_forms)) {
        form.instructions_.push_back(instructions->text());
    }
    FieldReader reader(form.type_);
    auto fields = reader.read(x);
    if (!fields) {
        return fields.error();
    }
    form.fields_ = std::move(*fields);
    if (const Element* reported = x.child("reported")) {
        auto columns = reader.read(*reported);
        if (!columns) {
            return columns.error();
        }
        form.reported_ = std::move(*columns);
    }
    for (const Element* item : x.children("item", ns::data_forms)) {
        auto row = reader.read(*item);
        if (!row) {
            return row.error();
        }
        if (form.items_.size() == max_items) {
            return broken_form("The form is too large.");
        }
        form.items_.push_back(std::move(*row));
    }
    return form;
}

Element DataForm::to_element() const
{
    Element x("x", ns::data_forms);
    x.set_attribute("type", types[static_cast<std::size_t>(type_)]);
    if (!title_.empty()) {
        x.add_text_child("title", title_);
    }
    for (const std::string& line : instructions_) {
        x.add_text_child("instructions", line);
    }
    for (const Field& field : fields_) {
        append_field(x, field, Detail::all);
    }
    if (!reported_.empty()) {
        Element& reported = x.add("reported");
        for (const Field& column : reported_) {
            append_field(reported, column, Detail::column);
        }
    }
    for (const std::vector<Field>& row : items_) {
        Element& item = x.add("item");
        for (const Field& cell : row) {
            append_field(item, cell, Detail::values_only);
        }
    }
    return x;
}

std::string_view DataForm::form_type() const
{
    const Field* found = field("FORM_TYPE");
    // XEP-0068 §3.3: FORM_TYPE is hidden if the form has types; a submitted form may leave them out.
    const bool counts = found != nullptr && !found->values.empty()
        && (found->type == FieldType::hidden || type_ == Type::submit);
    return counts ? std::string_view(found->values.front()) : std::string_view();
}

DataForm& DataForm::set_title(std::string_view title)
{
    title_ = title;
    return *this;
}

DataForm& DataForm::set_instructions(std::string_view text)
{
    instructions_.assign(1, std::string(text));
    return *this;
}

DataForm& DataForm::add(Field field)
{
    fields_.push_back(std::move(field));
    return *this;
}

DataForm& DataForm::add(std::string_view var, FieldType type, std::string_view label, std::string_view value)
{
    add(var, type, value);
    fields_.back().label = label;
    return *this;
}

DataForm& DataForm::add(std::string_view var, FieldType type, std::string_view value)
{
    Field field;
    field.var = var;
    field.type = type;
    field.values.emplace_back(value);
    return add(std::move(field));
}

void DataForm::set_reported(std::vector<Field> columns)
{
    reported_ = std::move(columns);
}

void DataForm::add_item(std::vector<Field> row)
{
    items_.push_back(std::move(row));
}

const DataForm::Field* DataForm::field(std::string_view var) const
{
    return find_field(fields_, var);
}

std::optional<std::string_view> DataForm::value(std::string_view var) const
{
    const Field* found = field(var);
    if (found == nullptr || found->values.empty()) {
        return std::nullopt;
    }
    return found->values.front();
}

std::vector<std::string> DataForm::values(std::string_view var) const
{
    const Field* found = field(var);
    return found != nullptr ? found->values : std::vector<std::string>();
}

std::optional<bool> DataForm::flag(std::string_view var) const
{
    const auto text = value(var);
    if (text == "1" || text == "true") {
        return true;
    }
    if (text == "0" || text == "false") {
        return false;
    }
    return std::nullopt;
}

} // namespace stonechat
