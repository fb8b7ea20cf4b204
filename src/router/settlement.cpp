// SPDX-License-Identifier: Apache-2.0
#include "router/settlement.hpp"

#include "base/prefetch.hpp"
#include "base/queue.hpp"

#include <array>
#include <atomic>
#include <optional>

namespace stonechat {

struct Ledger::State {
    State(Executor& owner, Function<void()> when_settled, Function<void(Failure)> when_failed)
        : home(owner), settled(std::move(when_settled)), failed(std::move(when_failed))
    {}

    /// The stanza's last holder has let go.
    void end(std::uint64_t number, Kind kind, std::optional<Failure> failure)
    {
        if (!failure) {
            settle(number, kind);
        } else if (failed) {
            failed(*failure);
        }
    }

    void settle(std::uint64_t number, Kind kind)
    {
        --open[static_cast<std::size_t>(kind)];
        if (number == prefix) {
            lengthen_prefix();
        } else {
            note_ahead(static_cast<std::size_t>(number - prefix - 1));
        }
        if (settled) {
            settled();
        }
    }

    /// Moves `prefix` over the stanza that was just settled, and over settled ones behind it.
    void lengthen_prefix()
    {
        bool goes_on = true;
        while (goes_on) {
            ++prefix;
            goes_on = !ahead.empty() && ahead.front() != 0;
            if (!ahead.empty()) {
                ahead.pop_front();
            }
        }
    }

    void note_ahead(std::size_t place)
    {
        while (ahead.size() <= place) {
            ahead.push_back(0);
        }
        ahead[place] = 1;
    }

    Executor& home;
    Function<void()> settled; ///< empty once the ledger is gone, like `failed`
    Function<void(Failure)> failed;
    std::array<std::size_t, 2> open {};
    std::uint64_t next = 0;    ///< number of the next stanza
    std::uint64_t prefix = 0;  ///< stanzas with smaller numbers are settled, number `prefix` is not
    Queue<std::uint8_t> ahead; ///< for stanzas prefix + 1 and later: 1 if settled
};

/// Mail to the ledger's home: what became of a stanza.
struct Ledger::Ended {
    void operator()() const { state->end(number, kind, failure); }

    std::shared_ptr<State> state;
    std::uint64_t number;
    Kind kind;
    std::optional<Failure> failure;
};

/// Mail to the sender's home: its part in a message, which nobody took.
struct Settlement::Returned {
    void operator()() { SenderPart::come_home(std::move(sender_part), Settlement(std::move(unsettled))); }

    std::unique_ptr<SenderPart> sender_part;
    std::shared_ptr<Entry> unsettled;
};

/// Mail to the sender's home: what became of the message.
struct SenderPart::Reported {
    void operator()() { sender_part->on_outcome(outcome); }

    std::unique_ptr<SenderPart> sender_part;
    Outcome outcome;
};

/// Shared by all holders of one token; its destruction tells the ledger. Destructors run this, so it never
/// throws.
struct Settlement::Entry {
    Entry(std::shared_ptr<Ledger::State> ledger, std::uint64_t its_number, Ledger::Kind its_kind)
        : state(std::move(ledger)), number(its_number), kind(its_kind)
    {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry()
    {
        Executor& home = state->home;
        const std::optional<Ledger::Failure> failure = this->failure();
        if (sender_part && failure) {
            SenderPart::over(std::move(sender_part), { false, 0 });
        }
        if (sender_part) {
            auto unsettled = std::make_shared<Entry>(std::move(state), number, kind);
            home.post(Returned { std::move(sender_part), std::move(unsettled) });
        } else if (home.is_current()) {
            state->end(number, kind, failure);
        } else {
            home.post(Ledger::Ended { std::move(state), number, kind, failure });
        }
    }

    std::optional<Ledger::Failure> failure() const
    {
        if (has_failed) {
            return Ledger::Failure::said;
        }
        return was_dropped ? std::optional(Ledger::Failure::dropped) : std::nullopt;
    }

    std::shared_ptr<Ledger::State> state;
    std::unique_ptr<SenderPart> sender_part;
    std::uint64_t number;
    Ledger::Kind kind;
    std::atomic<bool> has_failed = false;  ///< holders may be on several threads
    std::atomic<bool> was_dropped = false; ///< likewise
    bool is_repetition = false;            ///< accessed only on the addressee's home shard
};

void SenderPart::over(std::unique_ptr<SenderPart> sender_part, Outcome outcome)
{
    Executor& home = sender_part->home();
    if (home.is_current()) {
        sender_part->on_outcome(outcome);
        return;
    }
    home.post(Reported { std::move(sender_part), outcome });
}

void SenderPart::come_home(std::unique_ptr<SenderPart> sender_part, Settlement settlement)
{
    SenderPart& opened = *sender_part;
    opened.store_alone(std::move(sender_part), std::move(settlement));
}

Settlement& Settlement::operator=(Settlement&& other) noexcept
{
    if (this != &other) {
        drop();
        entry_ = std::move(other.entry_);
        is_first_ = other.is_first_;
        is_copy_ = other.is_copy_;
    }
    return *this;
}

void Settlement::drop() noexcept
{
    if (entry_) {
        entry_->was_dropped.store(true, std::memory_order_relaxed);
        entry_.reset(); // orders the store before the read of the last holder
    }
}

void Settlement::settle() &&
{
    entry_.reset();
}

void Settlement::fail() &&
{
    if (entry_) {
        entry_->has_failed.store(true, std::memory_order_relaxed);
        entry_.reset(); // orders the store before the read of the last holder
    }
}

Settlement Settlement::share_with_copy() const
{
    Settlement copy = share();
    copy.is_copy_ = true;
    return copy;
}

void Settlement::note_repetition()
{
    if (entry_) {
        entry_->is_repetition = true;
    }
}

bool Settlement::is_copy_of_repetition() const
{
    return is_copy_ && entry_ && entry_->is_repetition;
}

void Settlement::carry(std::unique_ptr<SenderPart> sender_part)
{
    entry_->sender_part = std::move(sender_part);
}

std::unique_ptr<SenderPart> Settlement::take_sender_part()
{
    return entry_ && is_first_ ? std::move(entry_->sender_part) : nullptr;
}

const SenderPart* Settlement::sender_part() const
{
    return entry_ && is_first_ ? entry_->sender_part.get() : nullptr;
}

Ledger::Ledger(Executor& home, Function<void()> settled, Function<void(Failure)> failed)
    : state_(std::make_shared<State>(home, std::move(settled), std::move(failed)))
{}

Ledger::~Ledger()
{
    state_->settled = nullptr;
    state_->failed = nullptr;
}

Settlement Ledger::open(Kind kind)
{
    ++state_->open[static_cast<std::size_t>(kind)];
    return Settlement(std::make_shared<Settlement::Entry>(state_, state_->next++, kind));
}

void Ledger::prepare() const
{
    prefetch_lines(state_.get(), sizeof(State));
}

std::size_t Ledger::open_count() const
{
    return state_->open[0] + state_->open[1];
}

std::size_t Ledger::open_iqs() const
{
    return state_->open[static_cast<std::size_t>(Kind::iq)];
}

std::uint64_t Ledger::settled_prefix() const
{
    return state_->prefix;
}

} // namespace stonechat
