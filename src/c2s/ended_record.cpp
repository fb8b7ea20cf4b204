// SPDX-License-Identifier: Apache-2.0
#include "c2s/ended_record.hpp"

#include "c2s/c2s.hpp"
#include "c2s/client_session.hpp"
#include "c2s/session_snapshot.hpp"
#include "router/server.hpp"

#include <algorithm>

namespace stonechat {

bool is_time_up(const Server& server, const StreamRecord& record)
{
    return std::max(record.touched, server.started()) + record.window < server.clock().wall();
}

void end_record(C2s& service, User& owner, const StreamRecord& record)
{
    Host& host = owner.host();
    const auto kept = service.resumable_sessions(host.shard());
    SessionSnapshot state = SessionSnapshot::read(record.state);
    const bool is_free = owner.state() == User::State::ready && owner.session(record.resource) == nullptr;
    const auto jid = owner.jid().with_resource(record.resource);
    if (!is_free || !state.presence || !jid) {
        kept->ended.remember(record.owner, record.token, record.handled);
        kept->store.end(record.owner, record.row, {})
            .then([user = owner.weak_from_this()](const Result<Done, StoreError>& done) {
                const auto loaded = user.lock();
                if (done && loaded) { // if it failed, StreamSweep finds the record again
                    loaded->host().mailbox_grown(*loaded);
                }
            });
        return;
    }
    // Restores the session for a moment, so that it ends like any other and sends unavailable presence.
    auto session = std::make_shared<ClientSession>(host.shard(), host, *jid, *service.settings(host.shard()),
        kept, record, 0);
    session->set_available(std::make_shared<const Stanza>(std::move(*state.presence)), 0);
    host.bind(owner.shared_from_this(), session);
    session->end();
}

} // namespace stonechat
