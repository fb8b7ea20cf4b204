// SPDX-License-Identifier: Apache-2.0
#include "xmpp/date_time.hpp"

#include <fmt/format.h>

namespace stonechat {
namespace {

using namespace std::chrono;

/// Reads numbers and separators from the front of a text. After the first error all further reads fail.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    int number(std::size_t digits)
    {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            value = value * 10 + digit();
        }
        return value;
    }

    void expect(char c)
    {
        if (!skip(c)) {
            failed_ = true;
        }
    }

    bool skip(char c)
    {
        if (text_.empty() || text_.front() != c) {
            return false;
        }
        text_.remove_prefix(1);
        return true;
    }

    /// Reads `.` and any number of digits. Digits below a microsecond are dropped.
    microseconds fraction()
    {
        if (!skip('.')) {
            return microseconds(0);
        }
        std::int64_t value = digit();
        int digits = 1;
        while (!failed_ && !text_.empty() && is_digit(text_.front())) {
            const int next = digit();
            value = digits < 6 ? value * 10 + next : value;
            ++digits;
        }
        for (; digits < 6; ++digits) {
            value *= 10;
        }
        return microseconds(value);
    }

    /// Reads `Z` or `±hh:mm`.
    minutes offset()
    {
        if (skip('Z')) {
            return minutes(0);
        }
        const bool is_negative = skip('-');
        if (!is_negative) {
            expect('+');
        }
        const int hour = number(2);
        expect(':');
        const int minute = number(2);
        failed_ = failed_ || hour > 23 || minute > 59;
        const auto offset = hours(hour) + minutes(minute);
        return is_negative ? -offset : offset;
    }

    bool ended_well() const { return !failed_ && text_.empty(); }

private:
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    int digit()
    {
        if (text_.empty() || !is_digit(text_.front())) {
            failed_ = true;
            return 0;
        }
        const int value = text_.front() - '0';
        text_.remove_prefix(1);
        return value;
    }

    std::string_view text_;
    bool failed_ = false;
};

} // namespace

std::string to_datetime(WallTime time, bool milliseconds)
{
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<std::chrono::milliseconds>(time - day));
    std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
        clock.minutes().count(), clock.seconds().count());
    if (milliseconds) {
        text += fmt::format(".{:03}", clock.subseconds().count());
    }
    text += 'Z';
    return text;
}

std::optional<WallTime> parse_datetime(std::string_view text)
{
    Reader reader(text);
    const int year_number = reader.number(4);
    reader.expect('-');
    const int month_number = reader.number(2);
    reader.expect('-');
    const int day_number = reader.number(2);
    reader.expect('T');
    const int hour = reader.number(2);
    reader.expect(':');
    const int minute = reader.number(2);
    reader.expect(':');
    const int second = reader.number(2);
    const microseconds fraction = reader.fraction();
    const minutes offset = reader.offset();

    const year_month_day date(year(year_number), month(static_cast<unsigned>(month_number)),
        day(static_cast<unsigned>(day_number)));
    // 60 is a leap second (RFC 3339 §5.6); it counts as the first second of the next minute.
    const bool fits = date.ok() && hour <= 23 && minute <= 59 && second <= 60;
    if (!reader.ended_well() || !fits) {
        return std::nullopt;
    }
    return WallTime(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) + fraction - offset;
}

} // namespace stonechat
