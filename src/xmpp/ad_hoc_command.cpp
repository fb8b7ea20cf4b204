// SPDX-License-Identifier: Apache-2.0
#include "xmpp/ad_hoc_command.hpp"

#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>

namespace stonechat {

StanzaError command_error(StanzaError::Condition condition, std::string_view detail)
{
    return StanzaError(condition).with(Element(detail, ns::commands));
}

Element command_answer(std::string_view node, std::string_view session, std::string_view status)
{
    Element element("command", ns::commands);
    element.set_attribute("node", node).set_attribute("sessionid", session).set_attribute("status", status);
    return element;
}

void add_command_form(Element& answer, const DataForm& form)
{
    Element& actions = answer.add("actions");
    actions.set_attribute("execute", "complete");
    actions.add("complete");
    answer.add(form.to_element());
}

StanzaError command_action_problem(std::string_view action)
{
    constexpr std::array known { "execute", "complete", "cancel", "next", "prev" };
    const bool is_known = std::find(known.begin(), known.end(), action) != known.end();
    return command_error(StanzaError::bad_request, is_known ? "bad-action" : "malformed-action");
}

void list_command(Element& query, std::string_view address, std::string_view node, std::string_view name)
{
    query.add("item").set_attribute("jid", address).set_attribute("node", node).set_attribute("name", name);
}

void describe_command(Element& query, std::string_view name)
{
    query.add("identity")
        .set_attribute("category", "automation")
        .set_attribute("type", "command-node")
        .set_attribute("name", name);
    query.add("feature").set_attribute("var", ns::commands);
    query.add("feature").set_attribute("var", ns::data_forms);
}

} // namespace stonechat
