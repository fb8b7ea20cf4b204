// SPDX-License-Identifier: Apache-2.0
// StreamStateWriter: stores the state of all resumable sessions of one shard (XEP-0198): the `h` that the
// client may be told, and what has to survive a restart. All changes of one turn of the loop go to the store
// in one transaction; changes during that transaction wait for the next one. One per shard, shared by C2s and
// the sessions (ResumableSessions); shard-bound.
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
    /// A session whose changes are stored.
    class Subject {
    public:
        virtual ~Subject() = default;
        /// Returns what has changed since the last note, or nothing. A call of on_noted() follows a note.
        virtual std::optional<StreamNote> take_note() = 0;
        /// The note is committed, or the commit failed: then take_note() will be called again.
        virtual void on_noted(bool committed) = 0;

    private:
        friend class StreamStateWriter;
        bool is_marked_ = false;
    };

    StreamStateWriter(Shard& shard, StreamStore& store);
    ~StreamStateWriter() override;
    StreamStateWriter(const StreamStateWriter&) = delete;

    enum class Urgency {
        now,  ///< a client waits: at the end of this turn
        soon, ///< with the next urgent change, or after a second
    };
    /// `subject` has a change to store. The writer keeps it alive until take_note() was called.
    void mark(std::shared_ptr<Subject> subject, Urgency urgency);

    /// Calls `done` when all changes are stored; at once if they are. Also calls it when a commit fails.
    void when_idle(Function<void()> done);

    /// Drops all changes that are not stored yet, at the end of the service. This breaks the ownership cycle:
    /// the subjects own the writer.
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
