// SPDX-License-Identifier: Apache-2.0
#include "xmpp/stanza.hpp"

#include "base/index_of.hpp"
#include "xmpp/ns.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace stonechat {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 5> message_types { "normal", "chat", "groupchat", "headline",
    "error" };
constexpr std::array<std::string_view, 8> presence_types {
    "",
    "unavailable",
    "subscribe",
    "subscribed",
    "unsubscribe",
    "unsubscribed",
    "probe",
    "error",
};
constexpr std::array<std::string_view, 4> iq_types { "get", "set", "result", "error" };

std::optional<StanzaKind> kind_of(const Element& element)
{
    if (!(element.ns() == ns::client) && !(element.ns() == ns::server)) {
        return std::nullopt;
    }
    if (element.name() == "message") {
        return StanzaKind::message;
    }
    if (element.name() == "presence") {
        return StanzaKind::presence;
    }
    if (element.name() == "iq") {
        return StanzaKind::iq;
    }
    return std::nullopt;
}

/// Returns the type as an enumerator of its kind; nothing if the kind has no such type.
std::optional<std::size_t> read_type(const Element& element, StanzaKind kind)
{
    const auto type = element.attribute("type");
    switch (kind) {
    case StanzaKind::message:
        // RFC 6121 §5.2.2: an unknown type is to be taken for `normal`.
        return index_of(message_types, type.value_or("normal")).value_or(0);
    case StanzaKind::presence:
        // `type=''` is not the same as no type.
        return type ? (type->empty() ? std::nullopt : index_of(presence_types, *type)) : 0;
    case StanzaKind::iq: return index_of(iq_types, type.value_or(std::string_view()));
    }
    return std::nullopt;
}

/// RFC 6120 §8.2.3: returns why `iq` is not a valid iq, or nothing.
std::optional<StanzaError> examine_iq(const Element& iq, IqType type)
{
    if (iq.attribute_or("id").empty()) {
        return StanzaError(StanzaError::bad_request, "An iq needs an id.");
    }
    const std::size_t children = iq.child_count();
    switch (type) {
    case IqType::get:
    case IqType::set:
        if (children != 1) {
            return StanzaError(StanzaError::bad_request, "An iq of type get or set has exactly one child.");
        }
        return std::nullopt;
    case IqType::result:
        if (children > 1) {
            return StanzaError(StanzaError::bad_request, "An iq of type result has at most one child.");
        }
        return std::nullopt;
    case IqType::error:
        if (iq.child("error") == nullptr) {
            return StanzaError(StanzaError::bad_request, "An iq of type error has an error inside.");
        }
        return std::nullopt;
    }
    return std::nullopt;
}

/// Returns the address in an attribute: the empty Jid if the attribute is absent, nothing if it is not an
/// address.
std::optional<Jid> read_address(const Element& element, std::string_view name)
{
    const auto text = element.attribute(name);
    return text ? Jid::parse(*text) : std::optional<Jid>(Jid());
}

void write_address(Element& element, std::string_view name, const Jid& address)
{
    if (address.empty()) {
        element.remove_attribute(name);
    } else {
        element.set_attribute(name, address.text());
    }
}

Element new_element(std::string_view name, const Jid& from, const Jid& to)
{
    Element element(name, ns::client);
    write_address(element, "from", from);
    write_address(element, "to", to);
    return element;
}

void set_type(Element& element, std::string_view type)
{
    if (!type.empty()) {
        element.set_attribute("type", type);
    }
}

} // namespace

Stanza::Stanza(Element&& element, StanzaKind kind, int type, Jid from, Jid to)
    : element_(std::move(element)), from_(std::move(from)), to_(std::move(to)), kind_(kind), type_(type)
{}

Result<Stanza, StanzaError> Stanza::from_element(Element&& element)
{
    const auto kind = kind_of(element);
    if (!kind) {
        return StanzaError(StanzaError::bad_request, "This is not a stanza.");
    }
    return checked(element, *kind);
}

Result<Stanza, StanzaError> Stanza::checked(Element& element, StanzaKind kind)
{
    const auto type = read_type(element, kind);
    if (!type) {
        return StanzaError(StanzaError::bad_request, "This type of stanza does not exist.");
    }
    if (kind == StanzaKind::iq) {
        if (auto error = examine_iq(element, static_cast<IqType>(*type))) {
            return std::move(*error);
        }
    }
    auto from = read_address(element, "from");
    auto to = read_address(element, "to");
    if (!from || !to) {
        return StanzaError(StanzaError::jid_malformed);
    }
    replace_content_ns(element, ns::server, ns::client);
    return Stanza(std::move(element), kind, *type, std::move(*from), std::move(*to));
}

Stanza Stanza::message(const Jid& from, const Jid& to, MessageType type)
{
    Element element = new_element("message", from, to);
    if (type != MessageType::normal) {
        set_type(element, to_text(type));
    }
    return Stanza(std::move(element), StanzaKind::message, static_cast<int>(type), from, to);
}

Stanza Stanza::presence(const Jid& from, const Jid& to, PresenceType type)
{
    Element element = new_element("presence", from, to);
    set_type(element, to_text(type));
    return Stanza(std::move(element), StanzaKind::presence, static_cast<int>(type), from, to);
}

Stanza Stanza::iq(const Jid& from, const Jid& to, IqType type, std::string_view id)
{
    Element element = new_element("iq", from, to);
    set_type(element, to_text(type));
    element.set_attribute("id", id);
    return Stanza(std::move(element), StanzaKind::iq, static_cast<int>(type), from, to);
}

bool Stanza::is_error() const
{
    switch (kind_) {
    case StanzaKind::message: return message_type() == MessageType::error;
    case StanzaKind::presence: return presence_type() == PresenceType::error;
    case StanzaKind::iq: return iq_type() == IqType::error;
    }
    return false;
}

bool Stanza::is_request() const
{
    return kind_ == StanzaKind::iq && (iq_type() == IqType::get || iq_type() == IqType::set);
}

void Stanza::set_from(const Jid& from)
{
    write_address(element_, "from", from);
    from_ = from;
    wire_.reset();
    seal_ = unsealed;
}

void Stanza::set_to(const Jid& to)
{
    write_address(element_, "to", to);
    to_ = to;
    seal_ = unsealed;
}

void Stanza::serialize_for_many()
{
    wire_ = std::make_shared<const WireForm>(element_, ns::client);
}

Stanza Stanza::error_reply(const StanzaError& error) const
{
    int type = static_cast<int>(IqType::error);
    switch (kind_) {
    case StanzaKind::message: type = static_cast<int>(MessageType::error); break;
    case StanzaKind::presence: type = static_cast<int>(PresenceType::error); break;
    case StanzaKind::iq: break;
    }
    return Stanza(error_reply_to(element_, error), kind_, type, to_, from_);
}

Stanza Stanza::result(std::optional<Element> payload) const
{
    Stanza answer = iq(to_, from_, IqType::result, id());
    if (payload) {
        answer.element_.add(std::move(*payload));
    }
    return answer;
}

int Presence::priority() const
{
    const std::string text = element().child_text("priority");
    int priority = 0;
    const char* end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, priority);
    const bool fits = failure == std::errc() && stop == end && priority >= -128 && priority <= 127;
    return fits ? priority : 0;
}

void replace_content_ns(Element& stanza, std::string_view from, std::string_view to)
{
    if (!(stanza.ns() == from)) {
        return;
    }
    stanza.set_ns(to);
    for (Element::Node& node : stanza.nodes()) {
        if (auto* child = std::get_if<Element>(&node)) {
            replace_content_ns(*child, from, to);
        }
    }
}

Element error_reply_to(const Element& refused, const StanzaError& error)
{
    Element reply(refused.name(), refused.ns());
    const auto copy = [&refused, &reply](std::string_view from_name, std::string_view to_name) {
        if (const auto value = refused.attribute(from_name)) {
            reply.set_attribute(to_name, *value);
        }
    };
    copy("to", "from");
    copy("from", "to");
    reply.set_attribute("type", "error");
    copy("id", "id");
    if (!refused.lang().empty()) {
        reply.set_lang(refused.lang());
    }
    if (error.payload()) {
        reply.add(*error.payload());
    }
    reply.add(error.to_element(refused.ns().text()));
    return reply;
}

std::string_view to_text(MessageType type)
{
    return message_types[static_cast<std::size_t>(type)];
}

std::string_view to_text(PresenceType type)
{
    return presence_types[static_cast<std::size_t>(type)];
}

std::string_view to_text(IqType type)
{
    return iq_types[static_cast<std::size_t>(type)];
}

} // namespace stonechat
