// SPDX-License-Identifier: Apache-2.0
#include "router/session.hpp"

namespace stonechat {

void Session::set_available(std::shared_ptr<const Stanza> presence, int priority)
{
    presence_ = std::move(presence);
    priority_ = static_cast<std::int8_t>(priority);
}

void Session::set_unavailable()
{
    presence_.reset();
    capabilities_.reset();
}

} // namespace stonechat
