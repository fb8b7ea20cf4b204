// SPDX-License-Identifier: Apache-2.0
// Settlement: the token that travels with a stanza from a client. While anybody holds it, the server
// has not yet taken full responsibility: a row is being committed, another shard still has to
// deliver. When the last holder lets go, the sender's Ledger counts the stanza as settled, and what
// acknowledges it may go out (an <a/>, an iq result behind it). Tokens may be dropped on any thread;
// the ledger hears of it on its home.
//
// The token also carries what the sender's side wants committed with the stanza (SenderPart), so that
// the recipient's side can put both into one transaction. If nobody takes it, it comes home. Token and
// stanza go separate ways: the taker of the sender's part may see another stanza than the one sent.
#pragma once

#include "base/executor.hpp"
#include "base/function.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace stonechat {

struct MessageToStore;
struct Origin;
class Ledger;
class Settlement;

/// What the sender's side wants with a message. It belongs to the sender's home shard and travels sealed.
class SenderPart {
public:
    virtual ~SenderPart() = default;
    /// There is something that must be committed before anybody sees the message.
    virtual bool has_to_be_stored() const = 0;
    /// Whether the same commit tells that the recipient has the message.
    enum class RecipientSide { stored, not_stored };
    /// Adds the sender's part to what is going to be stored, but for the stanza. If nothing tells whether the
    /// recipient got it, a repetition is none: rather twice than never.
    virtual void add_to(MessageToStore& store, RecipientSide recipient) = 0;
    /// What tells whether the client sends it once more; null if nothing does.
    virtual const Origin* origin() const = 0;
    /// The stanza as the sender sent it, if there is something to store. Who moves it away puts it back when
    /// it was not stored.
    virtual std::string& xml() = 0;
    /// What that stanza is sealed with: one that has this seal says the same.
    virtual std::uint64_t seal() const = 0;

    /// What came of it. `id` is 0 if there was nothing to store.
    struct Outcome {
        bool accepted;
        std::uint64_t id;
    };
    /// Tells it, from any thread.
    static void over(std::unique_ptr<SenderPart> sender_part, Outcome outcome);
    /// Nobody took it: has its part stored alone. At home, with the stanza still open.
    static void come_home(std::unique_ptr<SenderPart> sender_part, Settlement settlement);

protected:
    virtual Executor& home() const = 0;
    /// Both are called at home.
    virtual void on_outcome(Outcome outcome) = 0;
    virtual void store_alone(std::unique_ptr<SenderPart> self, Settlement settlement) = 0;
};

class Settlement {
public:
    /// A token nobody waits for (stanzas of the server itself).
    Settlement() = default;
    Settlement(Settlement&&) = default;
    Settlement& operator=(Settlement&&) = default;
    Settlement(const Settlement&) = delete;
    Settlement& operator=(const Settlement&) = delete;

    /// Another holder of the same token, for one of several things that are done. What travels along stays
    /// with the first: several holders may be on several threads.
    Settlement share() const { return Settlement(entry_, false); }

    /// The same for a copy of the stanza that goes to another session of its addressee, behind the first: if
    /// that turns out to be a repetition, so is this.
    Settlement share_with_copy() const;
    /// Both at the addressee's home.
    void note_repetition();
    bool is_copy_of_repetition() const;

    /// Sends the sender's part along; once, and never with an empty token.
    void carry(std::unique_ptr<SenderPart> sender_part);
    /// What travels along, or null; it belongs to the caller from now on. Null for who shares the token.
    std::unique_ptr<SenderPart> take_sender_part();
    /// The same, and it travels on. Valid as long as the token.
    const SenderPart* sender_part() const;

private:
    friend class Ledger;
    struct Entry;
    explicit Settlement(std::shared_ptr<Entry> entry, bool is_first = true)
        : entry_(std::move(entry)), is_first_(is_first)
    {}
    std::shared_ptr<Entry> entry_;
    bool is_first_ = true;
    bool is_copy_ = false;
};

/// One session's stanzas, in the order in which they came. Lives on `home`, like the session.
class Ledger {
public:
    /// What the stanza is, for who waits only for some.
    enum class Kind : std::uint8_t { iq, other };

    /// `settled` is called on `home` each time a stanza is settled.
    Ledger(Executor& home, Function<void()> settled);
    ~Ledger();
    Ledger(const Ledger&) = delete;

    Settlement open(Kind kind = Kind::other);
    /// An open() will come soon (base/prefetch.hpp).
    void prepare() const;
    std::size_t open_count() const;
    std::size_t open_iqs() const;
    /// How many stanzas there are, from the first one on, that are all settled: the `h` of XEP-0198.
    std::uint64_t settled_prefix() const;

private:
    friend class Settlement;
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace stonechat
