// SPDX-License-Identifier: Apache-2.0
// StreamStateWriter: writes down, for all resumable sessions of one shard, what the client may be told
// and what has to outlive the server (XEP-0198). All that changed in one turn of the loop goes to the
// store as one transaction; what changes while that is under way gathers for the next. Owned by C2s,
// one per shard; shard-bound.
#pragma once

#include "net/shard.hpp"
#include "net/timer_wheel.hpp"
#include "storage/stream_store.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace stonechat {

class StreamStateWriter final : public std::enable_shared_from_this<StreamStateWriter>, private TurnEnd {
public:
    /// Whose changes are written down.
    class Subject {
    public:
        virtual ~Subject() = default;
        /// What has changed since the last note; nothing if nothing has. `on_noted` follows.
        virtual std::optional<StreamNote> take_note() = 0;
        /// The note is committed, or could not be: then it will be asked for again.
        virtual void on_noted(bool committed) = 0;

    private:
        friend class StreamStateWriter;
        bool is_marked_ = false;
    };

    StreamStateWriter(Shard& shard, StreamStore& store);
    ~StreamStateWriter() override;
    StreamStateWriter(const StreamStateWriter&) = delete;

    enum class Urgency {
        now,  ///< somebody waits: at the end of this turn
        soon, ///< with the next that is urgent, or in a second
    };
    /// `subject` has something to write down. It is held until it was asked for it.
    void mark(std::shared_ptr<Subject> subject, Urgency urgency);

    /// Calls `done` when everything is written down (now, if it is).
    void when_idle(Function<void()> done);

    /// At the end of the service: what is not written down by now never will be. The subjects own the
    /// journal.
    void abandon() { marked_.clear(); }

private:
    void on_turn_end() override;
    void flush();
    void on_answer(std::vector<std::shared_ptr<Subject>> subjects, bool committed);
    void flush_at_turn_end();
    void tell_if_idle();

    Shard& shard_;
    StreamStore& store_;
    std::vector<std::shared_ptr<Subject>> marked_;
    std::vector<Function<void()>> when_idle_;
    Timer later_;
    bool urgent_ = false;
    bool in_flight_ = false;
    bool at_turn_end_ = false;
};

} // namespace stonechat
