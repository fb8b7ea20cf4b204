// SPDX-License-Identifier: Apache-2.0
#include "power_loss.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "power_cut.hpp"
#include "storage/sqlite/open_backend.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <ostream>
#include <random>
#include <span>
#include <stdexcept>
#include <thread>
#include <unordered_map>

namespace stonechat::test {

namespace {

using Opened = Result<std::unique_ptr<StorageBackend>, StorageOpenError>;

Opened open(const std::string& path, const Clock& clock, Log& log)
{
    SqliteOptions options;
    options.path = path;
    options.readers = 1;
    constexpr std::size_t archive_segment = 24; // so that the power also goes while archives are being filed
    return sqlite::open_backend(std::move(options), archive_segment, clock, log);
}

std::unique_ptr<StorageBackend> must_open(const std::string& path, const Clock& clock, Log& log)
{
    auto opened = open(path, clock, log);
    if (!opened) {
        throw std::runtime_error(opened.error().message);
    }
    return std::move(*opened);
}

// --- the recording ---

struct Story {
    Recording recording;
    std::vector<ShardHistory> histories;
};

Story record(const PowerOptions& options, std::uint64_t seed)
{
    const auto path = options.folder + "/recorded.db";
    ManualClock clock;
    Log log;
    write_disk(path, {});
    must_open(path, clock, log).reset(); // a new one appears at once and complete; that is another test's
    Story story;
    PowerRecorder recorder(path);
    {
        const auto backend = must_open(path, clock, log);
        story.histories = run_workload(*backend, recorder, options.shards, options.steps, seed);
    }
    story.recording = recorder.take();
    return story;
}

void count_syncs(const Recording& recording, PowerVerdict& verdict)
{
    for (const auto& event : recording.events) {
        if (event.kind == DiskEvent::Kind::sync_ends) {
            ++verdict.syncs;
            verdict.checkpoints += event.file == database_file;
        }
    }
}

/// Each answer as early as the beginning of the last sync of the log before it.
void answer_before_sync(Story& story)
{
    std::vector<std::size_t> syncs;
    for (const auto& event : story.recording.events) {
        if (event.kind == DiskEvent::Kind::sync_ends && event.file == log_file) {
            syncs.push_back(event.number);
        }
    }
    std::sort(syncs.begin(), syncs.end());
    for (auto& history : story.histories) {
        for (auto& step : history.steps) {
            const auto behind = std::lower_bound(syncs.begin(), syncs.end(), step.answered);
            if (step.answered != never && behind != syncs.begin()) {
                step.answered = *std::prev(behind);
            }
        }
    }
}

/// Moments in order; half of them close to a sync, where the most can go wrong.
std::vector<std::size_t> choose_cuts(const Recording& recording, std::size_t count, std::mt19937_64& random)
{
    const auto& events = recording.events;
    std::vector<std::size_t> syncs;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (events[i].kind == DiskEvent::Kind::sync_begins || events[i].kind == DiskEvent::Kind::sync_ends) {
            syncs.push_back(i);
        }
    }
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i < count; ++i) {
        if (i % 2 == 0 || syncs.empty()) {
            cuts.push_back(random() % (events.size() + 1));
        } else {
            cuts.push_back(std::min(events.size(), syncs[random() % syncs.size()] + random() % 4));
        }
    }
    std::sort(cuts.begin(), cuts.end());
    return cuts;
}

// --- the judge ---

std::uint64_t number_in(const std::string& text)
{
    return std::stoull(text);
}

std::size_t count_answered(const ShardHistory& history, std::size_t cut)
{
    return static_cast<std::size_t>(std::count_if(history.steps.begin(), history.steps.end(),
        [cut](const Step& step) { return step.answered <= cut; }));
}

/// The writes that must be there: all up to the last one that was answered.
std::size_t needed_steps(const ShardHistory& history, std::size_t cut)
{
    std::size_t needed = 0;
    for (std::size_t i = 0; i < history.steps.size() && history.steps[i].asked <= cut; ++i) {
        needed = history.steps[i].answered <= cut ? i + 1 : needed;
    }
    return needed;
}

void apply_all(Kept& kept, const Step& step)
{
    for (const auto& change : step.changes) {
        apply(kept, change);
    }
}

/// What is wrong with a list, next to what it must hold at least.
void compare_lists(const std::vector<std::string>& needed, const std::vector<std::string>& found,
    PowerVerdict& verdict)
{
    std::unordered_map<std::string, std::size_t> counts;
    for (const auto& entry : found) {
        verdict.doubled += ++counts[entry] > 1;
    }
    verdict.lost += static_cast<std::size_t>(std::count_if(needed.begin(), needed.end(),
        [&counts](const std::string& entry) { return !counts.contains(entry); }));
    for (std::size_t i = 1; i < found.size(); ++i) {
        verdict.out_of_order += number_in(found[i]) < number_in(found[i - 1]);
    }
}

/// It fits no moment of the history: says how much of what was answered is not there, as far as
/// that can be told.
PowerVerdict explain(const Kept& needed, const Kept& possible, const Kept& found)
{
    PowerVerdict verdict;
    for (const auto& [where, value] : needed.cells) {
        const auto there = found.cells.find(where);
        const bool may_be_gone = !possible.cells.contains(where);
        verdict.lost += there == found.cells.end() ? !may_be_gone
                                                   : number_in(there->second) < number_in(value);
    }
    for (const auto& [where, list] : found.lists) {
        if (!needed.lists.contains(where) && !possible.lists.contains(where)) {
            verdict.doubled += list.size(); // it was taken out, and is back
        }
    }
    for (const auto& [where, list] : needed.lists) {
        const auto there = found.lists.find(where);
        compare_lists(list, there == found.lists.end() ? std::vector<std::string>() : there->second, verdict);
    }
    if (verdict.lost + verdict.doubled + verdict.out_of_order == 0) {
        verdict.out_of_order = 1; // a later write is there without an earlier one
    }
    return verdict;
}

void note_problem(PowerVerdict& verdict, const std::string& problem)
{
    if (verdict.first_problem.empty()) {
        verdict.first_problem = problem;
    }
}

// --- the images ---

void judge_image(const Story& story, std::size_t cut, const std::string& path, PowerVerdict& verdict)
{
    ManualClock clock;
    Log log;
    ++verdict.images;
    auto backend = open(path, clock, log);
    if (!backend) {
        ++verdict.not_opened;
        for (const auto& history : story.histories) {
            verdict.lost += count_answered(history, cut);
        }
        note_problem(verdict, backend.error().message);
        return;
    }
    for (const auto& history : story.histories) {
        try {
            judge(history, cut, read_kept(**backend, history), verdict);
        } catch (const std::exception& problem) {
            verdict.lost += count_answered(history, cut);
            note_problem(verdict, problem.what());
        }
    }
}

PowerVerdict judge_images(const PowerOptions& options, const Story& story, std::span<const std::size_t> cuts,
    std::uint64_t seed)
{
    const auto path = options.folder + "/image" + std::to_string(seed) + ".db";
    std::mt19937_64 random(seed);
    PowerVerdict verdict;
    PowerCut disk(story.recording,
        options.control == PowerControl::normal_syncs ? Syncs::of_checkpoints : Syncs::all);
    for (const auto cut : cuts) {
        disk.go_to(cut);
        write_disk(path, disk.image(random));
        judge_image(story, cut, path, verdict);
    }
    write_disk(path, {});
    return verdict;
}

PowerVerdict judge_story(const PowerOptions& options, const Story& story, std::size_t images,
    std::mt19937_64& random)
{
    const auto cuts = choose_cuts(story.recording, images, random);
    const auto threads = std::max(options.threads, 1u);
    const auto share = (cuts.size() + threads - 1) / threads;
    PowerVerdict verdict;
    std::mutex mutex;
    std::vector<std::thread> running;
    for (std::size_t first = 0; first < cuts.size(); first += share) {
        const auto part = std::span(cuts).subspan(first, std::min(share, cuts.size() - first));
        running.emplace_back([&, part, seed = random()]() {
            const auto result = judge_images(options, story, part, seed);
            const std::lock_guard lock(mutex);
            verdict.add(result);
        });
    }
    for (auto& thread : running) {
        thread.join();
    }
    for (const auto& history : story.histories) {
        verdict.acknowledged += count_answered(history, never - 1);
    }
    return verdict;
}

} // namespace

void PowerVerdict::add(const PowerVerdict& other)
{
    images += other.images;
    acknowledged += other.acknowledged;
    lost += other.lost;
    doubled += other.doubled;
    out_of_order += other.out_of_order;
    not_opened += other.not_opened;
    syncs += other.syncs;
    checkpoints += other.checkpoints;
    note_problem(*this, other.first_problem);
}

std::ostream& operator<<(std::ostream& out, const PowerVerdict& verdict)
{
    return out << verdict.images << " cycles, " << verdict.acknowledged << " acknowledged, " << verdict.lost
               << " lost, " << verdict.doubled << " doubled, " << verdict.out_of_order << " out of order";
}

void judge(const ShardHistory& history, std::size_t cut, const Kept& found, PowerVerdict& verdict)
{
    const auto needed = needed_steps(history, cut);
    Kept kept;
    for (std::size_t i = 0; i < needed; ++i) {
        apply_all(kept, history.steps[i]);
    }
    auto possible = kept;
    for (auto i = needed; possible != found; ++i) {
        if (i == history.steps.size() || history.steps[i].asked > cut) {
            verdict.add(explain(kept, possible, found));
            note_problem(verdict,
                "shard " + std::to_string(history.shard) + " at " + std::to_string(cut)
                    + ": what is there fits no moment after the last answer");
            return;
        }
        apply_all(possible, history.steps[i]);
    }
}

PowerVerdict try_power_loss(const PowerOptions& options)
{
    std::mt19937_64 random(options.seed);
    PowerVerdict verdict;
    while (verdict.images < options.images) {
        auto story = record(options, random());
        if (options.control == PowerControl::answers_before_sync) {
            answer_before_sync(story);
        }
        count_syncs(story.recording, verdict);
        const auto images = std::min(options.images - verdict.images, options.images_per_recording);
        verdict.add(judge_story(options, story, images, random));
    }
    std::error_code ignored; // a test's leftovers hurt nobody
    std::filesystem::remove_all(options.folder, ignored);
    return verdict;
}

} // namespace stonechat::test
