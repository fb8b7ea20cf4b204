// SPDX-License-Identifier: Apache-2.0
// XEP-0059 Result Set Management: the page of a list that is requested, and the page in the answer. Pure.
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
    std::optional<std::string> after;  ///< the page after this id
    std::optional<std::string> before; ///< the page before this id; empty = the last page (§2.5)
    std::optional<std::size_t> index;  ///< §2.4

    /// Reads the `<set/>` child of `parent`. Returns an empty query if there is none, and `bad_request` if it
    /// is invalid.
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
