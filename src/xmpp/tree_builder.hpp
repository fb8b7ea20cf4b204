// SPDX-License-Identifier: Apache-2.0
// TreeBuilder: one expat parser and the Element that it builds. Between two first-level elements it can
// continue with another stream that has the same root (ParserPool), or be destroyed and created again,
// because expat's heap only grows. Part of StreamParser; the only file that uses expat.
#pragma once

#include "xmpp/element.hpp"
#include "xmpp/stream_error.hpp"
#include "xmpp/stream_parser.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct XML_ParserStruct;

namespace stonechat {

class TreeBuilder {
public:
    /// `limits` must outlive the builder, or its use with these limits.
    explicit TreeBuilder(const ParserLimits& limits);
    ~TreeBuilder();
    TreeBuilder(const TreeBuilder&) = delete;
    TreeBuilder& operator=(const TreeBuilder&) = delete;

    /// Continues with other limits. Call between two elements.
    void set_limits(const ParserLimits& limits) { limits_ = &limits; }
    /// Returns whether the parser is inside the root and outside of any element, so that another stream can
    /// use it.
    bool is_between_elements() const { return root_open_ && open_.empty() && !element_complete_ && !error_; }

    /// Parses whole tags and any part of a text. After an error the builder must not be used any more.
    std::optional<StreamError> parse(std::string_view piece);
    /// Parses the start tag of a root that was already reported.
    std::optional<StreamError> replay_root(std::string_view tag);

    /// Returns the root, once, after its start tag; nothing if there was none.
    std::optional<StreamParser::Opened> take_opened();
    /// Returns, once, a start tag with the root's namespace declarations and without its attributes.
    std::string take_root_tag() { return std::move(root_tag_); }
    /// Returns the first-level element, once it is complete.
    std::optional<Element> take_element();

    /// Return the bytes that expat holds, and those that the unfinished element holds.
    std::size_t expat_bytes() const { return heap_.used; }
    std::size_t tree_bytes() const { return tree_bytes_; }

    /// The memory that one expat parser has allocated.
    struct Heap {
        std::size_t used = 0;
        std::size_t limit = 0;
        std::size_t rooted = 0; ///< of these, allocated up to the root's start tag
        std::size_t left = 0;   ///< what elements that are over have left behind, beyond that
    };

private:
    struct Callbacks;
    struct Declaration {
        std::string prefix;
        std::string name;
    };

    void start_element(const char* name, const char** attributes);
    void end_element();
    void text(std::string_view piece);
    void declare_namespace(const char* prefix, const char* name);
    void xml_declaration(const char* encoding);
    void fail(StreamError error);

    void open_root(const char* name, const char** attributes, std::size_t count);
    Element& open_element(const char* name);
    void add_attributes(Element& element, const char** attributes, std::size_t count);
    Namespace namespace_called(std::string_view name);
    void charge(std::size_t bytes);
    StreamError error_of(int code) const;

    const ParserLimits* limits_;
    Heap heap_;
    XML_ParserStruct* expat_ = nullptr;
    std::optional<StreamError> error_;

    bool root_seen_ = false;
    bool root_open_ = false;
    bool element_complete_ = false;
    std::vector<Declaration> declarations_; ///< of the root
    std::string root_tag_;
    std::optional<StreamParser::Opened> opened_;

    Element element_;            ///< the first-level one
    std::vector<Element*> open_; ///< from element_ down to the innermost open one
    Namespace last_namespace_;   ///< most names are in the same namespace as the name before
    std::size_t namespaces_ = 0; ///< declared on the current tag
    std::size_t elements_ = 0;   ///< in the first-level element
    std::size_t tree_bytes_ = 0;
};

} // namespace stonechat
