// SPDX-License-Identifier: Apache-2.0
// Log: events with fields (who, what, why), never bodies, passwords or tokens. One object, made in main and
// passed by reference; any thread may write. Lines with the same event name are limited to a few per second,
// so that hostile input cannot fill the disk. The next line that is written contains the number of dropped
// ones.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace stonechat {

enum class LogLevel { trace, debug, info, warning, error, off };

struct LogField {
    std::string_view name;
    std::string_view value;
};

class Log {
public:
    /// Output of the log: standard error, journald (level prefixes for systemd) or a rotated file.
    enum class Target { stderr_stream, journald, file };

    struct Options {
        Target target = Target::stderr_stream;
        LogLevel level = LogLevel::info;
        std::string file; ///< for Target::file
        std::size_t rotate_bytes = 64 * 1024 * 1024;
        std::size_t keep_files = 5;
        unsigned lines_per_second = 20; ///< per event name; 0 = no limit
    };

    explicit Log(const Options& options);
    /// A log that drops everything, for tests.
    Log();
    ~Log();

    bool enabled(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
    void set_level(LogLevel level) { level_ = level; }

    /// Writes `event name=value …`. `event` is a fixed word or two: the limit of lines applies to each event
    /// name.
    void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

    void info(std::string_view event, std::initializer_list<LogField> fields = {});
    void warning(std::string_view event, std::initializer_list<LogField> fields = {});
    void error(std::string_view event, std::initializer_list<LogField> fields = {});
    void debug(std::string_view event, std::initializer_list<LogField> fields = {});

private:
    struct Window {
        std::chrono::steady_clock::time_point start;
        unsigned lines = 0;
        unsigned long suppressed = 0;
    };
    /// Counts one line of `event`. Returns the number of lines dropped before it, or nothing if this line is
    /// dropped.
    std::optional<unsigned long> admit(std::string_view event);

    std::shared_ptr<spdlog::logger> sink_;
    std::atomic<LogLevel> level_;
    unsigned lines_per_second_ = 0;
    bool journal_ = false;
    std::mutex mutex_;
    boost::unordered_flat_map<std::string, Window> windows_;
};

} // namespace stonechat
