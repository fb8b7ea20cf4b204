// SPDX-License-Identifier: Apache-2.0
#include "xmpp/serialize.hpp"

#include "xmpp/byte_search.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/utf8.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <utility>

namespace stonechat {
namespace {

/// How the byte loop treats a byte.
enum class Byte : std::uint8_t {
    plain,
    escaped,
    dropped,   ///< a control character, which XML cannot carry even as a reference
    multibyte, ///< begins or continues a UTF-8 sequence
};

using ByteTable = std::array<Byte, 256>;

constexpr ByteTable make_table(std::string_view escaped)
{
    ByteTable table {};
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] = i < 0x20 ? Byte::dropped : i < 0x80 ? Byte::plain : Byte::multibyte;
    }
    table['\t'] = table['\n'] = Byte::plain;
    for (const char c : escaped) {
        table[static_cast<unsigned char>(c)] = Byte::escaped;
    }
    return table;
}

// `>` is always escaped, so that `]]>` never occurs (XML 1.0 §2.4). A bare CR would be read as LF (§2.11),
// and in an attribute LF and TAB as spaces (§3.3.3).
constexpr ByteTable text_table = make_table("<>&\r");
constexpr ByteTable attribute_table = make_table("<>&'\"\r\n\t");

std::string_view escape_of(char c)
{
    switch (c) {
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '&': return "&amp;";
    case '\'': return "&apos;";
    case '"': return "&quot;";
    case '\r': return "&#13;";
    case '\n': return "&#10;";
    case '\t': return "&#9;";
    }
    return {};
}

/// Returns the length of the UTF-8 character at the front of `text`; 0 if it is not valid.
std::size_t character_length(std::string_view text)
{
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    return length <= text.size() && is_valid_utf8(text.substr(0, length)) ? length : 0;
}

/// Used in place of the output string: only counts bytes.
class Length {
public:
    void operator+=(char) { ++bytes_; }
    void operator+=(std::string_view text) { bytes_ += text.size(); }
    void append(std::string_view, std::size_t, std::size_t count) { bytes_ += count; }
    std::size_t bytes() const { return bytes_; }

private:
    std::size_t bytes_ = 0;
};

// Everything below writes to a string or to a Length.

/// `find` returns the first byte that `table` may not class as plain.
template <class Out, class Find>
void append_escaped(Out& out, std::string_view text, const ByteTable& table, Find find)
{
    const char* const end = text.data() + text.size();
    std::size_t plain_from = 0;
    std::size_t i = 0;
    while (true) {
        i = static_cast<std::size_t>(find(text.data() + i, end) - text.data());
        if (i == text.size()) {
            break;
        }
        const Byte byte = table[static_cast<unsigned char>(text[i])];
        if (byte == Byte::plain) {
            ++i;
            continue;
        }
        const std::size_t length = byte == Byte::multibyte ? character_length(text.substr(i)) : 0;
        if (length > 0) {
            i += length;
            continue;
        }
        out.append(text, plain_from, i - plain_from);
        if (byte == Byte::escaped) {
            out += escape_of(text[i]);
        }
        plain_from = ++i;
    }
    out.append(text, plain_from, i - plain_from);
}

template <class Out> void append_escaped_attribute(Out& out, std::string_view value)
{
    append_escaped(out, value, attribute_table,
        [](const char* at, const char* end) { return find_special(at, end, '<', '>', '&', '\'', '"'); });
}

template <class Out> void append_escaped_text(Out& out, std::string_view text)
{
    append_escaped(out, text, text_table,
        [](const char* at, const char* end) { return find_special(at, end, '<', '>', '&'); });
}

template <class Out>
void append_attribute(Out& out, std::string_view prefix, std::string_view name, std::string_view value)
{
    out += ' ';
    out += prefix;
    out += name;
    out += "='";
    append_escaped_attribute(out, value);
    out += '\'';
}

/// Appends an attribute that has a namespace, together with the declaration of the namespace.
template <class Out> void append_foreign_attribute(Out& out, const Attribute& attribute, std::size_t number)
{
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    std::string prefix = "ns";
    prefix.append(digits.data(), end);
    append_attribute(out, "xmlns:", prefix, attribute.ns.text());
    prefix += ':';
    append_attribute(out, prefix, attribute.name, attribute.value);
}

template <class Out> void append_attributes(Out& out, const Element& element, std::string_view left_out)
{
    std::size_t foreign = 0;
    for (const Attribute& attribute : element.attributes()) {
        if (attribute.ns == ns::xml) {
            append_attribute(out, "xml:", attribute.name, attribute.value);
        } else if (!attribute.ns.empty()) {
            append_foreign_attribute(out, attribute, foreign++);
        } else if (attribute.name != left_out || left_out.empty()) {
            append_attribute(out, {}, attribute.name, attribute.value);
        }
    }
}

/// How an element's name is written, and the default namespace of its children.
struct Naming {
    std::string_view prefix;
    std::string_view declared_prefix; ///< prefix that has to be declared for `ns`
    bool declares_default = false;
    std::string_view inner;
};

Naming naming_of(const Element& element, std::string_view outer)
{
    const std::string_view own = element.ns().text();
    Naming naming;
    naming.inner = outer;
    if (element.ns() == ns::streams) {
        // RFC 6120 §4.8.5: some peers know this namespace only by the prefix `stream`. Declared each
        // time, because on a WebSocket no stream header has declared it (RFC 7395 §3.3.3).
        naming.prefix = "stream:";
        naming.declared_prefix = "xmlns:stream";
    } else if (element.ns() == ns::xml) {
        naming.prefix = "xml:"; // may not become a default namespace
    } else {
        naming.declares_default = own != outer;
        naming.inner = own;
    }
    return naming;
}

template <class Out> void append_start(Out& out, const Element& element, const Naming& naming)
{
    out += '<';
    out += naming.prefix;
    out += element.name();
}

template <class Out> void append_declarations(Out& out, const Element& element, const Naming& naming)
{
    if (naming.declares_default) {
        append_attribute(out, {}, "xmlns", element.ns().text());
    }
    if (!naming.declared_prefix.empty()) {
        append_attribute(out, {}, naming.declared_prefix, element.ns().text());
    }
}

template <class Out> void append_element(Out& out, const Element& element, std::string_view outer);

template <class Out> void append_content_and_end(Out& out, const Element& element, const Naming& naming)
{
    if (element.nodes().empty()) {
        out += "/>";
        return;
    }
    out += '>';
    for (const Element::Node& node : element.nodes()) {
        if (const auto* child = std::get_if<Element>(&node)) {
            append_element(out, *child, naming.inner);
        } else if (const auto* text = std::get_if<std::string>(&node)) {
            append_escaped_text(out, *text);
        } else {
            out += *std::get<SerialisedElement>(node).xml;
        }
    }
    out += "</";
    out += naming.prefix;
    out += element.name();
    out += '>';
}

template <class Out> void append_element(Out& out, const Element& element, std::string_view outer)
{
    const Naming naming = naming_of(element, outer);
    append_start(out, element, naming);
    append_declarations(out, element, naming);
    append_attributes(out, element, {});
    append_content_and_end(out, element, naming);
}

} // namespace

void append_xml(std::string& out, const Element& element, std::string_view outer)
{
    append_element(out, element, outer);
}

std::string to_xml(const Element& element, std::string_view outer)
{
    std::string out;
    out.reserve(256);
    append_xml(out, element, outer);
    return out;
}

std::size_t xml_length(const Element& element, std::string_view outer)
{
    Length length;
    append_element(length, element, outer);
    return length.bytes();
}

void append_attribute_escaped(std::string& out, std::string_view text)
{
    append_escaped_attribute(out, text);
}

void append_text_escaped(std::string& out, std::string_view text)
{
    append_escaped_text(out, text);
}

WireForm::WireForm(const Element& stanza, std::string_view outer)
{
    const Naming naming = naming_of(stanza, outer);
    append_start(head_, stanza, naming);
    rest_.reserve(256);
    append_declarations(rest_, stanza, naming);
    append_attributes(rest_, stanza, "to");
    append_content_and_end(rest_, stanza, naming);
}

WireForm WireForm::with_last_child(const Element& child, std::string_view outer) const
{
    WireForm longer = *this;
    std::string end = "</";
    end.append(head_, 1).push_back('>');
    assert(longer.rest_.ends_with(end));
    longer.rest_.resize(longer.rest_.size() - end.size());
    append_xml(longer.rest_, child, outer);
    longer.rest_ += end;
    return longer;
}

void WireForm::append_to(std::string& out, std::string_view to) const
{
    out += head_;
    if (!to.empty()) {
        append_attribute(out, {}, "to", to);
    }
    out += rest_;
}

} // namespace stonechat
