// SPDX-License-Identifier: Apache-2.0
// The server with all its modules on, the people of RFC 6121's examples, and an administrator.
#pragma once

#include "modules/table.hpp"
#include "rfc6121_world.hpp"

namespace stonechat::test {

struct House : Verona {
    House() : Verona(module_table()) { account("admin"); }

    /// Sends an iq and gives its answer; whatever else has come meanwhile stays in `received`.
    static Element asks(Client& client, std::string_view type, std::string_view payload,
        std::string_view to = {})
    {
        std::string xml = "<iq id='asked' type='" + std::string(type) + "'";
        xml += to.empty() ? "" : " to='" + std::string(to) + "'";
        client.hears();
        client.says(xml + ">" + std::string(payload) + "</iq>");
        client.hears();
        for (const Element& stanza : client.received) {
            if (stanza.attribute_or("id") == "asked") {
                return stanza;
            }
        }
        return Element();
    }

    /// "result", or the error's type, condition and application-specific condition.
    static std::string verdict(const Element& answer)
    {
        const Element* error = answer.child("error");
        if (error == nullptr) {
            return std::string(answer.attribute_or("type"));
        }
        std::string words(error->attribute_or("type"));
        for (const Element* condition : error->children()) {
            if (condition->name() != "text") {
                words += " " + condition->name();
            }
        }
        return words;
    }
};

} // namespace stonechat::test
