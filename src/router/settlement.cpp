// SPDX-License-Identifier: Apache-2.0
#include "router/settlement.hpp"

namespace stonechat {

struct Ledger::State {
    State(Home& owner, Function<void()> when_settled) : home(owner), settled(std::move(when_settled)) {}

    void settle_one()
    {
        if (--open == 0 && settled) {
            settled();
        }
    }

    Home& home;
    Function<void()> settled; ///< empty once the ledger is gone
    std::size_t open = 0;
};

namespace {

/// Held by all holders of one token; its end is the settlement. Never throws: it ends in destructors.
template <class State> struct Entry {
    explicit Entry(std::shared_ptr<State> ledger) : state(std::move(ledger)) {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry()
    {
        if (state->home.is_current()) {
            state->settle_one();
            return;
        }
        Home& home = state->home;
        home.post([state = std::move(state)] { state->settle_one(); });
    }
    std::shared_ptr<State> state;
};

} // namespace

Ledger::Ledger(Home& home, Function<void()> settled)
    : state_(std::make_shared<State>(home, std::move(settled)))
{}

Ledger::~Ledger()
{
    state_->settled = nullptr;
}

Settlement Ledger::open()
{
    ++state_->open;
    return Settlement(std::make_shared<Entry<State>>(state_));
}

std::size_t Ledger::open_count() const
{
    return state_->open;
}

} // namespace stonechat
