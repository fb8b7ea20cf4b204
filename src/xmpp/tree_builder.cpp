// SPDX-License-Identifier: Apache-2.0
#include "xmpp/tree_builder.hpp"

#include "base/ascii.hpp"
#include "xmpp/markup_scanner.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <expat.h>
#include <malloc.h>
#include <new>
#include <utility>

namespace stonechat {
namespace {

// No XML document can contain this character, not even as a reference: so no namespace name can
// imitate the separator.
constexpr char separator = '\1';

constexpr std::size_t long_text = 16 * 1024;

/// expat's allocator has no argument for the owner of the memory, so this variable names it during one call
/// into expat. Per thread, like the call.
thread_local TreeBuilder::Heap* charged = nullptr;

class ChargeTo {
public:
    explicit ChargeTo(TreeBuilder::Heap& heap) : before_(std::exchange(charged, &heap)) {}
    ~ChargeTo() { charged = before_; }
    ChargeTo(const ChargeTo&) = delete;
    ChargeTo& operator=(const ChargeTo&) = delete;

private:
    TreeBuilder::Heap* before_;
};

void* counted_realloc(void* old, std::size_t size)
{
    const std::size_t released = malloc_usable_size(old);
    if (charged->used - released + size > charged->limit) {
        return nullptr;
    }
    void* block = std::realloc(old, size);
    if (block != nullptr) {
        charged->used += malloc_usable_size(block) - released;
    }
    return block;
}

void* counted_malloc(std::size_t size)
{
    return counted_realloc(nullptr, size);
}

void counted_free(void* block)
{
    charged->used -= malloc_usable_size(block);
    std::free(block);
}

/// We never pass an unfinished tag, so expat need not defer anything, and an element must be reported with
/// its last byte. Absent from headers before the security update of expat 2.5.
template <class Parser> void disable_reparse_deferral(Parser parser)
{
    if constexpr (requires { XML_SetReparseDeferralEnabled(parser, XML_FALSE); }) {
        XML_SetReparseDeferralEnabled(parser, XML_FALSE);
    }
}

/// expat's `namespace SEP name SEP prefix`, or `name`.
struct SplitName {
    std::string_view ns;
    std::string_view local;
    std::string_view prefix;
};

SplitName split(std::string_view text)
{
    const std::size_t first = text.find(separator);
    if (first == std::string_view::npos) {
        return { {}, text, {} };
    }
    const std::string_view rest = text.substr(first + 1);
    const std::size_t second = rest.find(separator);
    if (second == std::string_view::npos) {
        return { text.substr(0, first), rest, {} };
    }
    return { text.substr(0, first), rest.substr(0, second), rest.substr(second + 1) };
}

bool is_utf8_name(std::string_view encoding)
{
    constexpr std::string_view name = "utf-8";
    return std::equal(encoding.begin(), encoding.end(), name.begin(), name.end(),
        [](char a, char b) { return ascii_lower(a) == b; });
}

} // namespace

struct TreeBuilder::Callbacks {
    static TreeBuilder& of(void* user) { return *static_cast<TreeBuilder*>(user); }

    static void start(void* user, const char* name, const char** attributes)
    {
        of(user).start_element(name, attributes);
    }
    static void end(void* user, const char*) { of(user).end_element(); }
    static void text(void* user, const char* from, int length)
    {
        of(user).text(std::string_view(from, static_cast<std::size_t>(length)));
    }
    static void declare(void* user, const char* prefix, const char* name)
    {
        of(user).declare_namespace(prefix, name);
    }
    static void xml_declaration(void* user, const char*, const char* encoding, int)
    {
        of(user).xml_declaration(encoding);
    }
    // The scanner stops before any of these; this is a second check.
    static void comment(void* user, const char*) { of(user).fail(StreamError::restricted_xml); }
    static void instruction(void* user, const char*, const char*)
    {
        of(user).fail(StreamError::restricted_xml);
    }
    static void doctype(void* user, const char*, const char*, const char*, int)
    {
        of(user).fail(StreamError::restricted_xml);
    }
};

TreeBuilder::TreeBuilder(const ParserLimits& limits) : limits_(&limits)
{
    heap_.limit = limits.heap_bytes;
    const ChargeTo charge(heap_);
    const XML_Memory_Handling_Suite memory { counted_malloc, counted_realloc, counted_free };
    const char separators[] = { separator, '\0' };
    expat_ = XML_ParserCreate_MM("UTF-8", &memory, separators);
    if (expat_ == nullptr) {
        throw std::bad_alloc();
    }
    disable_reparse_deferral(expat_);
    XML_SetReturnNSTriplet(expat_, 1);
    XML_SetUserData(expat_, this);
    XML_SetElementHandler(expat_, Callbacks::start, Callbacks::end);
    XML_SetCharacterDataHandler(expat_, Callbacks::text);
    XML_SetStartNamespaceDeclHandler(expat_, Callbacks::declare);
    XML_SetXmlDeclHandler(expat_, Callbacks::xml_declaration);
    XML_SetCommentHandler(expat_, Callbacks::comment);
    XML_SetProcessingInstructionHandler(expat_, Callbacks::instruction);
    XML_SetStartDoctypeDeclHandler(expat_, Callbacks::doctype);
}

TreeBuilder::~TreeBuilder()
{
    const ChargeTo charge(heap_);
    XML_ParserFree(expat_);
}

std::optional<StreamError> TreeBuilder::parse(std::string_view piece)
{
    const ChargeTo charge(heap_);
    // An element is charged only for its own memory, not for what earlier elements of this or another stream
    // left.
    heap_.limit = limits_->heap_bytes + heap_.left;
    if (XML_Parse(expat_, piece.data(), static_cast<int>(piece.size()), 0) == XML_STATUS_OK && !error_) {
        return std::nullopt;
    }
    return error_ ? std::move(error_) : error_of(XML_GetErrorCode(expat_));
}

std::optional<StreamError> TreeBuilder::replay_root(std::string_view tag)
{
    auto error = parse(tag);
    opened_.reset();
    root_tag_ = std::string();
    return error;
}

std::optional<StreamParser::Opened> TreeBuilder::take_opened()
{
    return std::exchange(opened_, std::nullopt);
}

std::optional<Element> TreeBuilder::take_element()
{
    if (!element_complete_) {
        return std::nullopt;
    }
    element_complete_ = false;
    elements_ = 0;
    tree_bytes_ = 0;
    heap_.left = heap_.used - std::min(heap_.used, heap_.rooted);
    return std::exchange(element_, Element());
}

StreamError TreeBuilder::error_of(int code) const
{
    const char* words = XML_ErrorString(static_cast<XML_Error>(code));
    const std::string_view text = words != nullptr ? words : "";
    switch (code) {
    case XML_ERROR_NO_MEMORY:
        return StreamError(StreamError::policy_violation, "The stream needs too much memory.");
    case XML_ERROR_UNBOUND_PREFIX: return StreamError(StreamError::bad_namespace_prefix, text);
    case XML_ERROR_UNKNOWN_ENCODING:
    case XML_ERROR_INCORRECT_ENCODING: return StreamError(StreamError::unsupported_encoding, text);
    case XML_ERROR_UNDEFINED_ENTITY:
    case XML_ERROR_RECURSIVE_ENTITY_REF:
    case XML_ERROR_BINARY_ENTITY_REF:
    case XML_ERROR_ATTRIBUTE_EXTERNAL_ENTITY_REF:
    case XML_ERROR_EXTERNAL_ENTITY_HANDLING:
    case XML_ERROR_MISPLACED_XML_PI: return StreamError(StreamError::restricted_xml, text);
    }
    return StreamError(StreamError::not_well_formed, text);
}

void TreeBuilder::fail(StreamError error)
{
    if (!error_) {
        error_ = std::move(error);
        XML_StopParser(expat_, XML_FALSE);
    }
}

void TreeBuilder::charge(std::size_t bytes)
{
    tree_bytes_ += bytes;
    if (tree_bytes_ > limits_->heap_bytes) {
        fail(StreamError(StreamError::policy_violation, "The element needs too much memory."));
    }
}

Namespace TreeBuilder::namespace_called(std::string_view name)
{
    if (!(last_namespace_ == name)) {
        last_namespace_ = Namespace(name);
    }
    return last_namespace_;
}

void TreeBuilder::start_element(const char* name, const char** attributes)
{
    if (error_) {
        return;
    }
    const auto count = static_cast<std::size_t>(XML_GetSpecifiedAttributeCount(expat_)) / 2;
    if (count > limits_->attributes) {
        fail(StreamError(StreamError::policy_violation, "An element has too many attributes."));
        return;
    }
    namespaces_ = 0;
    if (!root_seen_) {
        open_root(name, attributes, count);
        return;
    }
    if (open_.empty() && split(name).local == "stream" && split(name).ns == ns::streams) {
        // Its end may never arrive, so it is refused at its start.
        fail(StreamError(StreamError::policy_violation, "The stream is open already."));
        return;
    }
    if (open_.size() >= limits_->depth) {
        fail(StreamError(StreamError::policy_violation, "Elements are nested too deeply."));
        return;
    }
    if (++elements_ > limits_->elements) {
        fail(StreamError(StreamError::policy_violation, "There are too many elements inside one."));
        return;
    }
    add_attributes(open_element(name), attributes, count);
}

void TreeBuilder::open_root(const char* name, const char** attributes, std::size_t count)
{
    root_seen_ = true;
    const SplitName parts = split(name);
    opened_.emplace();
    opened_->header = Element(parts.local, namespace_called(parts.ns));
    add_attributes(opened_->header, attributes, count);
    root_tag_ = '<';
    if (!parts.prefix.empty()) {
        root_tag_.append(parts.prefix).append(":");
    }
    root_tag_ += parts.local;
    // Sorted, so that the usual headers become the same tag; the default namespace (no prefix) comes first.
    std::sort(declarations_.begin(), declarations_.end(),
        [](const Declaration& a, const Declaration& b) { return a.prefix < b.prefix; });
    for (const Declaration& declaration : declarations_) {
        root_tag_ += declaration.prefix.empty() ? " xmlns" : " xmlns:";
        root_tag_.append(declaration.prefix).append("='");
        append_attribute_escaped(root_tag_, declaration.name);
        root_tag_ += '\'';
        if (declaration.prefix.empty()) {
            opened_->content_ns = declaration.name;
        }
    }
    root_tag_ += '>';
    declarations_ = {};
    root_open_ = true;
    heap_.rooted = heap_.used;
}

Element& TreeBuilder::open_element(const char* name)
{
    const SplitName parts = split(name);
    Namespace ns = namespace_called(parts.ns);
    charge(sizeof(Element::Node) + parts.local.size() + ns.heap_bytes());
    if (open_.empty()) {
        element_ = Element(parts.local, std::move(ns));
        return *open_.emplace_back(&element_);
    }
    // The address is valid until the parent gets its next child; by then this one is closed.
    return *open_.emplace_back(&open_.back()->add(parts.local, std::move(ns)));
}

void TreeBuilder::add_attributes(Element& element, const char** attributes, std::size_t count)
{
    element.reserve_attributes(count);
    for (std::size_t i = 0; i < count; ++i) {
        const SplitName parts = split(attributes[2 * i]);
        Attribute attribute { std::string(parts.local), attributes[2 * i + 1], {} };
        if (!parts.ns.empty()) {
            attribute.ns = Namespace(parts.ns);
        }
        charge(sizeof(Attribute) + attribute.name.size() + attribute.value.size()
            + attribute.ns.heap_bytes());
        element.append_attribute(std::move(attribute));
    }
}

void TreeBuilder::end_element()
{
    if (error_ || open_.empty()) {
        root_open_ = false;
        return;
    }
    std::vector<Element::Node>& nodes = open_.back()->nodes();
    if (auto* text = nodes.empty() ? nullptr : std::get_if<std::string>(&nodes.back())) {
        if (text->capacity() > long_text && text->capacity() / 4 > text->size() / 3) {
            text->shrink_to_fit();
        }
    }
    open_.pop_back();
    element_complete_ = open_.empty();
}

void TreeBuilder::text(std::string_view piece)
{
    if (error_) {
        return;
    }
    if (open_.empty()) {
        if (!is_white(piece)) {
            fail(StreamError(StreamError::bad_format, "There is text between stanzas."));
        }
        return;
    }
    charge(piece.size());
    std::vector<Element::Node>& nodes = open_.back()->nodes();
    auto* run = nodes.empty() ? nullptr : std::get_if<std::string>(&nodes.back());
    if (run == nullptr) {
        open_.back()->add_text(piece);
        return;
    }
    if (run->size() + piece.size() > run->capacity() && run->size() > long_text) {
        // Reserved at once; growth by doubling would hold two copies for a moment.
        run->reserve(std::max(run->size() + piece.size(), std::min(limits_->stanza_bytes, 16 * run->size())));
    }
    run->append(piece);
}

void TreeBuilder::declare_namespace(const char* prefix, const char* name)
{
    if (++namespaces_ > limits_->namespaces) {
        fail(StreamError(StreamError::policy_violation, "An element declares too many namespaces."));
        return;
    }
    if (!root_seen_) {
        declarations_.push_back({ prefix != nullptr ? prefix : "", name != nullptr ? name : "" });
    }
}

void TreeBuilder::xml_declaration(const char* encoding)
{
    if (encoding != nullptr && !is_utf8_name(encoding)) {
        fail(StreamError(StreamError::unsupported_encoding, "Only UTF-8 is spoken here."));
    }
}

} // namespace stonechat
