// SPDX-License-Identifier: Apache-2.0
// The workload of the power loss test: some shards write to one database at the same time, and note of
// each write what it changes, when it was asked for and when it was answered, as a position in the
// recording of the disk. What a shard's writes make together can be read from a database again.
#pragma once

#include "base/executor.hpp"
#include "power_recorder.hpp"
#include "storage/storage.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace stonechat::test {

/// What is kept for the accounts of one shard, in words: single values by name, and lists.
struct Kept {
    std::map<std::string, std::string> cells;
    std::map<std::string, std::vector<std::string>> lists;

    friend bool operator==(const Kept&, const Kept&) = default;
};

struct Change {
    enum class Kind : std::uint8_t { set, erase, append, take_out };
    Kind kind;
    std::string where;
    std::string value;
};

void apply(Kept& kept, const Change& change);

inline constexpr auto never = std::numeric_limits<std::size_t>::max();

/// One write: all of its changes or none.
struct Step {
    std::vector<Change> changes;
    std::size_t asked = 0;
    std::size_t answered = never;
};

/// A home whose tasks remember how far the disk was when they were posted: what an answer says is
/// said then, not when somebody gets round to hearing it.
class StampingHome final : public Executor {
public:
    explicit StampingHome(const PowerRecorder* recorder = nullptr) : recorder_(recorder) {}

    void post(Function<void()> task) override;
    /// Runs the oldest task; waits for one first. Throws after a minute without anything.
    void run_one();
    bool run_if_any();
    /// Where the disk was when the task that is running was posted.
    std::size_t posted() const { return posted_; }

    template <class T> Result<T, StoreError> answer(Stored<T> pending)
    {
        std::optional<Result<T, StoreError>> result;
        std::move(pending).then([&result](Result<T, StoreError> r) { result.emplace(std::move(r)); });
        while (!result) {
            run_one();
        }
        return std::move(*result);
    }

private:
    struct Task {
        Function<void()> run;
        std::size_t posted;
    };
    void run(Task task);

    const PowerRecorder* recorder_;
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Task> tasks_;
    std::size_t posted_ = 0;
};

/// What one shard wrote, in the order in which it asked.
struct ShardHistory {
    unsigned shard = 0;
    std::vector<std::string> tokens; ///< of all its resumable sessions
    std::vector<Step> steps;
};

/// Has `shards` threads make `steps` writes each. All must succeed; throws if one does not.
std::vector<ShardHistory> run_workload(StorageBackend& backend, const PowerRecorder& recorder,
    unsigned shards, std::size_t steps, std::uint64_t seed);

/// What the database holds for a shard.
Kept read_kept(StorageBackend& backend, const ShardHistory& history);

} // namespace stonechat::test
