// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace stonechat {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level)
{
    switch (level) {
    case LogLevel::trace: return spdlog::level::trace;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: return spdlog::level::off;
    }
    return spdlog::level::off;
}

/// Returns the prefix from which systemd reads a line's priority (sd-daemon(3)).
std::string_view journal_prefix(LogLevel level)
{
    switch (level) {
    case LogLevel::trace:
    case LogLevel::debug: return "<7>";
    case LogLevel::info: return "<6>";
    case LogLevel::warning: return "<4>";
    case LogLevel::error:
    case LogLevel::off: return "<3>";
    }
    return "<6>";
}

std::shared_ptr<spdlog::logger> make_sink(const Log::Options& options)
{
    std::shared_ptr<spdlog::logger> logger;
    switch (options.target) {
    case Log::Target::stderr_stream:
    case Log::Target::journald:
        logger = std::make_shared<spdlog::logger>("stonechat",
            std::make_shared<spdlog::sinks::stderr_sink_mt>());
        break;
    case Log::Target::file:
        logger = std::make_shared<spdlog::logger>("stonechat",
            std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file, options.rotate_bytes,
                options.keep_files));
        logger->flush_on(spdlog::level::info);
        break;
    }
    const bool journal = options.target == Log::Target::journald;
    logger->set_pattern(journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->set_level(spdlog::level::trace);
    return logger;
}

/// Quotes values with spaces, quotes or control characters, so that input cannot forge a line.
void append_value(std::string& line, std::string_view value)
{
    const auto plain = [](unsigned char c) { return c > 0x20 && c != '"' && c != '\\' && c != 0x7f; };
    if (!value.empty() && std::all_of(value.begin(), value.end(), plain)) {
        line += value;
        return;
    }
    line += '"';
    for (const unsigned char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += static_cast<char>(c);
        } else if (c < 0x20 || c == 0x7f) {
            line += fmt::format("\\x{:02x}", c);
        } else {
            line += static_cast<char>(c);
        }
    }
    line += '"';
}

} // namespace

Log::Log(const Options& options)
    : sink_(make_sink(options)), level_(options.level), lines_per_second_(options.lines_per_second),
      journal_(options.target == Target::journald)
{}

Log::Log() : level_(LogLevel::off) {}

Log::~Log() = default;

std::optional<unsigned long> Log::admit(std::string_view event)
{
    if (lines_per_second_ == 0) {
        return 0;
    }
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    Window& window = windows_[std::string(event)];
    if (now - window.start >= std::chrono::seconds(1)) {
        window.start = now;
        window.lines = 0;
    }
    if (window.lines >= lines_per_second_) {
        ++window.suppressed;
        return std::nullopt;
    }
    ++window.lines;
    return std::exchange(window.suppressed, 0);
}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields)
{
    if (!sink_ || !enabled(level)) {
        return;
    }
    const auto suppressed = admit(event);
    if (!suppressed) {
        return;
    }
    std::string line;
    if (journal_) {
        line += journal_prefix(level);
    }
    line += event;
    for (const LogField& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        append_value(line, field.value);
    }
    if (*suppressed > 0) {
        line += fmt::format(" suppressed={}", *suppressed);
    }
    sink_->log(to_spdlog(level), line);
}

void Log::info(std::string_view event, std::initializer_list<LogField> fields)
{
    write(LogLevel::info, event, fields);
}

void Log::warning(std::string_view event, std::initializer_list<LogField> fields)
{
    write(LogLevel::warning, event, fields);
}

void Log::error(std::string_view event, std::initializer_list<LogField> fields)
{
    write(LogLevel::error, event, fields);
}

void Log::debug(std::string_view event, std::initializer_list<LogField> fields)
{
    write(LogLevel::debug, event, fields);
}

} // namespace stonechat
