// SPDX-License-Identifier: Apache-2.0
#include "xmpp/element.hpp"

#include "xmpp/ns.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {
namespace {

/// Iterates over nodes as they look on the wire: neighbouring text runs joined, empty ones left out.
class JoinedNodes {
public:
    explicit JoinedNodes(const std::vector<Element::Node>& nodes) : at_(nodes.begin()), end_(nodes.end()) {}

    bool done()
    {
        while (at_ != end_ && is_empty_text(*at_)) {
            ++at_;
        }
        return at_ == end_;
    }
    const Element::Node& node() const { return *at_; }
    bool is_text() const { return std::holds_alternative<std::string>(*at_); }
    void skip() { ++at_; }
    std::string take_text()
    {
        std::string text;
        while (at_ != end_ && std::holds_alternative<std::string>(*at_)) {
            text += std::get<std::string>(*at_++);
        }
        return text;
    }

private:
    static bool is_empty_text(const Element::Node& node)
    {
        const auto* text = std::get_if<std::string>(&node);
        return text != nullptr && text->empty();
    }

    std::vector<Element::Node>::const_iterator at_;
    std::vector<Element::Node>::const_iterator end_;
};

bool same_nodes(const std::vector<Element::Node>& left, const std::vector<Element::Node>& right)
{
    JoinedNodes a(left);
    JoinedNodes b(right);
    while (!a.done() && !b.done()) {
        if (a.is_text() || b.is_text()) {
            if (a.take_text() != b.take_text()) {
                return false;
            }
            continue;
        }
        if (!(a.node() == b.node())) {
            return false;
        }
        a.skip();
        b.skip();
    }
    return a.done() && b.done();
}

/// Compares attributes in any order, because their order has no meaning (XML 1.0 §3.1).
bool same_attributes(const std::vector<Attribute>& a, const std::vector<Attribute>& b)
{
    if (a.size() != b.size()) {
        return false;
    }
    return std::equal(a.begin(), a.end(), b.begin()) || std::is_permutation(a.begin(), a.end(), b.begin());
}

} // namespace

Element::Element(const Element&) = default;
Element::Element(Element&&) noexcept = default;
Element& Element::operator=(Element&&) noexcept = default;
Element::~Element() = default;

Element& Element::operator=(const Element& other)
{
    // Assigned through a copy, because `other` may be a child of this element.
    Element copy(other);
    *this = std::move(copy);
    return *this;
}

std::optional<std::string_view> Element::attribute(std::string_view name, std::string_view ns) const
{
    for (const Attribute& attribute : attributes_) {
        if (attribute.name == name && attribute.ns == ns) {
            return attribute.value;
        }
    }
    return std::nullopt;
}

std::string_view Element::attribute_or(std::string_view name, std::string_view fallback) const
{
    return attribute(name).value_or(fallback);
}

Element& Element::set_attribute(std::string_view name, std::string_view value, Namespace ns)
{
    for (Attribute& attribute : attributes_) {
        if (attribute.name == name && attribute.ns == ns) {
            attribute.value = value;
            return *this;
        }
    }
    attributes_.push_back(Attribute { std::string(name), std::string(value), std::move(ns) });
    return *this;
}

void Element::remove_attribute(std::string_view name, std::string_view ns)
{
    std::erase_if(attributes_,
        [name, ns](const Attribute& attribute) { return attribute.name == name && attribute.ns == ns; });
}

void Element::append_attribute(Attribute attribute)
{
    attributes_.push_back(std::move(attribute));
}

std::string_view Element::lang() const
{
    return attribute("lang", ns::xml).value_or(std::string_view());
}

void Element::set_lang(std::string_view lang)
{
    set_attribute("lang", lang, ns::xml);
}

const Element* Element::child(std::string_view name, std::string_view ns) const
{
    for (const Node& node : nodes_) {
        const auto* element = std::get_if<Element>(&node);
        if (element != nullptr && element->is(name, ns)) {
            return element;
        }
    }
    return nullptr;
}

Element* Element::child(std::string_view name, std::string_view ns)
{
    return const_cast<Element*>(std::as_const(*this).child(name, ns));
}

const Element* Element::first_child() const
{
    for (const Node& node : nodes_) {
        if (const auto* element = std::get_if<Element>(&node)) {
            return element;
        }
    }
    return nullptr;
}

Element* Element::first_child()
{
    return const_cast<Element*>(std::as_const(*this).first_child());
}

std::size_t Element::child_count() const
{
    return static_cast<std::size_t>(std::count_if(nodes_.begin(), nodes_.end(),
        [](const Node& node) { return std::holds_alternative<Element>(node); }));
}

std::vector<const Element*> Element::children() const
{
    std::vector<const Element*> found;
    for (const Node& node : nodes_) {
        if (const auto* element = std::get_if<Element>(&node)) {
            found.push_back(element);
        }
    }
    return found;
}

std::vector<const Element*> Element::children(std::string_view name, std::string_view ns) const
{
    std::vector<const Element*> found;
    for (const Node& node : nodes_) {
        const auto* element = std::get_if<Element>(&node);
        if (element != nullptr && element->is(name, ns)) {
            found.push_back(element);
        }
    }
    return found;
}

std::string Element::text() const
{
    std::string joined;
    for (const Node& node : nodes_) {
        if (const auto* text = std::get_if<std::string>(&node)) {
            joined += *text;
        }
    }
    return joined;
}

std::string Element::child_text(std::string_view name) const
{
    const Element* found = child(name);
    return found != nullptr ? found->text() : std::string();
}

Element& Element::add(Element child)
{
    return std::get<Element>(nodes_.emplace_back(std::move(child)));
}

Element& Element::add(std::string_view name, Namespace ns)
{
    Node& node = nodes_.emplace_back(std::in_place_type<Element>, name, std::move(ns));
    return std::get<Element>(node);
}

Element& Element::add(std::string_view name)
{
    return add(name, ns_);
}

void Element::add_serialised(std::shared_ptr<const std::string> xml)
{
    nodes_.emplace_back(SerialisedElement { std::move(xml) });
}

Element& Element::add_text_child(std::string_view name, std::string_view text)
{
    return add(name).add_text(text);
}

Element& Element::add_text(std::string_view text)
{
    if (text.empty()) {
        return *this;
    }
    if (!nodes_.empty()) {
        if (auto* last = std::get_if<std::string>(&nodes_.back())) {
            last->append(text);
            return *this;
        }
    }
    nodes_.emplace_back(std::in_place_type<std::string>, text);
    return *this;
}

Element& Element::with(Element child) &
{
    nodes_.emplace_back(std::move(child));
    return *this;
}

Element&& Element::with(Element child) &&
{
    nodes_.emplace_back(std::move(child));
    return std::move(*this);
}

Element&& Element::with_attribute(std::string_view name, std::string_view value) &&
{
    set_attribute(name, value);
    return std::move(*this);
}

Element&& Element::with_text(std::string_view text) &&
{
    add_text(text);
    return std::move(*this);
}

std::size_t Element::remove_children(std::string_view name, std::string_view ns)
{
    return remove_children_if([name, ns](const Element& child) { return child.is(name, ns); });
}

bool operator==(const Element& a, const Element& b)
{
    return a.name_ == b.name_ && a.ns_ == b.ns_ && same_attributes(a.attributes_, b.attributes_)
        && same_nodes(a.nodes_, b.nodes_);
}

} // namespace stonechat
