// SPDX-License-Identifier: Apache-2.0
#include "modules/table.hpp"

#include "modules/administration.hpp"
#include "modules/archive.hpp"
#include "modules/avatar_conversion.hpp"
#include "modules/blocking.hpp"
#include "modules/bookmarks.hpp"
#include "modules/capabilities.hpp"
#include "modules/carbons.hpp"
#include "modules/client_state.hpp"
#include "modules/commands.hpp"
#include "modules/contact.hpp"
#include "modules/disco.hpp"
#include "modules/displayed_sync.hpp"
#include "modules/forgery.hpp"
#include "modules/inbox.hpp"
#include "modules/last_activity.hpp"
#include "modules/offline.hpp"
#include "modules/ping.hpp"
#include "modules/presence.hpp"
#include "modules/private_xml.hpp"
#include "modules/push.hpp"
#include "modules/registration.hpp"
#include "modules/retraction.hpp"
#include "modules/roster.hpp"
#include "modules/session_request.hpp"
#include "modules/stanza_ids.hpp"
#include "modules/subscription.hpp"
#include "modules/time.hpp"
#include "modules/vcard.hpp"
#include "modules/vcard4.hpp"
#include "modules/version.hpp"

namespace stonechat {

const std::vector<ModuleEntry>& module_table()
{
    // Within a stage, handlers run in this order: blocking comes before everything else.
    static const std::vector<ModuleEntry> table {
        { make_blocking, true }, { make_forgery, true }, { make_displayed_sync, true }, { make_roster, true },
        { make_subscription, true }, { make_presence, true }, { make_stanza_ids, true },
        { make_archive, true }, { make_retraction, true }, // after archive, whose decision it needs
        { make_carbons, true }, { make_offline, true }, { make_push, true }, { make_client_state, true },
        { make_disco, true }, { make_capabilities, true }, { make_ping, true }, { make_version, true },
        { make_time, true }, { make_contact, true }, { make_last_activity, true }, { make_vcard, true },
        { make_vcard4, true }, { make_avatar_conversion, true }, { make_private_xml, true },
        { make_bookmarks, true }, { make_inbox, true }, { make_session_request, true },
        { make_registration, true }, { make_administration, true },
        { make_commands, true }, // last: lists what all the others have registered
    };
    return table;
}

} // namespace stonechat
