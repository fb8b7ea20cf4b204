// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdlib.h>
#include <string>
#include <vector>

using namespace stonechat;

namespace {

/// A log into a file of its own that goes away with it.
class FileLog {
public:
    explicit FileLog(Log::Options options = {})
    {
        std::string folder = (std::filesystem::temp_directory_path() / "stonechat-log-XXXXXX").string();
        REQUIRE(mkdtemp(folder.data()) != nullptr);
        folder_ = folder;
        options.target = Log::Target::file;
        options.file = (folder_ / "log").string();
        log_ = std::make_unique<Log>(options);
    }
    ~FileLog()
    {
        log_.reset();
        std::filesystem::remove_all(folder_);
    }

    Log& operator*() { return *log_; }
    Log* operator->() { return log_.get(); }

    /// What was written, without the time in front of each line.
    std::vector<std::string> lines() const
    {
        std::ifstream file(folder_ / "log");
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);) {
            lines.push_back(line.substr(line.find(' ') + 1));
        }
        return lines;
    }

private:
    std::filesystem::path folder_;
    std::unique_ptr<Log> log_;
};

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("log: an event with its fields is one line")
{
    FileLog log;
    log->info("login", { { "user", "juliet@example.org" }, { "address", "::1" } });
    CHECK(log.lines() == Lines { "info login user=juliet@example.org address=::1" });
}

TEST_CASE("log: values cannot forge a line")
{
    FileLog log;
    log->warning("refused",
        { { "why", "a b" }, { "empty", "" }, { "quote", "a\"b\\" }, { "line", "x\ninfo login" },
            { "control", "\x1b[2J\x7f" } });
    CHECK(log.lines()
        == Lines { "warning refused why=\"a b\" empty=\"\" quote=\"a\\\"b\\\\\" line=\"x\\x0ainfo login\" "
                   "control=\"\\x1b[2J\\x7f\"" });
}

TEST_CASE("log: what is below the level is not written, and the level can change")
{
    FileLog log;
    log->debug("unseen");
    CHECK_FALSE(log->enabled(LogLevel::debug));
    log->set_level(LogLevel::debug);
    log->debug("seen");
    log->set_level(LogLevel::off);
    log->error("unseen");
    log->set_level(LogLevel::info);
    log->error("broken");
    REQUIRE(log.lines().size() == 2);
    CHECK(log.lines()[0] == "debug seen");
}

TEST_CASE("log: lines of one event are limited, others are not touched by it")
{
    Log::Options options;
    options.lines_per_second = 5;
    FileLog log(options);
    for (int i = 0; i < 1000; ++i) {
        log->warning("flood");
    }
    log->warning("other");
    const Lines lines = log.lines();
    const auto floods = std::count(lines.begin(), lines.end(), "warning flood");
    CHECK(floods >= 5);
    CHECK(floods <= 10); // a second may have passed in between
    CHECK(lines.back() == "warning other");
}

TEST_CASE("log: no limit if it is set to 0")
{
    Log::Options options;
    options.lines_per_second = 0;
    FileLog log(options);
    for (int i = 0; i < 200; ++i) {
        log->info("often");
    }
    CHECK(log.lines().size() == 200);
}

TEST_CASE("log: one that keeps nothing may be written to")
{
    Log log;
    log.error("nobody reads this", { { "a", "b" } });
    CHECK_FALSE(log.enabled(LogLevel::error));
}
