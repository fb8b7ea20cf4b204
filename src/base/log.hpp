// SPDX-License-Identifier: Apache-2.0
// Log: events with fields (who, what, why), never bodies, passwords or tokens. One object, made in
// main and handed down by reference; any thread may write. Lines of one event name are limited to
// a few per second, so that hostile input cannot fill the disk; what was left out is counted in the
// next line that gets through.
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
    /// Where lines go: standard error, journald (level prefixes for systemd) or a rotated file.
    enum class Target { stderr_stream, journald, file };

    struct Options {
        Target target = Target::stderr_stream;
        LogLevel level = LogLevel::info;
        std::string file; ///< for Target::file
        std::size_t rotate_bytes = 64 * 1024 * 1024;
        std::size_t keep_files = 5;
        unsigned lines_per_second = 20; ///< for one event name; 0 = no limit
    };

    explicit Log(const Options& options);
    /// A log that keeps nothing, for tests.
    Log();
    ~Log();

    bool enabled(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
    void set_level(LogLevel level) { level_ = level; }

    /// Writes `event name=value …`. `event` is a fixed word or two (it is the class that is limited).
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
    /// Counts one line of `event`; the number left out before it, or nothing if this one is left out.
    std::optional<unsigned long> admit(std::string_view event);

    std::shared_ptr<spdlog::logger> sink_;
    std::atomic<LogLevel> level_;
    unsigned lines_per_second_ = 0;
    bool journal_ = false;
    std::mutex mutex_;
    boost::unordered_flat_map<std::string, Window> windows_;
};

} // namespace stonechat
