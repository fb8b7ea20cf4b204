// SPDX-License-Identifier: Apache-2.0
// Settlement: the token that travels with a stanza from a client. While anybody holds it, the server
// has not yet taken full responsibility: a row is being committed, another shard still has to
// deliver. When the last holder lets go, the sender's Ledger counts the stanza as settled, and what
// acknowledges it may go out (an <a/>, an iq result behind it). Tokens may be dropped on any thread;
// the ledger hears of it on its home.
#pragma once

#include "base/function.hpp"
#include "base/home.hpp"

#include <memory>
#include <utility>

namespace stonechat {

class Ledger;

class Settlement {
public:
    /// A token nobody waits for (stanzas of the server itself).
    Settlement() = default;
    Settlement(Settlement&&) = default;
    Settlement& operator=(Settlement&&) = default;
    Settlement(const Settlement&) = delete;
    Settlement& operator=(const Settlement&) = delete;

    /// Another holder of the same token.
    Settlement share() const { return Settlement(entry_); }

private:
    friend class Ledger;
    explicit Settlement(std::shared_ptr<void> entry) : entry_(std::move(entry)) {}
    std::shared_ptr<void> entry_;
};

/// One session's open stanzas. Lives on `home`, like the session.
class Ledger {
public:
    /// `settled` is called on `home` each time the last open stanza is settled.
    Ledger(Home& home, Function<void()> settled);
    ~Ledger();
    Ledger(const Ledger&) = delete;

    Settlement open();
    std::size_t open_count() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace stonechat
