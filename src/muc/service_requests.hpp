// SPDX-License-Identifier: Apache-2.0
// What a group chat service answers itself: what it is, which rooms it has (XEP-0045 section 6), that it is
// there.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "xmpp/stanza.hpp"

namespace stonechat {

class MucService;

/// Answers a request to the service's domain.
Task<Done> answer_for_service(MucService& service, Stanza request);

} // namespace stonechat
