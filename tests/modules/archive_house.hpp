// SPDX-License-Identifier: Apache-2.0
// The house with people who look into their archives.
#pragma once

#include "house.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat::test {

/// What one query has brought.
struct ArchiveResults {
    std::string verdict;           ///< as House::verdict says it
    std::vector<std::string> ids;  ///< in the order in which they came
    std::vector<Element> messages; ///< what was forwarded, likewise
    Lines bodies;
    std::vector<Element> wrappers;
    Element fin;
    std::string first, last, count; ///< of the RSM <set/>

    bool complete() const { return fin.attribute_or("complete") == "true"; }
};

struct ArchiveHouse : House {
    ArchiveHouse()
    {
        romeo = comes_online("romeo@localhost/orchard");
        juliet = comes_online("juliet@localhost/balcony");
        mercutio = comes_online("mercutio@localhost/street");
    }

    static std::string field(std::string_view var, std::string_view value)
    {
        return "<field var='" + std::string(var) + "'><value>" + std::string(value) + "</value></field>";
    }

    static std::string form(std::string_view fields)
    {
        return "<x xmlns='jabber:x:data' type='submit'>" + field("FORM_TYPE", "urn:xmpp:mam:2")
            + std::string(fields) + "</x>";
    }

    static std::string rsm(std::string_view inside)
    {
        return "<set xmlns='http://jabber.org/protocol/rsm'>" + std::string(inside) + "</set>";
    }

    static std::string query(std::string_view inside = {})
    {
        return "<query xmlns='urn:xmpp:mam:2' queryid='q'>" + std::string(inside) + "</query>";
    }

    static ArchiveResults search(Client& client, std::string_view inside = {})
    {
        const Element answer = asks(client, "set", query(inside));
        ArchiveResults results;
        results.verdict = verdict(answer);
        for (const Element& stanza : client.received) {
            const Element* result = stanza.child("result", ns::archive);
            if (result == nullptr) {
                continue;
            }
            results.wrappers.push_back(stanza);
            results.ids.emplace_back(result->attribute_or("id"));
            const Element* message = result->first_child()->child("message", ns::client);
            REQUIRE(message != nullptr);
            results.messages.push_back(*message);
            results.bodies.push_back(message->child_text("body"));
        }
        if (const Element* fin = answer.child("fin", ns::archive)) {
            results.fin = *fin;
            const Element* page = fin->child("set", ns::result_set);
            REQUIRE(page != nullptr);
            results.first = page->child_text("first");
            results.last = page->child_text("last");
            results.count = page->child_text("count");
        }
        return results;
    }

    static void say(Client& client, std::string_view to, std::string_view id, std::string_view body)
    {
        client.says("<message type='chat' to='" + std::string(to) + "' id='" + std::string(id) + "'><body>"
            + std::string(body) + "</body></message>");
    }

    static Element set_preferences(Client& client, std::string_view otherwise, std::string_view lists = {})
    {
        return asks(client, "set",
            "<prefs xmlns='urn:xmpp:mam:2' default='" + std::string(otherwise) + "'>" + std::string(lists)
                + "</prefs>");
    }

    /// Fills in the form of an ad-hoc command; the verdict.
    static std::string command(Client& client, std::string_view node, std::string_view fields)
    {
        const std::string begin = "<command xmlns='http://jabber.org/protocol/commands' node='"
            + std::string(node) + "'";
        const Element offered = asks(client, "set", begin + "/>", "localhost");
        REQUIRE(verdict(offered) == "result");
        const std::string session(offered.first_child()->attribute_or("sessionid"));
        return verdict(asks(client, "set",
            begin + " sessionid='" + session + "'><x xmlns='jabber:x:data' type='submit'>"
                + std::string(fields) + "</x></command>",
            "localhost"));
    }

    ClientPtr romeo, juliet, mercutio;
};

} // namespace stonechat::test
