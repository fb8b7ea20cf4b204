// SPDX-License-Identifier: Apache-2.0
// What the storage tests share: a home whose thread is the test's own, a folder that goes when the
// test ends, and `answer`, which waits for one answer at home.
#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/log.hpp"
#include "storage/sqlite/open_backend.hpp"
#include "storage/storage.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace stonechat::test {

/// Tasks gather until the test runs them, on the thread that the home was made on.
class QueueExecutor final : public Executor {
public:
    void post(Function<void()> task) override
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        ++posts_;
        filled_.notify_one();
    }

    /// Runs the oldest task; waits for one first. Throws after a minute without anything.
    void run_one()
    {
        Function<void()> task;
        {
            std::unique_lock lock(mutex_);
            if (!filled_.wait_for(lock, std::chrono::minutes(1), [this]() { return !tasks_.empty(); })) {
                throw std::logic_error("no answer came home");
            }
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        CHECK_EQ(std::this_thread::get_id(), thread_);
        task();
    }

    template <class Condition> void run_until(Condition condition)
    {
        while (!condition()) {
            run_one();
        }
    }

    std::size_t posts() const
    {
        const std::lock_guard lock(mutex_);
        return posts_;
    }

private:
    const std::thread::id thread_ = std::this_thread::get_id();
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Function<void()>> tasks_;
    std::size_t posts_ = 0;
};

/// The answer, when it has come home.
template <class T> Result<T, StoreError> answer(QueueExecutor& home, Stored<T> pending)
{
    std::optional<Result<T, StoreError>> result;
    std::move(pending).then([&result](Result<T, StoreError> r) { result.emplace(std::move(r)); });
    home.run_until([&result]() { return result.has_value(); });
    return std::move(*result);
}

/// The value of the answer, which has to be one.
template <class T> T value(QueueExecutor& home, Stored<T> pending)
{
    auto result = answer(home, std::move(pending));
    REQUIRE(result.has_value());
    return std::move(*result);
}

class TemporaryFolder {
public:
    TemporaryFolder()
    {
        auto name = (std::filesystem::temp_directory_path() / "stonechat-storage-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder()
    {
        std::error_code ignored; // a test's leftovers hurt nobody
        std::filesystem::remove_all(path_, ignored);
    }

    std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// An SQLite backend that has to open.
inline std::unique_ptr<StorageBackend> open_at(const std::string& path, const Clock& clock, Log& log,
    std::uint64_t max_bytes = 0, std::size_t archive_segment = sqlite::usual_archive_segment)
{
    SqliteOptions options;
    options.path = path;
    options.max_bytes = max_bytes;
    auto opened = sqlite::open_backend(std::move(options), archive_segment, clock, log);
    const auto problem = opened.has_value() ? std::string() : opened.error().message;
    INFO(problem);
    REQUIRE(opened.has_value());
    return std::move(*opened);
}

inline MailboxMessage message(const std::string& sender, const std::string& xml)
{
    MailboxMessage message;
    message.sender = sender;
    message.stamp = WallTime(std::chrono::seconds(1'700'000'000));
    message.xml = xml;
    return message;
}

inline std::vector<std::uint64_t> rows_of(const std::vector<MailboxMessage>& mail)
{
    std::vector<std::uint64_t> rows;
    for (const auto& each : mail) {
        rows.push_back(each.row);
    }
    return rows;
}

/// Puts mail in that no archive gets.
inline Stored<MessageReceipt> append(Storage& storage, const AccountKey& key, MailboxMessage message,
    const MailboxLimits& limits = MailboxLimits())
{
    MessageToStore to_store;
    to_store.stamp = message.stamp;
    to_store.xml = std::move(message.xml);
    to_store.mailbox = MailboxEntry { key, std::move(message.sender), limits };
    return storage.messages().accept(std::move(to_store));
}

inline ScramVerifier verifier(ScramHash hash, const std::string& salt)
{
    ScramVerifier verifier;
    verifier.hash = hash;
    verifier.salt = salt;
    verifier.iterations = 10'000;
    verifier.stored_key = std::string("stored\0key", 10);
    verifier.server_key = "server key";
    return verifier;
}

inline RosterRecord contact(const std::string& jid)
{
    RosterRecord record;
    record.contact = *Jid::parse(jid);
    return record;
}

} // namespace stonechat::test
