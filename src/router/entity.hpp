// SPDX-License-Identifier: Apache-2.0
// Entity: the common base of an account in memory (User) and a room in memory (Room). Callers wait, in order,
// until it is loaded from the store; what it sends keeps its order; it is unloaded when idle. Lives on the
// home shard of its bare address.
#pragma once

#include "base/function.hpp"
#include "base/queue.hpp"
#include "router/delivery_queue.hpp"
#include "xmpp/jid.hpp"

#include <utility>

namespace stonechat {

class Entity {
public:
    Entity(const Entity&) = delete;
    Entity& operator=(const Entity&) = delete;

    /// The bare address.
    const Jid& address() const { return address_; }
    bool is_loading() const { return is_loading_; }

    /// Keeps the order of what is under way from here to clients.
    DeliveryQueue& delivery_queue() { return delivery_queue_; }
    const DeliveryQueue& delivery_queue() const { return delivery_queue_; }

    /// Records whether the entity is idle now. Returns whether it is and was at the last call too: then it
    /// can be unloaded.
    bool is_idle_again(bool idle) { return std::exchange(was_idle_, idle) && idle; }

protected:
    explicit Entity(Jid address) : address_(std::move(address)) {}
    ~Entity() = default;

    /// Says whether callers have to wait from now on. Those that wait already go on at run_waiting().
    void set_loading(bool loading) { is_loading_ = loading; }
    /// Queues `task` until the entity is loaded. Call while it is loading; afterwards nothing has to wait.
    void wait(Function<void()> task) { waiting_.push_back(std::move(task)); }
    /// Runs the waiting tasks in order. If one of them starts another load, the rest wait for that. The
    /// caller keeps the entity alive.
    void run_waiting();
    bool has_waiting() const { return !waiting_.empty(); }

private:
    Jid address_;
    DeliveryQueue delivery_queue_;
    Queue<Function<void()>> waiting_;
    bool is_loading_ = true;
    bool was_idle_ = false;
};

} // namespace stonechat
