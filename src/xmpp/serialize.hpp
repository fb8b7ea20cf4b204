// SPDX-License-Identifier: Apache-2.0
// Writes an Element as bytes. Any conforming parser reads the result as the same tree. Characters that
// XML 1.0 cannot carry are never written. Pure, any thread.
#pragma once

#include "xmpp/element.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// Appends `element`, written for a parent whose default namespace is `outer`: namespaces are declared only
/// where they differ. Attributes in a namespace other than xml get a generated prefix.
void append_xml(std::string& out, const Element& element, std::string_view outer = {});

std::string to_xml(const Element& element, std::string_view outer = {});

/// Returns how many bytes `append_xml` would append.
std::size_t xml_length(const Element& element, std::string_view outer = {});

/// Appends `text` with < > & ' " and CR LF TAB escaped for an attribute value.
void append_attribute_escaped(std::string& out, std::string_view text);
void append_text_escaped(std::string& out, std::string_view text);

/// A stanza serialised once for many receivers, without its `to`: `<message` + ` to='…'` + rest. Written for
/// streams whose default namespace is `outer`.
class WireForm {
public:
    WireForm(const Element& stanza, std::string_view outer);

    /// Appends the stanza addressed to `to` (no `to` attribute if it is empty).
    void append_to(std::string& out, std::string_view to) const;
    std::size_t size() const { return head_.size() + rest_.size(); }
    /// Returns the same stanza with `child` added as the last child. The stanza must have other children.
    WireForm with_last_child(const Element& child, std::string_view outer) const;

private:
    std::string head_; ///< `<message`
    std::string rest_; ///< ` from='…' …>…</message>`
};
using WireForms = std::vector<std::shared_ptr<const WireForm>>;

} // namespace stonechat
