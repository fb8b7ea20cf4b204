// SPDX-License-Identifier: Apache-2.0
// ResumableSessions: one shard's common state for resumable sessions (XEP-0198): the StreamStateWriter, the
// sessions that are being restored from the store, and the `h` of sessions that ended recently. Shared by C2s
// and the sessions; shard-bound.
#pragma once

#include "c2s/stream_state_writer.hpp"
#include "storage/stored.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat {

/// The `h` of sessions that have ended, for clients that try to resume one (XEP-0198 §5). Keeps the last 500.
class EndedStreams {
public:
    void remember(AccountKey owner, std::string token, std::uint32_t handled)
    {
        if (ended_.size() == kept) {
            ended_.pop_front();
        }
        ended_.push_back({ std::move(owner), std::move(token), handled });
    }
    std::optional<std::uint32_t> find(const AccountKey& owner, std::string_view token) const
    {
        for (const Ended& each : ended_) {
            if (each.token == token && each.owner == owner) {
                return each.handled;
            }
        }
        return std::nullopt;
    }

private:
    static constexpr std::size_t kept = 500;
    struct Ended {
        AccountKey owner;
        std::string token;
        std::uint32_t handled;
    };
    std::deque<Ended> ended_;
};

/// The sessions that are being restored. If several streams want the same one, the first restores it and the
/// others wait.
class BeingRestored {
public:
    bool contains(std::string_view token) const { return find(token) != nullptr; }
    void begin(std::string token) { each_.push_back({ std::move(token), {} }); }
    /// Calls `f` when the session has been restored, or could not be. Precondition: contains(token).
    void wait(std::string_view token, Function<void()> f)
    {
        const_cast<One*>(find(token))->waiting.push_back(std::move(f));
    }
    /// The session has been restored, or could not be. Calls those that wait; they look for it again.
    void end(std::string_view token)
    {
        std::vector<Function<void()>> waiting;
        std::erase_if(each_, [&](One& one) {
            if (one.token != token) {
                return false;
            }
            waiting = std::move(one.waiting);
            return true;
        });
        for (auto& f : waiting) {
            f();
        }
    }

private:
    struct One {
        std::string token;
        std::vector<Function<void()>> waiting;
    };
    const One* find(std::string_view token) const
    {
        for (const One& one : each_) {
            if (one.token == token) {
                return &one;
            }
        }
        return nullptr;
    }
    std::vector<One> each_;
};

struct ResumableSessions {
    ResumableSessions(Shard& shard, StreamStore& store)
        : writer(std::make_shared<StreamStateWriter>(shard, store)), store(store)
    {}

    std::shared_ptr<StreamStateWriter> writer;
    StreamStore& store;
    EndedStreams ended;
    BeingRestored being_restored;
};

} // namespace stonechat
