// SPDX-License-Identifier: Apache-2.0
// Runs work on a room at the room's home shard and returns the result to the asking shard.
#pragma once

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace stonechat {

/// Returns the service of `domain` on the shard of `router`, or null if this domain has no MucService.
inline MucService* service_at(Router& router, const Jid& domain)
{
    return dynamic_cast<MucService*>(router.service(domain.domain()));
}

/// Runs `work` on the room's home shard once the room is loaded; the room need not exist. The result arrives
/// on the shard of `service`. It is `failed` if `work` threw.
template <class T>
Pending<T> at_room(MucService& service, const Jid& address,
    std::function<Task<T>(std::shared_ptr<Room>)> work, T failed)
{
    Pending<T> pending;
    Shard& here = service.host().shard();
    const auto answer = [&here, promise = pending.promise()](T result) {
        auto shared = std::make_shared<T>(std::move(result));
        here.post([shared, promise]() mutable { promise.fulfil(std::move(*shared)); });
    };
    service.host().router().server().at_home(address,
        [address, work = std::move(work), answer, failed = std::move(failed)](Router& home) {
            service_at(home, address)->room(address)->when_loaded([work, answer, failed](Room& room) {
                start(work(room.shared_from_this()), answer,
                    [answer, failed](const std::exception_ptr&) { answer(failed); });
            });
        });
    return pending;
}

} // namespace stonechat
