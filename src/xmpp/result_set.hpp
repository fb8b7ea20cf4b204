// SPDX-License-Identifier: Apache-2.0
// XEP-0059 Result Set Management: which page of a list is asked for, and which one was given. Pure.
#pragma once

#include "base/result.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza_error.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace stonechat {

/// The `<set/>` of a request.
struct ResultSetQuery {
    std::optional<std::size_t> max;    ///< 0 asks for the count only (§2.6)
    std::optional<std::string> after;  ///< the page behind this id
    std::optional<std::string> before; ///< the page before this id; empty = the last page (§2.5)
    std::optional<std::size_t> index;  ///< §2.4

    /// Reads the `<set/>` child of `parent`; an empty query if there is none, `bad_request` if it is broken.
    static Result<ResultSetQuery, StanzaError> from_parent(const Element& parent);
};

/// The `<set/>` of an answer.
struct ResultSetPage {
    std::string first; ///< empty if the page is empty
    std::string last;
    std::optional<std::size_t> first_index;
    std::optional<std::size_t> count;

    Element to_element() const;
};

} // namespace stonechat
