// SPDX-License-Identifier: Apache-2.0
#include "router/room_notice.hpp"

#include "router/domain_service.hpp"
#include "router/router.hpp"
#include "router/server.hpp"

namespace stonechat {

void set_notice_interest(Server& server, const RoomNotice& notice, NoticeInterest interest)
{
    server.at_home(notice.author, [notice, interest](Router& home) {
        if (DomainService* service = home.service(notice.author.domain())) {
            service->set_notice_interest(notice, interest);
        }
    });
}

void forget_notice_interest(Server& server, const Jid& user, const Jid& room)
{
    server.at_home(room, [user, room](Router& home) {
        if (DomainService* service = home.service(room.domain())) {
            service->forget_notice_interest(user, room);
        }
    });
}

void forget_notice_interest(Server& server, const Jid& user)
{
    for (std::size_t shard = 0; shard < server.shard_count(); ++shard) {
        Router& router = server.router(shard);
        router.shard().post([&router, user] {
            for (const auto& [domain, service] : router.services()) {
                service->forget_notice_interest(user, Jid());
            }
        });
    }
}

} // namespace stonechat
