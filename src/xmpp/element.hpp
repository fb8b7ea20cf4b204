// SPDX-License-Identifier: Apache-2.0
// Element: an XML element as XMPP uses it: a name in a namespace, attributes, children and text. A value:
// copied, moved, compared. It has no comments, processing instructions or prefixes; the name is always
// expanded. Parsed trees are never deeper than ParserLimits::depth, so code that walks, copies or frees them
// may recurse. Pure, any thread.
#pragma once

#include "xmpp/namespace.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stonechat {

/// An attribute. One without a namespace has `ns` empty; `xml:lang` has name `lang` and ns::xml.
struct Attribute {
    std::string name;
    std::string value;
    Namespace ns;

    friend bool operator==(const Attribute&, const Attribute&) = default;
};

/// A child that is not a tree but text, as it is on the wire: one element, which declares its namespaces
/// itself.
struct SerialisedElement {
    std::shared_ptr<const std::string> xml;

    friend bool operator==(const SerialisedElement& a, const SerialisedElement& b)
    {
        return *a.xml == *b.xml;
    }
};

class Element {
public:
    /// A child: an element or a run of text. What looks for children does not see a serialised one.
    using Node = std::variant<Element, std::string, SerialisedElement>;

    Element() = default;
    Element(std::string_view name, Namespace ns) : name_(name), ns_(std::move(ns)) {}
    Element(const Element&);
    Element(Element&&) noexcept;
    Element& operator=(const Element&);
    Element& operator=(Element&&) noexcept;
    ~Element();

    const std::string& name() const { return name_; }
    const Namespace& ns() const { return ns_; }
    bool is(std::string_view name, std::string_view ns) const { return name_ == name && ns_ == ns; }
    void rename(std::string_view name) { name_ = name; }
    void set_ns(Namespace ns) { ns_ = std::move(ns); }

    // Attributes. Names have no namespace unless stated.
    /// Returns the value, or nothing if the attribute is absent. Valid until the element changes.
    std::optional<std::string_view> attribute(std::string_view name, std::string_view ns = {}) const;
    /// Returns the value, or `fallback` (which must outlive the result).
    std::string_view attribute_or(std::string_view name, std::string_view fallback = {}) const;
    bool has_attribute(std::string_view name) const { return attribute(name).has_value(); }
    Element& set_attribute(std::string_view name, std::string_view value, Namespace ns = {});
    void remove_attribute(std::string_view name, std::string_view ns = {});
    /// Adds an attribute without a search for an existing one. The caller (the parser) knows that there is
    /// none.
    void append_attribute(Attribute attribute);
    void reserve_attributes(std::size_t count) { attributes_.reserve(count); }
    const std::vector<Attribute>& attributes() const { return attributes_; }
    std::string_view lang() const; ///< xml:lang, or empty
    void set_lang(std::string_view lang);

    // Children.
    const std::vector<Node>& nodes() const { return nodes_; }
    std::vector<Node>& nodes() { return nodes_; }
    /// Returns the first child element of that name and namespace, or null. Valid until the children change.
    const Element* child(std::string_view name, std::string_view ns) const;
    Element* child(std::string_view name, std::string_view ns);
    /// Returns the first child element of that name in this element's namespace.
    const Element* child(std::string_view name) const { return child(name, ns_.text()); }
    Element* child(std::string_view name) { return child(name, ns_.text()); }
    /// Returns the first child element, or null.
    const Element* first_child() const;
    Element* first_child();
    std::size_t child_count() const; ///< elements only
    /// Returns all child elements, in order. The pointers are valid until the children change.
    std::vector<const Element*> children() const;
    std::vector<const Element*> children(std::string_view name, std::string_view ns) const;

    /// Returns the text directly inside this element, all runs joined.
    std::string text() const;
    /// Returns the text of the first child of that name in this element's namespace; empty if there is none.
    std::string child_text(std::string_view name) const;

    /// Appends a child and returns it. The reference is valid until the next change.
    Element& add(Element child);
    Element& add(std::string_view name, Namespace ns);
    /// Appends a child in this element's namespace.
    Element& add(std::string_view name);
    /// Appends a child in this element's namespace, with text in it.
    Element& add_text_child(std::string_view name, std::string_view text);
    /// Appends an element that only has to be sent, so that it need not be parsed.
    void add_serialised(std::shared_ptr<const std::string> xml);
    /// Appends text to the last run, or begins one. Returns *this.
    Element& add_text(std::string_view text);

    /// Builder form: returns *this so that a tree can be written in one expression.
    Element& with(Element child) &;
    Element&& with(Element child) &&;
    Element&& with_attribute(std::string_view name, std::string_view value) &&;
    Element&& with_text(std::string_view text) &&;

    /// Removes every child element for which `unwanted` is true. Returns how many were removed.
    template <class Predicate> std::size_t remove_children_if(Predicate unwanted)
    {
        return std::erase_if(nodes_, [&unwanted](const Node& node) {
            const auto* element = std::get_if<Element>(&node);
            return element != nullptr && unwanted(*element);
        });
    }
    std::size_t remove_children(std::string_view name, std::string_view ns);
    void clear_children() { nodes_.clear(); }

    friend bool operator==(const Element& a, const Element& b);

private:
    std::string name_;
    Namespace ns_;
    std::vector<Attribute> attributes_;
    std::vector<Node> nodes_;
};

} // namespace stonechat
