// SPDX-License-Identifier: Apache-2.0
// RequestTable: who answers which iq request, by the request's type and its payload's namespace and name. A
// host has one for each kind of addressee (Handlers), a domain's service and its rooms have theirs. It is
// filled at start, where a second handler for the same request is refused, and is immutable afterwards.
#pragma once

#include "xmpp/stanza.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace stonechat {

/// Refuses to start: of two handlers for one thing the second would never be called, or both would answer.
/// `owner` is who registers the second one.
[[noreturn]] void refuse_second(std::string_view what, std::string_view owner, std::string_view which);

/// Names a request in messages and lists: "query jabber:iq:roster".
std::string request_in_words(std::string_view element, std::string_view ns);

template <class Handler> class RequestTable {
public:
    /// Matches any element name. A handler for the name itself comes first.
    static constexpr std::string_view any_element = "*";

    /// `what` names the kind of the table's requests in the message of refuse_second.
    explicit RequestTable(std::string_view what = "request") : what_(what) {}

    void add(std::string_view owner, IqType type, std::string_view ns, std::string_view element,
        Handler handler)
    {
        Key key(type, ns, element);
        if (!rows_.try_emplace(std::move(key), Row { std::string(owner), std::move(handler) }).second) {
            refuse_second(what_, owner, request_in_words(element, ns));
        }
    }

    /// Returns the handler, or null if there is none.
    const Handler* find(IqType type, const Element& payload) const
    {
        auto found = rows_.find(View(type, payload.ns().text(), payload.name()));
        if (found == rows_.end()) {
            found = rows_.find(View(type, payload.ns().text(), any_element));
        }
        return found == rows_.end() ? nullptr : &found->second.handler;
    }

    /// Calls `f(owner, type, ns, element)` for each request that is answered.
    template <class F> void for_each(F f) const
    {
        for (const auto& [key, row] : rows_) {
            const auto& [type, ns, element] = key;
            f(row.owner, type, ns, element);
        }
    }

private:
    using Key = std::tuple<IqType, std::string, std::string>;
    using View = std::tuple<IqType, std::string_view, std::string_view>; ///< a key that need not be copied
    struct Row {
        std::string owner;
        Handler handler;
    };

    std::string what_;
    std::map<Key, Row, std::less<>> rows_;
};

} // namespace stonechat
