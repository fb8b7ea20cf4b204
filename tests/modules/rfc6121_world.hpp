// SPDX-License-Identifier: Apache-2.0
// The modules of RFC 6121 and the people of its examples, for the tests of this folder.
#pragma once

#include "modules/offline.hpp"
#include "modules/presence.hpp"
#include "modules/roster.hpp"
#include "modules/subscription.hpp"
#include "support/world.hpp"

namespace stonechat::test {

inline const std::vector<ModuleEntry>& rfc6121_modules()
{
    static const std::vector<ModuleEntry> table { { make_roster, true }, { make_subscription, true },
        { make_presence, true }, { make_offline, true } };
    return table;
}

struct Verona : World {
    explicit Verona(const std::vector<ModuleEntry>& modules = rfc6121_modules()) : World(modules)
    {
        for (const char* name : { "romeo", "juliet", "mercutio" }) {
            account(name);
        }
    }

    /// Both see each other from now on; nobody of them may be online at resource "friend".
    void befriend(const std::string& one, const std::string& other)
    {
        auto first = comes_online(one + "@localhost/friend");
        auto second = comes_online(other + "@localhost/friend");
        subscribe(*first, *second);
        subscribe(*second, *first);
        first->leaves();
        second->leaves();
    }

    static void subscribe(Client& user, Client& contact)
    {
        user.says("<presence type='subscribe' to='" + std::string(contact.jid().bare_text()) + "'/>");
        contact.says("<presence type='subscribed' to='" + std::string(user.jid().bare_text()) + "'/>");
    }
};

} // namespace stonechat::test
