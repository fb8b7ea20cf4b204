// SPDX-License-Identifier: Apache-2.0
// AnnouncedCaps: what a client says in its presence about its capabilities: which hash an answer to
// disco#info must have. XEP-0115 Entity Capabilities, also without a hash as before its version 1.4, and
// XEP-0390 Entity Capabilities 2.0. A value; pure.
#pragma once

#include "xmpp/element.hpp"
#include "xmpp/stanza.hpp"

#include <optional>
#include <string>

namespace stonechat {

class AnnouncedCaps {
public:
    /// Reads the `<c/>` of a presence (or of another parent). If there are several, or several hashes, the
    /// one that proves most is taken: XEP-0390 before XEP-0115 before what cannot be verified.
    static std::optional<AnnouncedCaps> from_parent(const Element& presence);
    /// Returns a `<c/>` that from_parent() reads as this.
    Element to_element() const;

    /// Whether an answer can be verified. Otherwise the answer of one client says nothing about any other.
    bool is_verifiable() const;
    /// Names what is announced: an answer that is verified holds for all clients with the same key.
    std::string key() const;
    /// The request to send to the client.
    Element disco_request() const;
    /// Whether this answer to disco#info (an iq result) has the announced hash, and whether that proves its
    /// features.
    bool is_proven_by(const Element& answer) const;

    friend bool operator==(const AnnouncedCaps&, const AnnouncedCaps&) = default;

private:
    enum class Method { xep_0115, xep_0390 };
    static std::optional<AnnouncedCaps> from_0115(const Element& c);
    static std::optional<AnnouncedCaps> from_0390(const Element& c);

    Method method_ = Method::xep_0115;
    std::string algorithm_; ///< empty: none was named (XEP-0115 §13, the legacy format)
    std::string hash_;
    std::string node_; ///< of the client's software (XEP-0115)
};

} // namespace stonechat
