// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_state_writer.hpp"

#include <utility>

namespace stonechat {
namespace {

/// Delay of changes that are not urgent, and of the next attempt after a failed commit.
constexpr std::chrono::seconds patience { 1 };

} // namespace

StreamStateWriter::StreamStateWriter(Shard& shard, StreamStore& store)
    : shard_(shard), store_(store),
      later_([](void* self) { static_cast<StreamStateWriter*>(self)->flush(); }, this)
{}

StreamStateWriter::~StreamStateWriter()
{
    if (at_turn_end_) {
        shard_.forget(*this);
    }
}

void StreamStateWriter::mark(std::shared_ptr<Subject> subject, Urgency urgency)
{
    if (!std::exchange(subject->is_marked_, true)) {
        marked_.push_back(std::move(subject));
    }
    if (urgency == Urgency::now) {
        urgent_ = true;
        flush_at_turn_end();
    } else if (!later_.is_running()) {
        later_.start(shard_.timers(), patience);
    }
}

void StreamStateWriter::flush_at_turn_end()
{
    if (!in_flight_ && !std::exchange(at_turn_end_, true)) {
        shard_.at_turn_end(*this);
    }
}

void StreamStateWriter::on_turn_end()
{
    at_turn_end_ = false;
    flush();
}

void StreamStateWriter::flush()
{
    if (in_flight_) {
        return;
    }
    urgent_ = false;
    later_.stop();
    std::vector<StreamNote> notes;
    std::vector<std::shared_ptr<Subject>> noted;
    for (auto& subject : std::exchange(marked_, {})) {
        subject->is_marked_ = false;
        if (auto note = subject->take_note()) {
            notes.push_back(std::move(*note));
            noted.push_back(std::move(subject));
        }
    }
    if (notes.empty()) {
        tell_if_idle();
        return;
    }
    in_flight_ = true;
    store_.note(std::move(notes))
        .then([self = weak_from_this(),
                  noted = std::move(noted)](const Result<Done, StoreError>& done) mutable {
            if (const auto writer = self.lock()) {
                writer->on_answer(std::move(noted), done.has_value());
            }
        });
}

void StreamStateWriter::on_answer(std::vector<std::shared_ptr<Subject>> subjects, bool committed)
{
    in_flight_ = false;
    for (const auto& subject : subjects) {
        subject->on_noted(committed);
        if (!committed) {
            mark(subject, Urgency::soon);
        }
    }
    if (!committed) {
        for (auto& done : std::exchange(when_idle_, {})) {
            done(); // waiting longer would not help
        }
        return;
    }
    if (urgent_ || (!when_idle_.empty() && !marked_.empty())) {
        flush_at_turn_end();
    }
    tell_if_idle();
}

void StreamStateWriter::when_idle(Function<void()> done)
{
    when_idle_.push_back(std::move(done));
    if (!marked_.empty()) {
        flush_at_turn_end();
    }
    tell_if_idle();
}

void StreamStateWriter::tell_if_idle()
{
    if (in_flight_ || !marked_.empty()) {
        return;
    }
    for (auto& done : std::exchange(when_idle_, {})) {
        done();
    }
}

} // namespace stonechat
