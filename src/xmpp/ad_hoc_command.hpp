// SPDX-License-Identifier: Apache-2.0
// The elements of ad-hoc commands with one step (XEP-0050), the same for a host's and for a room's. Pure.
#pragma once

#include "base/result.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza_error.hpp"

#include <string_view>

namespace stonechat {

/// Returns an error with an application condition of §4.4.
StanzaError command_error(StanzaError::Condition condition, std::string_view detail);

/// Begins an answer. `status`: executing, completed, canceled.
Element command_answer(std::string_view node, std::string_view session, std::string_view status);
/// Adds the form and the only action there is: to complete the command with it.
void add_command_form(Element& answer, const DataForm& form);
/// Returns bad-action for an action of XEP-0050 that is not possible now, or malformed-action for any other.
StanzaError command_action_problem(std::string_view action);

/// Adds the command to disco#items of the node of commands (§2.2).
void list_command(Element& query, std::string_view address, std::string_view node, std::string_view name);
/// Fills disco#info of the command's node (§2.2.1).
void describe_command(Element& query, std::string_view name);

} // namespace stonechat
