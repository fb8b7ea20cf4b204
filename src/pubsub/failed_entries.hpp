// SPDX-License-Identifier: Apache-2.0
// FailedEntries: those of several changes of affiliations or subscriptions that were not possible, for the
// answer to the owner (XEP-0060 sections 8.8.2.4 and 8.9.2.4). Pure.
#pragma once

#include "router/handlers.hpp"
#include "xmpp/element.hpp"

#include <optional>
#include <vector>

namespace stonechat {

class FailedEntries {
public:
    /// `entry` says what the entity has now.
    void add(Element entry, StanzaError why);

    /// Returns the answer to a request with the list `operation`: empty if nothing failed, else an error with
    /// the failed entries beside it. The changes that it does not list were made.
    IqAnswer answer(const Element& operation);

private:
    std::vector<Element> entries_;
    std::optional<StanzaError> first_; ///< why the first of them failed
};

} // namespace stonechat
