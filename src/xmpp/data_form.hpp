// SPDX-License-Identifier: Apache-2.0
// XEP-0004 Data Forms with XEP-0068 form types: all forms are read and written with this class. Pure.
#pragma once

#include "base/result.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza_error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class DataForm {
public:
    enum class Type { form, submit, cancel, result };
    enum class FieldType {
        boolean,
        fixed,
        hidden,
        jid_multi,
        jid_single,
        list_multi,
        list_single,
        text_multi,
        text_private,
        text_single,
    };
    struct Option {
        std::string label;
        std::string value;
        friend bool operator==(const Option&, const Option&) = default;
    };
    struct Field {
        std::string var;
        FieldType type = FieldType::text_single;
        std::vector<std::string> values;
        std::string label;
        std::string desc;
        bool required = false;
        std::vector<Option> options;

        Field&& labelled(std::string_view text) &&;
        Field&& must() &&; ///< sets required
        friend bool operator==(const Field&, const Field&) = default;
    };

    explicit DataForm(Type type, std::string_view form_type = {});

    /// Reads `<x xmlns='jabber:x:data'/>`. `bad_request` if it breaks XEP-0004 (unknown type, field
    /// without var in a submit, too many fields or values, a field given twice).
    static Result<DataForm, StanzaError> from_element(const Element& x);
    Element to_element() const;

    Type type() const { return type_; }
    /// Returns the FORM_TYPE, or empty (XEP-0068).
    std::string_view form_type() const;
    const std::string& title() const { return title_; }
    DataForm& set_title(std::string_view title);
    DataForm& set_instructions(std::string_view text);
    DataForm& add(Field field);
    DataForm& add(std::string_view var, FieldType type, std::string_view value);
    DataForm& add(std::string_view var, FieldType type, std::string_view label, std::string_view value);
    const std::vector<Field>& fields() const { return fields_; }

    /// Columns and rows of a `result` form with several items (XEP-0004 §3.4).
    void set_reported(std::vector<Field> columns);
    void add_item(std::vector<Field> row);

    const Field* field(std::string_view var) const;
    /// Returns the first value of a field, or nothing.
    std::optional<std::string_view> value(std::string_view var) const;
    std::vector<std::string> values(std::string_view var) const;
    /// Reads `1`/`true` and `0`/`false`; returns nothing for another value or no field.
    std::optional<bool> flag(std::string_view var) const;

    const std::vector<Field>& reported() const { return reported_; }
    const std::vector<std::vector<Field>>& items() const { return items_; }

    friend bool operator==(const DataForm&, const DataForm&) = default;

private:
    Type type_;
    std::string title_;
    std::vector<std::string> instructions_;
    std::vector<Field> fields_;
    std::vector<Field> reported_;
    std::vector<std::vector<Field>> items_;
};

} // namespace stonechat
