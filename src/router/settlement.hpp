// SPDX-License-Identifier: Apache-2.0
// Settlement: decides when a client's stanza may be acknowledged (XEP-0198, or by the result of a later iq).
// It is a token that travels with the stanza. As long as a holder of the token exists, the server has not yet
// taken full responsibility: a row is being committed, or another shard still has to deliver. When all
// holders have said settle(), the sender's Ledger counts the stanza as settled, and its acknowledgement may
// go out (an <a/>, an iq result behind it). Holders may do so on any thread; the ledger is told on its home
// shard.
//
// A holder that takes the responsibility says settle(). A holder that knows that nobody took it says fail():
// then the stanza is never counted, whatever other holders say, and the sender's session ends, so that the
// client sends again what was not acknowledged. A stanza that was refused with an error is settled: its
// sender was told. A holder that is destroyed without a word counts as failed: it is a bug that must never
// become an acknowledgement.
//
// The token also carries what the sender's side wants committed with the stanza (SenderPart), so that the
// recipient's side can put both parts into one transaction. If nobody takes the SenderPart, it returns to its
// home shard and is stored alone. The stanza travels separately: the recipient's side may hold a stanza that
// was rewritten after it was sent.
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

/// The sender's part in a message. Belongs to the sender's home shard; other shards only carry it and call
/// its public functions.
class SenderPart {
public:
    virtual ~SenderPart() = default;
    /// Whether the sender's part needs a commit before anybody receives the message.
    virtual bool has_to_be_stored() const = 0;
    /// Whether the same transaction also stores the recipient's part.
    enum class RecipientSide { stored, not_stored };
    /// Adds the sender's part to `store`, without the stanza. With RecipientSide::not_stored the Origin is
    /// left out: nothing proves that the recipient got the message, so the same message sent again is
    /// delivered again. Rather twice than never.
    virtual void add_to(MessageToStore& store, RecipientSide recipient) = 0;
    /// Returns what identifies the message if the client sends it again; null if nothing does.
    virtual const Origin* origin() const = 0;
    /// The stanza as the sender sent it; empty if there is nothing to store. Code that moves the text away
    /// puts it back if it was not stored.
    virtual std::string& xml() = 0;
    /// The seal of the stanza in xml(). A stanza that has this seal is unchanged.
    virtual std::uint64_t seal() const = 0;

    /// The outcome of the message. `id` is 0 if there was nothing to store.
    struct Outcome {
        bool accepted;
        std::uint64_t id;
        bool in_doubt = false; ///< StoreError::unknown
    };
    /// Reports the outcome to the sender's home shard. Any thread.
    static void over(std::unique_ptr<SenderPart> sender_part, Outcome outcome);
    /// Stores the sender's part alone, because no recipient's side took it. On the sender's home shard;
    /// `settlement` keeps the stanza unsettled until the commit.
    static void come_home(std::unique_ptr<SenderPart> sender_part, Settlement settlement);

protected:
    virtual Executor& home() const = 0;
    /// Both are called on the sender's home shard.
    virtual void on_outcome(Outcome outcome) = 0;
    virtual void store_alone(std::unique_ptr<SenderPart> self, Settlement settlement) = 0;

private:
    struct Reported;
};

class Settlement {
public:
    /// A token without a ledger (stanzas of the server itself).
    Settlement() = default;
    Settlement(Settlement&&) = default;
    Settlement& operator=(Settlement&& other) noexcept;
    ~Settlement()
    {
        if (entry_) {
            drop();
        }
    }
    Settlement(const Settlement&) = delete;
    Settlement& operator=(const Settlement&) = delete;

    /// Takes the responsibility: what this holder had to do is committed, delivered, answered (an error is an
    /// answer too), or dropped by a rule of the protocol. Leaves the token empty; an empty one needs no word.
    void settle() &&;
    /// Says that nobody takes the responsibility and that the sender was not told. Leaves the token empty.
    void fail() &&;

    /// Returns another holder of the same token, for one of several things under way. The SenderPart stays
    /// with the first holder: holders may be on several threads.
    Settlement share() const { return Settlement(entry_, false); }

    /// Like share(), for a copy of the stanza that goes to another session of the same addressee, behind the
    /// first: if the first turns out to be a repetition, so is the copy.
    Settlement share_with_copy() const;
    /// Call both on the addressee's home shard.
    void note_repetition();
    bool is_copy_of_repetition() const;

    /// Attaches the SenderPart. Call once, and never on an empty token.
    void carry(std::unique_ptr<SenderPart> sender_part);
    /// Takes the SenderPart out of the token. Null if there is none, or if this holder was made by share().
    std::unique_ptr<SenderPart> take_sender_part();
    /// Returns the SenderPart and leaves it in the token; null as for take_sender_part(). Valid as long as
    /// the token.
    const SenderPart* sender_part() const;

private:
    friend class Ledger;
    struct Entry;
    struct Returned;
    explicit Settlement(std::shared_ptr<Entry> entry, bool is_first = true)
        : entry_(std::move(entry)), is_first_(is_first)
    {}
    void drop() noexcept;
    std::shared_ptr<Entry> entry_;
    bool is_first_ = true;
    bool is_copy_ = false;
};

/// Which stanzas of one session are settled, in the order in which they came. Lives on `home`, like the
/// session.
class Ledger {
public:
    /// The kind of stanza, for code that waits only for iqs.
    enum class Kind : std::uint8_t { iq, other };

    /// How a stanza failed: a holder said so, or a holder was destroyed without a word, which is a bug.
    enum class Failure : std::uint8_t { said, dropped };

    /// `settled` is called on `home` each time a stanza is settled, `failed` each time one has failed. A
    /// stanza that has failed stays open for ever: the owner has to end what waits for it.
    Ledger(Executor& home, Function<void()> settled, Function<void(Failure)> failed = nullptr);
    ~Ledger();
    Ledger(const Ledger&) = delete;

    Settlement open(Kind kind = Kind::other);
    /// Prefetches for an open() that follows soon (base/prefetch.hpp).
    void prepare() const;
    std::size_t open_count() const;
    std::size_t open_iqs() const;
    /// Returns the number of stanzas before the first one that is not settled: the `h` of XEP-0198.
    std::uint64_t settled_prefix() const;

private:
    friend class Settlement;
    struct State;
    struct Ended;
    std::shared_ptr<State> state_;
};

} // namespace stonechat
