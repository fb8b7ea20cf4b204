// SPDX-License-Identifier: Apache-2.0
#include "xmpp/caps_hash.hpp"

#include "base/base64.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <openssl/evp.h>
#include <optional>
#include <vector>

namespace stonechat {
namespace {

using Strings = std::vector<std::string>;

std::string sha1(std::string_view bytes)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha1(), nullptr) != 1) {
        return {};
    }
    return std::string(reinterpret_cast<const char*>(digest.data()), length);
}

/// `<` separates the parts of the string, so none may contain it (XEP-0115 §5.1, the attack of §8.1).
bool is_safe(std::string_view part)
{
    return part.find('<') == std::string_view::npos;
}

/// Sorts the parts. Returns false if one occurs twice or contains the separator.
bool sort_unique(Strings& strings)
{
    std::sort(strings.begin(), strings.end());
    return std::adjacent_find(strings.begin(), strings.end()) == strings.end()
        && std::all_of(strings.begin(), strings.end(), is_safe);
}

void append_all(std::string& out, const Strings& strings)
{
    for (const std::string& string : strings) {
        out += string;
        out += '<';
    }
}

/// An identity before the parts are joined: §5.1 sorts by category, then type, then language.
using Identity = std::array<std::string, 4>;

std::optional<std::string> identities_of(const Element& disco_info)
{
    std::vector<Identity> identities;
    for (const Element* identity : disco_info.children("identity", ns::disco_info)) {
        identities.push_back({ std::string(identity->attribute_or("category")),
            std::string(identity->attribute_or("type")), std::string(identity->lang()),
            std::string(identity->attribute_or("name")) });
    }
    std::sort(identities.begin(), identities.end());
    if (std::adjacent_find(identities.begin(), identities.end()) != identities.end()) {
        return std::nullopt;
    }
    std::string joined;
    for (const Identity& identity : identities) {
        if (!std::all_of(identity.begin(), identity.end(), is_safe)) {
            return std::nullopt;
        }
        joined += identity[0] + '/' + identity[1] + '/' + identity[2] + '/' + identity[3] + '<';
    }
    return joined;
}

std::optional<std::string> features_of(const Element& disco_info)
{
    Strings features;
    for (const Element* feature : disco_info.children("feature", ns::disco_info)) {
        features.emplace_back(feature->attribute_or("var"));
    }
    if (!sort_unique(features)) {
        return std::nullopt;
    }
    std::string joined;
    append_all(joined, features);
    return joined;
}

Strings values_of(const Element& field)
{
    Strings values;
    for (const Element* value : field.children("value", ns::data_forms)) {
        values.push_back(value->text());
    }
    std::sort(values.begin(), values.end());
    return values;
}

/// Returns what a form adds to the string: its FORM_TYPE and all of its text.
struct FormText {
    std::string form_type;
    std::string text;
};

/// §5.4 3.6: a form without a hidden FORM_TYPE is ignored, one with several is an error.
enum class FormVerdict { counted, ignored, broken };

FormVerdict read_form(const Element& form, FormText& read)
{
    std::vector<std::pair<std::string, Strings>> fields;
    std::optional<Strings> form_type;
    bool is_hidden = false;
    for (const Element* field : form.children("field", ns::data_forms)) {
        const std::string_view var = field->attribute_or("var");
        if (var == "FORM_TYPE") {
            form_type = values_of(*field);
            is_hidden = field->attribute_or("type") == "hidden";
        } else {
            fields.emplace_back(var, values_of(*field));
        }
    }
    if (!form_type || form_type->empty() || !is_hidden) {
        return FormVerdict::ignored;
    }
    if (form_type->front() != form_type->back() || !is_safe(form_type->front())) {
        return FormVerdict::broken;
    }
    std::sort(fields.begin(), fields.end());
    read.form_type = form_type->front();
    read.text = read.form_type + '<';
    for (const auto& [var, values] : fields) {
        if (!is_safe(var) || !std::all_of(values.begin(), values.end(), is_safe)) {
            return FormVerdict::broken;
        }
        read.text += var + '<';
        append_all(read.text, values);
    }
    return FormVerdict::counted;
}

std::optional<std::string> forms_of(const Element& disco_info)
{
    std::vector<FormText> forms;
    for (const Element* form : disco_info.children("x", ns::data_forms)) {
        FormText read;
        switch (read_form(*form, read)) {
        case FormVerdict::counted: forms.push_back(std::move(read)); break;
        case FormVerdict::ignored: break;
        case FormVerdict::broken: return std::nullopt;
        }
    }
    const auto by_type = [](const FormText& a, const FormText& b) { return a.form_type < b.form_type; };
    const auto same_type = [](const FormText& a, const FormText& b) { return a.form_type == b.form_type; };
    std::sort(forms.begin(), forms.end(), by_type);
    if (std::adjacent_find(forms.begin(), forms.end(), same_type) != forms.end()) {
        return std::nullopt;
    }
    std::string joined;
    for (const FormText& form : forms) {
        joined += form.text;
    }
    return joined;
}

} // namespace

std::string caps_hash(const Element& disco_info)
{
    const auto identities = identities_of(disco_info);
    const auto features = features_of(disco_info);
    const auto forms = forms_of(disco_info);
    if (!identities || !features || !forms) {
        return {};
    }
    return base64_encode(sha1(*identities + *features + *forms));
}

} // namespace stonechat
