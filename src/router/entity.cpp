// SPDX-License-Identifier: Apache-2.0
#include "router/entity.hpp"

namespace stonechat {

void Entity::run_waiting()
{
    while (!is_loading_ && !waiting_.empty()) {
        auto task = std::move(waiting_.front());
        waiting_.pop_front();
        task();
    }
}

} // namespace stonechat
