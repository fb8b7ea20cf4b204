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

const EVP_MD* find_algorithm(std::string_view name)
{
    struct Known {
        std::string_view name;
        const EVP_MD* (*make)();
    };
    static constexpr std::array<Known, 5> known { { { "sha-1", EVP_sha1 }, { "sha-256", EVP_sha256 },
        { "sha-512", EVP_sha512 }, { "sha3-256", EVP_sha3_256 }, { "sha3-512", EVP_sha3_512 } } };
    for (const Known& each : known) {
        if (each.name == name) {
            return each.make();
        }
    }
    return nullptr;
}

/// Returns the base64 of the hash; empty if the algorithm is unknown.
std::string hash_in_base64(std::string_view bytes, std::string_view algorithm)
{
    const EVP_MD* digester = find_algorithm(algorithm);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest {};
    unsigned length = 0;
    if (digester == nullptr
        || EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, digester, nullptr) != 1) {
        return {};
    }
    return base64_encode(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

// XEP-0115 ----------------------------------------------------------------------------------------

/// `<` separates the parts of the string, so none may contain it (XEP-0115 §5.1, the attack of §9.3).
bool is_safe(std::string_view part)
{
    return part.find('<') == std::string_view::npos;
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

std::string to_text(const Identity& identity)
{
    return identity[0] + '/' + identity[1] + '/' + identity[2] + '/' + identity[3];
}

std::vector<Identity> read_identities(const Element& disco_info)
{
    std::vector<Identity> identities;
    for (const Element* identity : disco_info.children("identity", ns::disco_info)) {
        identities.push_back({ std::string(identity->attribute_or("category")),
            std::string(identity->attribute_or("type")), std::string(identity->lang()),
            std::string(identity->attribute_or("name")) });
    }
    std::sort(identities.begin(), identities.end());
    return identities;
}

std::optional<std::string> identities_of(const Element& disco_info)
{
    const std::vector<Identity> identities = read_identities(disco_info);
    if (std::adjacent_find(identities.begin(), identities.end()) != identities.end()) {
        return std::nullopt;
    }
    std::string joined;
    for (const Identity& identity : identities) {
        if (!std::all_of(identity.begin(), identity.end(), is_safe)) {
            return std::nullopt;
        }
        joined += to_text(identity) + '<';
    }
    return joined;
}

Strings read_features(const Element& disco_info)
{
    Strings features;
    for (const Element* feature : disco_info.children("feature", ns::disco_info)) {
        features.emplace_back(feature->attribute_or("var"));
    }
    std::sort(features.begin(), features.end());
    return features;
}

std::optional<std::string> features_of(const Element& disco_info)
{
    const Strings features = read_features(disco_info);
    if (std::adjacent_find(features.begin(), features.end()) != features.end()
        || !std::all_of(features.begin(), features.end(), is_safe)) {
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

/// Returns the forms that count, in the order of their types; nothing if one is broken or a type occurs
/// twice.
std::optional<std::vector<FormText>> read_forms(const Element& disco_info)
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
    return forms;
}

std::optional<std::string> forms_of(const Element& disco_info)
{
    const auto forms = read_forms(disco_info);
    if (!forms) {
        return std::nullopt;
    }
    std::string joined;
    for (const FormText& form : *forms) {
        joined += form.text;
    }
    return joined;
}

bool is_word(std::string_view text)
{
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

/// Whether a part of the string reads like an identity: two words, a language and a name between slashes. A
/// feature does not: namespaces have a colon.
bool is_like_identity(std::string_view part)
{
    const auto first = part.find('/');
    const auto second = first == std::string_view::npos ? first : part.find('/', first + 1);
    return second != std::string_view::npos && part.find('/', second + 1) != std::string_view::npos
        && is_word(part.substr(0, first)) && is_word(part.substr(first + 1, second - first - 1));
}

// XEP-0390 ----------------------------------------------------------------------------------------

// §4.1: what ends a text, a field or an identity, a form, and a part of the input. XML cannot contain them.
constexpr char end_of_text = '\x1f';
constexpr char end_of_group = '\x1e';
constexpr char end_of_form = '\x1d';
constexpr char end_of_part = '\x1c';

std::string sorted_and_joined(Strings strings, char end)
{
    std::sort(strings.begin(), strings.end());
    std::string joined;
    for (const std::string& string : strings) {
        joined += string;
    }
    return joined + end;
}

std::string closed(std::string_view text)
{
    return std::string(text) + end_of_text;
}

std::string identity_input(const Element& identity, std::string_view inherited)
{
    const std::string_view lang = identity.attribute("lang", ns::xml).value_or(inherited);
    return closed(identity.attribute_or("category")) + closed(identity.attribute_or("type")) + closed(lang)
        + closed(identity.attribute_or("name")) + end_of_group;
}

std::string field_input(const Element& field)
{
    Strings values;
    for (const Element* value : field.children("value", ns::data_forms)) {
        values.push_back(closed(value->text()));
    }
    return closed(field.attribute_or("var")) + sorted_and_joined(std::move(values), end_of_group);
}

/// Whether the form has exactly one FORM_TYPE, hidden and with one value (XEP-0068 §3).
bool has_form_type(const Element& form)
{
    std::size_t count = 0;
    for (const Element* field : form.children("field", ns::data_forms)) {
        if (field->attribute_or("var") == "FORM_TYPE") {
            ++count;
            if (field->attribute_or("type") != "hidden"
                || field->children("value", ns::data_forms).size() != 1) {
                return false;
            }
        }
    }
    return count == 1;
}

std::optional<std::string> form_input(const Element& form)
{
    if (form.child("reported") != nullptr || form.child("item") != nullptr || !has_form_type(form)) {
        return std::nullopt;
    }
    Strings fields;
    for (const Element* field : form.children("field", ns::data_forms)) {
        fields.push_back(field_input(*field));
    }
    return sorted_and_joined(std::move(fields), end_of_form);
}

std::optional<std::string> capability_hash_input(const Element& disco_info, std::string_view inherited)
{
    const std::string_view lang = disco_info.attribute("lang", ns::xml).value_or(inherited);
    Strings features;
    Strings identities;
    Strings forms;
    for (const Element* child : disco_info.children()) {
        if (child->is("feature", ns::disco_info)) {
            features.push_back(closed(child->attribute_or("var")));
        } else if (child->is("identity", ns::disco_info)) {
            identities.push_back(identity_input(*child, lang));
        } else if (auto form = child->is("x", ns::data_forms) ? form_input(*child) : std::nullopt) {
            forms.push_back(std::move(*form));
        } else {
            return std::nullopt;
        }
    }
    return sorted_and_joined(std::move(features), end_of_part)
        + sorted_and_joined(std::move(identities), end_of_part)
        + sorted_and_joined(std::move(forms), end_of_part);
}

} // namespace

bool is_known_hash(std::string_view algorithm)
{
    return find_algorithm(algorithm) != nullptr;
}

std::string caps_hash(const Element& disco_info, std::string_view algorithm)
{
    const auto identities = identities_of(disco_info);
    const auto features = features_of(disco_info);
    const auto forms = forms_of(disco_info);
    if (!identities || !features || !forms) {
        return {};
    }
    return hash_in_base64(*identities + *features + *forms, algorithm);
}

bool caps_hash_proves_features(const Element& disco_info)
{
    // The string is then read in one way: identities as far as the parts look like identities, and features
    // as far as the parts grow.
    const auto identities = read_identities(disco_info);
    const Strings features = read_features(disco_info);
    const auto forms = read_forms(disco_info);
    return forms && !features.empty() && (forms->empty() || forms->front().form_type <= features.back())
        && std::all_of(identities.begin(), identities.end(),
            [](const Identity& identity) { return is_like_identity(to_text(identity)); })
        && std::none_of(features.begin(), features.end(), is_like_identity);
}

std::string capability_hash(const Element& disco_info, std::string_view algorithm, std::string_view lang)
{
    const auto input = capability_hash_input(disco_info, lang);
    return input ? hash_in_base64(*input, algorithm) : std::string();
}

} // namespace stonechat
