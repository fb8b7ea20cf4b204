// SPDX-License-Identifier: Apache-2.0
// StreamError: why a stream ends (RFC 6120 section 4.9). A value; pure.
#pragma once

#include "xmpp/element.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

class StreamError {
public:
    /// RFC 6120 §4.9.3. Names as on the wire, with `_` for `-`.
    enum class Condition {
        bad_format,
        bad_namespace_prefix,
        conflict,
        connection_timeout,
        host_gone,
        host_unknown,
        improper_addressing,
        internal_server_error,
        invalid_from,
        invalid_namespace,
        invalid_xml,
        not_authorized,
        not_well_formed,
        policy_violation,
        remote_connection_failed,
        reset,
        resource_constraint,
        restricted_xml,
        see_other_host,
        system_shutdown,
        undefined_condition,
        unsupported_encoding,
        unsupported_feature,
        unsupported_stanza_type,
        unsupported_version,
    };
    using enum Condition;

    /// Creates undefined-condition. Result needs an error with a default.
    StreamError() : StreamError(undefined_condition) {}
    StreamError(Condition condition, std::string_view text = {});
    /// Adds an application-specific condition, e.g. `<stanza-too-big xmlns='urn:xmpp:errors'/>`.
    StreamError&& with(Element application) &&;
    /// Adds the address that `see_other_host` points to (§4.9.3.19).
    StreamError&& at(std::string_view host) &&;

    Condition condition() const { return condition_; }
    const std::string& text() const { return text_; }
    const std::string& host() const { return host_; } ///< empty unless see_other_host
    const std::optional<Element>& application() const { return application_; }

    /// `<error xmlns='http://etherx.jabber.org/streams'>…</error>`
    Element to_element() const;
    /// Reads an error from a peer. Returns `undefined_condition` if it has no known condition.
    static StreamError from_element(const Element& error);

private:
    Condition condition_;
    std::string text_;
    std::string host_;
    std::optional<Element> application_;
};

std::string_view to_text(StreamError::Condition condition);

} // namespace stonechat
