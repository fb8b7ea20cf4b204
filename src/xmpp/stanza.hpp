// SPDX-License-Identifier: Apache-2.0
// Stanza: a <message/>, <presence/> or <iq/> whose shape RFC 6120 section 8 allows, with parsed addresses.
// Message, Presence and Iq are typed views of it. A value; pure.
#pragma once

#include "base/result.hpp"
#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stanza_error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace stonechat {

enum class StanzaKind { message, presence, iq };

enum class MessageType { normal, chat, groupchat, headline, error };
enum class PresenceType {
    available,
    unavailable,
    subscribe,
    subscribed,
    unsubscribe,
    unsubscribed,
    probe,
    error,
};
enum class IqType { get, set, result, error };

class Stanza {
public:
    /// Checks shape and addresses: an iq has an id, a known type and the right number of children
    /// (§8.2.3); a presence has a known type; an unknown message type counts as normal
    /// (RFC 6121 §5.2.2). `element` must be message, presence or iq in jabber:client or
    /// jabber:server; it is normalised to jabber:client. On failure, returns the error to answer with and
    /// leaves `element` unchanged, so that `error_reply` can be built from it.
    static Result<Stanza, StanzaError> from_element(Element&& element);

    /// Create stanzas without payload.
    static Stanza message(const Jid& from, const Jid& to, MessageType type = MessageType::normal);
    static Stanza presence(const Jid& from, const Jid& to, PresenceType type = PresenceType::available);
    static Stanza iq(const Jid& from, const Jid& to, IqType type, std::string_view id);

    StanzaKind kind() const { return kind_; }
    MessageType message_type() const { return static_cast<MessageType>(type_); }    ///< only of a message
    PresenceType presence_type() const { return static_cast<PresenceType>(type_); } ///< only of a presence
    IqType iq_type() const { return static_cast<IqType>(type_); }                   ///< only of an iq
    bool is_error() const;
    /// Returns whether this is an iq of type get or set, which must be answered exactly once.
    bool is_request() const;

    const Element& element() const { return element_; }
    /// For changes of the payload. Change addresses with set_from and set_to.
    Element& element()
    {
        wire_.reset();
        seal_ = unsealed;
        return element_;
    }
    const Jid& from() const { return from_; }
    const Jid& to() const { return to_; }
    void set_from(const Jid& from);
    void set_to(const Jid& to);
    std::string_view id() const { return element_.attribute_or("id"); }

    /// Serialises the stanza for client streams. Call before it is copied for many receivers: the copies
    /// share the bytes until one of them changes in more than its `to`.
    void serialize_for_many();
    /// Returns these bytes, or null.
    const WireForm* wire() const { return wire_.get(); }

    /// A number that the stanza and its copies have until they are changed in any way. Code that sealed a
    /// stanza can tell by it, without comparing the content, whether it has the same stanza again.
    using Seal = std::uint64_t;
    static constexpr Seal unsealed = 0;
    void set_seal(Seal seal) { seal_ = seal; }
    Seal seal() const { return seal_; }

    /// Returns a reply of type `error` with the original id, swapped addresses and no payload. Must not be
    /// called for an error or an iq result (§8.3.1).
    Stanza error_reply(const StanzaError& error) const;
    /// Returns the result of this iq, with `payload` if given.
    Stanza result(std::optional<Element> payload = std::nullopt) const;

private:
    static Result<Stanza, StanzaError> checked(Element& element, StanzaKind kind);
    Stanza(Element&& element, StanzaKind kind, int type, Jid from, Jid to);

    Element element_;
    Jid from_;
    Jid to_;
    std::shared_ptr<const WireForm> wire_;
    Seal seal_ = unsealed;
    StanzaKind kind_;
    int type_;
};

/// An `<iq/>` request or answer.
class Iq {
public:
    explicit Iq(const Stanza& stanza) : stanza_(&stanza) {}
    const Stanza& stanza() const { return *stanza_; }
    const Jid& from() const { return stanza_->from(); }
    const Jid& to() const { return stanza_->to(); }
    IqType type() const { return stanza_->iq_type(); }
    std::string_view id() const { return stanza_->id(); }
    /// Returns the child with the request; a get or set has exactly one.
    const Element& payload() const { return *stanza_->element().first_child(); }

private:
    const Stanza* stanza_;
};

class Message {
public:
    explicit Message(Stanza& stanza) : stanza_(&stanza) {}
    Stanza& stanza() const { return *stanza_; }
    Element& element() const { return stanza_->element(); }
    const Jid& from() const { return stanza_->from(); }
    const Jid& to() const { return stanza_->to(); }
    MessageType type() const { return stanza_->message_type(); }
    std::string_view id() const { return stanza_->id(); }
    bool has_body() const { return std::as_const(*stanza_).element().child("body") != nullptr; }

private:
    Stanza* stanza_;
};

class Presence {
public:
    explicit Presence(Stanza& stanza) : stanza_(&stanza) {}
    Stanza& stanza() const { return *stanza_; }
    Element& element() const { return stanza_->element(); }
    const Jid& from() const { return stanza_->from(); }
    const Jid& to() const { return stanza_->to(); }
    PresenceType type() const { return stanza_->presence_type(); }
    /// Returns the priority, −128 to 127; 0 if absent or not a number (RFC 6121 §4.7.2.3).
    int priority() const;

private:
    Stanza* stanza_;
};

/// Moves `stanza` and its children from one content namespace to another (jabber:server to
/// jabber:client and back). Content in other namespaces, like a forwarded stanza, does not change.
void replace_content_ns(Element& stanza, std::string_view from, std::string_view to);

/// Returns the error reply to an element that is not a valid stanza: `refused` with `from` and `to` swapped
/// as written, its id, xml:lang and `error`, without the payload.
Element error_reply_to(const Element& refused, const StanzaError& error);

std::string_view to_text(MessageType type);  ///< "normal" for normal
std::string_view to_text(PresenceType type); ///< empty for available
std::string_view to_text(IqType type);

} // namespace stonechat
