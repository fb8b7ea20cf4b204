// SPDX-License-Identifier: Apache-2.0
// StanzaError: why a stanza was refused (RFC 6120 section 8.3): condition, type, text and, where a
// XEP defines one, an application-specific condition. A value; pure.
#pragma once

#include "xmpp/element.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

class StanzaError {
public:
    /// RFC 6120 §8.3.3. Names as on the wire, with `_` for `-`; `gone` and `redirect` may carry a URI.
    enum class Condition {
        bad_request,
        conflict,
        feature_not_implemented,
        forbidden,
        gone,
        internal_server_error,
        item_not_found,
        jid_malformed,
        not_acceptable,
        not_allowed,
        not_authorized,
        policy_violation,
        recipient_unavailable,
        redirect,
        registration_required,
        remote_server_not_found,
        remote_server_timeout,
        resource_constraint,
        service_unavailable,
        subscription_required,
        undefined_condition,
        unexpected_request,
    };
    using enum Condition;

    enum class Type { auth, cancel, continue_, modify, wait };

    /// Creates undefined-condition. Result needs an error with a default.
    StanzaError() : StanzaError(undefined_condition) {}
    /// Uses the type that the RFC pairs with the condition.
    StanzaError(Condition condition, std::string_view text = {});
    StanzaError(Condition condition, Type type, std::string_view text = {});

    /// Adds the application-specific condition (RFC 6120 §8.3.4), e.g. `<blocked
    /// xmlns='urn:xmpp:blocking:errors'/>`.
    StanzaError&& with(Element application) &&;
    /// Adds what stands in the stanza ahead of its `<error/>`: XEP-0060 §8.8.2.4 lists there what has failed.
    StanzaError&& beside(Element payload) &&;
    /// Adds the address that `gone` and `redirect` point to (RFC 6120 §8.3.3.5, §8.3.3.14).
    StanzaError&& at(std::string_view uri) &&;

    Condition condition() const { return condition_; }
    Type type() const { return type_; }
    const std::string& text() const { return text_; }
    const std::string& uri() const { return uri_; } ///< empty unless gone or redirect
    const std::optional<Element>& application() const { return application_; }
    const std::optional<Element>& payload() const { return payload_; } ///< not a part of `<error/>`

    /// `<error type='…'>…</error>` in `stanza_ns` (jabber:client unless it is a server's stream).
    Element to_element(std::string_view stanza_ns) const;
    /// Reads an `<error/>`. Returns nothing if it has no known condition.
    static std::optional<StanzaError> from_element(const Element& error);

private:
    Condition condition_;
    Type type_;
    std::string text_;
    std::string uri_;
    std::optional<Element> application_;
    std::optional<Element> payload_;
};

std::string_view to_text(StanzaError::Condition condition);
std::string_view to_text(StanzaError::Type type);

} // namespace stonechat
