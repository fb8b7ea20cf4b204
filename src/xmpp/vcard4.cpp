// SPDX-License-Identifier: Apache-2.0
#include "xmpp/vcard4.hpp"

#include "base/ascii.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

struct CardField;
/// Adds what `from`, an element of this field, says to the other card; nothing if it is malformed.
using ConvertField = void (*)(const CardField& field, const Element& from, Element& to);

struct CardField {
    std::string_view vcard4;
    std::string_view temp;
    ConvertField to_vcard4, to_temp;
    bool once = false;          ///< a vcard-temp has it once
    std::string_view also = {}; ///< an older name of `temp`
};

// Text ---------------------------------------------------------------------------------------------

constexpr std::string_view blanks = " \t\r\n";

bool is_blank(std::string_view text)
{
    return text.find_first_not_of(blanks) == std::string_view::npos;
}

std::string trimmed(const std::string& text)
{
    return is_blank(text) ? std::string()
                          : text.substr(text.find_first_not_of(blanks),
                              text.find_last_not_of(blanks) - text.find_first_not_of(blanks) + 1);
}

/// Returns the first value of a vCard4 property that is not blank, of the types named.
std::string value_of(const Element& property, std::initializer_list<const char*> types)
{
    for (const char* type : types) {
        std::string value = property.child_text(type);
        if (!is_blank(value)) {
            return value;
        }
    }
    return {};
}

void add_value(Element& card, std::string_view property, std::string_view type, std::string_view value)
{
    if (!is_blank(value)) {
        card.add(property).add_text_child(type, value);
    }
}

void add_child(Element& card, std::string_view name, std::string_view value)
{
    if (!is_blank(value)) {
        card.add_text_child(name, value);
    }
}

void text_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    add_value(to, field.vcard4, "text", from.text());
}

void text_to_temp(const CardField& field, const Element& from, Element& to)
{
    add_child(to, field.temp, value_of(from, { "text" }));
}

void texts_to_temp(const CardField& field, const Element& from, Element& to)
{
    for (const Element* text : from.children("text", ns::vcard4_format)) {
        add_child(to, field.temp, text->text());
    }
}

void url_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    add_value(to, field.vcard4, "uri", trimmed(from.text()));
}

void url_to_temp(const CardField& field, const Element& from, Element& to)
{
    add_child(to, field.temp, trimmed(value_of(from, { "uri", "text" })));
}

void zone_to_temp(const CardField& field, const Element& from, Element& to)
{
    add_child(to, field.temp, value_of(from, { "text", "utc-offset" }));
}

void keywords_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    Element categories(field.vcard4, ns::vcard4_format);
    for (const Element* keyword : from.children("KEYWORD", ns::vcard_temp)) {
        add_child(categories, "text", keyword->text());
    }
    if (categories.child_count() > 0) {
        to.add(std::move(categories));
    }
}

void keywords_to_temp(const CardField& field, const Element& from, Element& to)
{
    Element categories(field.temp, ns::vcard_temp);
    for (const Element* text : from.children("text", ns::vcard4_format)) {
        add_child(categories, "KEYWORD", text->text());
    }
    if (categories.child_count() > 0) {
        to.add(std::move(categories));
    }
}

// Birthday -----------------------------------------------------------------------------------------

/// `pattern`: 0 stands for a digit.
bool has_form(std::string_view text, std::string_view pattern)
{
    return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
        [](char c, char form) { return form == '0' ? c >= '0' && c <= '9' : c == form; });
}

/// Returns a date in the form that vcard-temp and the examples of XEP-0292 have, which is not RFC 6350's.
std::string with_hyphens(std::string text)
{
    if (has_form(text, "00000000")) {
        text.insert(6, "-").insert(4, "-");
    }
    return text;
}

void birthday_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    const std::string text = with_hyphens(trimmed(from.text()));
    const bool begins_with_date = has_form(std::string_view(text).substr(0, 10), "0000-00-00");
    const bool has_time = begins_with_date && text.size() > 10 && text[10] == 'T';
    const bool is_date = begins_with_date && text.size() == 10;
    add_value(to, field.vcard4, is_date ? "date" : has_time ? "date-time" : "text", text);
}

void birthday_to_temp(const CardField& field, const Element& from, Element& to)
{
    add_child(to, field.temp, with_hyphens(trimmed(value_of(from, { "date", "date-time", "text" }))));
}

// Parts: names and addresses -----------------------------------------------------------------------

struct Part {
    std::string_view vcard4, temp;
};

constexpr std::array name_parts { Part { "surname", "FAMILY" }, Part { "given", "GIVEN" },
    Part { "additional", "MIDDLE" }, Part { "prefix", "PREFIX" }, Part { "suffix", "SUFFIX" } };
constexpr std::array address_parts { Part { "pobox", "POBOX" }, Part { "ext", "EXTADD" },
    Part { "street", "STREET" }, Part { "locality", "LOCALITY" }, Part { "region", "REGION" },
    Part { "code", "PCODE" }, Part { "country", "CTRY" } };

/// Adds all parts, those without text too: RFC 6351 wants that. Returns whether one has text.
bool add_parts_of_vcard4(std::span<const Part> parts, const Element& from, Element& to)
{
    bool has_text = false;
    for (const Part& part : parts) {
        const std::string text = from.child_text(part.temp);
        const bool is_empty = is_blank(text);
        has_text = has_text || !is_empty;
        to.add_text_child(part.vcard4, is_empty ? std::string_view() : std::string_view(text));
    }
    return has_text;
}

/// A part can have several values, which vcard-temp separates with commas.
bool add_parts_of_temp(std::span<const Part> parts, const Element& from, Element& to)
{
    bool has_text = false;
    for (const Part& part : parts) {
        std::string all;
        for (const Element* value : from.children(part.vcard4, ns::vcard4_format)) {
            const std::string text = value->text();
            if (!is_blank(text)) {
                all += (all.empty() ? "" : ",") + text;
            }
        }
        has_text = has_text || !all.empty();
        add_child(to, part.temp, all);
    }
    return has_text;
}

void name_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    Element name(field.vcard4, ns::vcard4_format);
    if (add_parts_of_vcard4(name_parts, from, name)) {
        to.add(std::move(name));
    }
}

void name_to_temp(const CardField& field, const Element& from, Element& to)
{
    Element name(field.temp, ns::vcard_temp);
    if (add_parts_of_temp(name_parts, from, name)) {
        to.add(std::move(name));
    }
}

// Types: of addresses, telephone numbers and e-mail addresses -----------------------------------

constexpr std::array place_types { Part { "home", "HOME" }, Part { "work", "WORK" } };
constexpr std::array telephone_types { Part { "home", "HOME" }, Part { "work", "WORK" },
    Part { "text", "TEXT" }, Part { "voice", "VOICE" }, Part { "fax", "FAX" }, Part { "cell", "CELL" },
    Part { "video", "VIDEO" }, Part { "pager", "PAGER" }, Part { "textphone", "TEXTPHONE" } };

void add_types_of_vcard4(std::span<const Part> types, const Element& from, Element& to)
{
    Element type("type", ns::vcard4_format);
    for (const Part& each : types) {
        if (from.child(each.temp) != nullptr) {
            type.add_text_child("text", each.vcard4);
        }
    }
    Element parameters("parameters", ns::vcard4_format);
    if (type.child_count() > 0) {
        parameters.add(std::move(type));
    }
    if (from.child("PREF") != nullptr) {
        parameters.add("pref").add_text_child("integer", "1");
    }
    if (parameters.child_count() > 0) {
        to.add(std::move(parameters));
    }
}

void add_types_of_temp(std::span<const Part> types, const Element& from, Element& to)
{
    const Element* parameters = from.child("parameters");
    if (parameters == nullptr) {
        return;
    }
    std::vector<std::string> found;
    for (const Element* type : parameters->children("type", ns::vcard4_format)) {
        for (const Element* text : type->children("text", ns::vcard4_format)) {
            found.push_back(ascii_lower(trimmed(text->text())));
        }
    }
    for (const Part& each : types) {
        if (std::find(found.begin(), found.end(), each.vcard4) != found.end()) {
            to.add(each.temp);
        }
    }
    const Element* preference = parameters->child("pref");
    if (preference != nullptr && trimmed(preference->child_text("integer")) == "1") {
        to.add("PREF");
    }
}

void address_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    Element address(field.vcard4, ns::vcard4_format);
    add_types_of_vcard4(place_types, from, address);
    if (add_parts_of_vcard4(address_parts, from, address)) {
        to.add(std::move(address));
    }
}

void address_to_temp(const CardField& field, const Element& from, Element& to)
{
    Element address(field.temp, ns::vcard_temp);
    add_types_of_temp(place_types, from, address);
    if (add_parts_of_temp(address_parts, from, address)) {
        to.add(std::move(address));
    }
}

/// RFC 3966: what a `tel:` URI can have without more ado. Other numbers, like those with spaces, are text.
bool is_global_number(std::string_view number)
{
    return number.starts_with('+') && number.find_first_of("0123456789") != std::string_view::npos
        && number.find_first_not_of("0123456789-.()", 1) == std::string_view::npos;
}

void telephone_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    const std::string number = trimmed(from.child_text("NUMBER"));
    if (number.empty()) {
        return;
    }
    Element telephone(field.vcard4, ns::vcard4_format);
    add_types_of_vcard4(telephone_types, from, telephone);
    if (is_global_number(number)) {
        telephone.add_text_child("uri", "tel:" + number);
    } else {
        telephone.add_text_child("text", number);
    }
    to.add(std::move(telephone));
}

void telephone_to_temp(const CardField& field, const Element& from, Element& to)
{
    constexpr std::string_view scheme = "tel:";
    std::string number = trimmed(from.child_text("uri"));
    if (ascii_lower(number).starts_with(scheme)) {
        number.erase(0, scheme.size());
    }
    if (number.empty()) {
        number = trimmed(from.child_text("text"));
    }
    if (number.empty()) {
        return;
    }
    Element telephone(field.temp, ns::vcard_temp);
    add_types_of_temp(telephone_types, from, telephone);
    telephone.add_text_child("NUMBER", number);
    to.add(std::move(telephone));
}

void email_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    const std::string address = trimmed(from.child_text("USERID"));
    if (address.empty()) {
        return;
    }
    Element email(field.vcard4, ns::vcard4_format);
    add_types_of_vcard4(place_types, from, email);
    email.add_text_child("text", address);
    to.add(std::move(email));
}

void email_to_temp(const CardField& field, const Element& from, Element& to)
{
    const std::string address = trimmed(value_of(from, { "text" }));
    if (address.empty()) {
        return;
    }
    Element email(field.temp, ns::vcard_temp);
    email.add("INTERNET");
    add_types_of_temp(place_types, from, email);
    email.add_text_child("USERID", address);
    to.add(std::move(email));
}

// Organisation -------------------------------------------------------------------------------------

/// XEP-0292 §11.3.3 leaves the units out, but RFC 6350 §6.6.4 has them: as further values.
void organisation_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    const std::string name = from.child_text("ORGNAME");
    Element organisation(field.vcard4, ns::vcard4_format);
    organisation.add_text_child("text", is_blank(name) ? std::string_view() : std::string_view(name));
    for (const Element* unit : from.children("ORGUNIT", ns::vcard_temp)) {
        add_child(organisation, "text", unit->text());
    }
    if (!is_blank(name) || organisation.child_count() > 1) {
        to.add(std::move(organisation));
    }
}

void organisation_to_temp(const CardField& field, const Element& from, Element& to)
{
    Element organisation(field.temp, ns::vcard_temp);
    bool is_name = true;
    bool has_text = false;
    for (const Element* value : from.children("text", ns::vcard4_format)) {
        const std::string text = value->text();
        has_text = has_text || !is_blank(text);
        if (is_name) {
            organisation.add_text_child("ORGNAME", is_blank(text) ? std::string_view() : text);
        } else {
            add_child(organisation, "ORGUNIT", text);
        }
        is_name = false;
    }
    if (has_text) {
        to.add(std::move(organisation));
    }
}

// JIDs ---------------------------------------------------------------------------------------------

constexpr std::string_view xmpp_scheme = "xmpp:";
constexpr std::string_view uri_digits = "0123456789ABCDEF";

bool is_xmpp(const Element& property)
{
    return ascii_lower(trimmed(property.child_text("uri"))).starts_with(xmpp_scheme);
}

/// RFC 5122 §2: an IRI, so what is not ASCII stays as it is.
std::string uri_escaped(std::string_view jid)
{
    constexpr std::string_view special = " \"#%<>?[\\]^`{|}";
    std::string uri;
    for (const char c : jid) {
        if (special.find(c) == std::string_view::npos) {
            uri += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        uri += '%';
        uri += uri_digits[byte / 16];
        uri += uri_digits[byte % 16];
    }
    return uri;
}

/// Returns the text without escapes; nullopt if one is malformed.
std::optional<std::string> uri_unescaped(std::string_view uri)
{
    std::string text;
    for (std::size_t at = 0; at < uri.size(); ++at) {
        if (uri[at] != '%') {
            text += uri[at];
            continue;
        }
        unsigned byte = 0;
        const std::string_view digits = uri.substr(at + 1, 2);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (error != std::errc() || end != digits.data() + 2) {
            return std::nullopt;
        }
        text += static_cast<char>(byte);
        at += 2;
    }
    return text;
}

void jid_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    if (const auto jid = Jid::parse(trimmed(from.text()))) {
        add_value(to, field.vcard4, "uri", std::string(xmpp_scheme) + uri_escaped(jid->text()));
    }
}

void jid_to_temp(const CardField& field, const Element& from, Element& to)
{
    if (!is_xmpp(from)) {
        return;
    }
    const std::string uri = trimmed(from.child_text("uri")).substr(xmpp_scheme.size());
    const auto address = uri_unescaped(uri.substr(0, uri.find_first_of("?#"))); // without action
    if (const auto jid = address ? Jid::parse(*address) : std::nullopt) {
        add_child(to, field.temp, jid->text());
    }
}

// Position -----------------------------------------------------------------------------------------

/// Whether `text` is a number between -`most` and `most`.
bool is_degree(std::string_view text, double most)
{
    if (text.empty() || text.find_first_not_of("-0123456789.") != std::string_view::npos) {
        return false;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && std::abs(value) <= most;
}

bool is_position(std::string_view latitude, std::string_view longitude)
{
    return is_degree(latitude, 90) && is_degree(longitude, 180);
}

void position_to_vcard4(const CardField& field, const Element& from, Element& to)
{
    const std::string latitude = trimmed(from.child_text("LAT"));
    const std::string longitude = trimmed(from.child_text("LON"));
    if (is_position(latitude, longitude)) {
        add_value(to, field.vcard4, "uri", "geo:" + latitude + "," + longitude);
    }
}

/// RFC 5870: `geo:latitude,longitude`, then perhaps an altitude and parameters.
void position_to_temp(const CardField& field, const Element& from, Element& to)
{
    const std::string uri = trimmed(from.child_text("uri"));
    const std::string_view all = std::string_view(uri).substr(0, uri.find(';'));
    const std::size_t comma = all.find(',');
    if (!ascii_lower(all).starts_with("geo:") || comma == std::string_view::npos) {
        return;
    }
    const std::string_view latitude = all.substr(4, comma - 4);
    const std::string_view rest = all.substr(comma + 1);
    const std::string_view longitude = rest.substr(0, rest.find(','));
    if (is_position(latitude, longitude)) {
        Element& position = to.add(field.temp);
        position.add_text_child("LAT", latitude);
        position.add_text_child("LON", longitude);
    }
}

// The whole card -----------------------------------------------------------------------------------

constexpr std::array card_fields {
    CardField { "fn", "FN", text_to_vcard4, text_to_temp, true },
    CardField { "n", "N", name_to_vcard4, name_to_temp, true },
    CardField { "nickname", "NICKNAME", text_to_vcard4, texts_to_temp },
    CardField { "bday", "BDAY", birthday_to_vcard4, birthday_to_temp, true },
    CardField { "adr", "ADR", address_to_vcard4, address_to_temp },
    CardField { "tel", "TEL", telephone_to_vcard4, telephone_to_temp },
    CardField { "email", "EMAIL", email_to_vcard4, email_to_temp },
    CardField { "impp", "JABBERID", jid_to_vcard4, jid_to_temp },
    CardField { "tz", "TZ", text_to_vcard4, zone_to_temp },
    CardField { "geo", "GEO", position_to_vcard4, position_to_temp },
    CardField { "title", "TITLE", text_to_vcard4, text_to_temp },
    CardField { "role", "ROLE", text_to_vcard4, text_to_temp },
    CardField { "org", "ORG", organisation_to_vcard4, organisation_to_temp },
    CardField { "categories", "CATEGORIES", keywords_to_vcard4, keywords_to_temp },
    CardField { "url", "URL", url_to_vcard4, url_to_temp },
    // vcard-temp has two, and nearly all clients use DESC.
    CardField { "note", "DESC", text_to_vcard4, text_to_temp, false, "NOTE" },
};

/// Whether an element of a card of either form is one of `field`. Addresses of other services than XMPP
/// (`sip:`) are not: a vcard-temp cannot have them.
bool is_of(const CardField& field, const Element& element)
{
    if (element.ns() == ns::vcard4_format) {
        return element.name() == field.vcard4 && (field.vcard4 != "impp" || is_xmpp(element));
    }
    return element.ns() == ns::vcard_temp
        && (element.name() == field.temp || (element.name() == field.also && !field.also.empty()));
}

std::vector<const Element*> all_of(const CardField& field, const Element& card)
{
    std::vector<const Element*> found = card.children();
    std::erase_if(found, [&field](const Element* each) { return !is_of(field, *each); });
    return found;
}

void convert_fields(const Element& from, Element& to, ConvertField CardField::*how)
{
    for (const CardField& field : card_fields) {
        const std::size_t before = to.child_count();
        for (const Element* each : all_of(field, from)) {
            (field.*how)(field, *each, to);
            if (field.once && to.child_count() > before) {
                break;
            }
        }
    }
}

/// Replaces the fields in `card` that `now` has and `before` has not, or the other way round.
void replace_fields(Element& card, const Element& before, const Element& now)
{
    for (const CardField& field : card_fields) {
        const auto old_ones = all_of(field, before);
        const auto new_ones = all_of(field, now);
        if (std::equal(old_ones.begin(), old_ones.end(), new_ones.begin(), new_ones.end(),
                [](const Element* a, const Element* b) { return *a == *b; })) {
            continue;
        }
        card.remove_children_if([&field](const Element& each) { return is_of(field, each); });
        for (const Element* each : new_ones) {
            card.add(*each);
        }
    }
}

} // namespace

Element to_vcard4(const Element& vcard_temp)
{
    Element vcard4("vcard", ns::vcard4_format);
    convert_fields(vcard_temp, vcard4, &CardField::to_vcard4);
    if (vcard4.child_count() > 0 && vcard4.child("fn") == nullptr) {
        Element name("fn", ns::vcard4_format); // RFC 6350 §6.2.1: has to be there
        name.add("text");
        vcard4.nodes().insert(vcard4.nodes().begin(), std::move(name));
    }
    return vcard4;
}

Element to_vcard_temp(const Element& vcard4)
{
    Element vcard_temp("vCard", ns::vcard_temp);
    convert_fields(vcard4, vcard_temp, &CardField::to_temp);
    return vcard_temp;
}

Element update_vcard4(Element vcard4, const Element& vcard_temp)
{
    replace_fields(vcard4, to_vcard4(to_vcard_temp(vcard4)), to_vcard4(vcard_temp));
    return vcard4;
}

Element update_vcard_temp(Element vcard_temp, const Element& vcard4)
{
    replace_fields(vcard_temp, to_vcard_temp(to_vcard4(vcard_temp)), to_vcard_temp(vcard4));
    return vcard_temp;
}

bool remove_fields(Element& vcard_temp)
{
    return vcard_temp.remove_children_if([](const Element& each) {
        return std::any_of(card_fields.begin(), card_fields.end(),
            [&each](const CardField& field) { return is_of(field, each); });
    }) > 0;
}

} // namespace stonechat
