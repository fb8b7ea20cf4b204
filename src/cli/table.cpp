// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <clocale>
#include <cwchar>
#include <locale.h>

#include <algorithm>

namespace stonechat::cli {
namespace {

/// Text is UTF-8, independent of the user's locale.
class Utf8Locale {
public:
    Utf8Locale() : before_(uselocale(locale())) {}
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;
    ~Utf8Locale() { uselocale(before_); }

private:
    static locale_t locale()
    {
        static const locale_t made = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        return made != nullptr ? made : LC_GLOBAL_LOCALE;
    }
    locale_t before_;
};

bool turns_direction(wchar_t character)
{
    return (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069)
        || character == 0x200e || character == 0x200f;
}

struct Character {
    std::size_t bytes;
    int columns; ///< terminal columns; -1: must not be printed
};

/// Returns the first character of `text`, which must not be empty.
Character first_of(std::string_view text)
{
    std::mbstate_t state {};
    wchar_t character = 0;
    const std::size_t bytes = std::mbrtowc(&character, text.data(), text.size(), &state);
    if (bytes == 0 || bytes > text.size()) { // NUL, or not UTF-8
        return { 1, -1 };
    }
    return { bytes, turns_direction(character) ? -1 : wcwidth(character) };
}

} // namespace

std::string printable(std::string_view text)
{
    const Utf8Locale utf8;
    std::string shown;
    while (!text.empty()) {
        const Character first = first_of(text);
        shown += first.columns < 0 ? std::string_view("?") : text.substr(0, first.bytes);
        text.remove_prefix(first.bytes);
    }
    return shown;
}

std::size_t width_of(std::string_view text)
{
    const Utf8Locale utf8;
    std::size_t width = 0;
    while (!text.empty()) {
        const Character first = first_of(text);
        width += static_cast<std::size_t>(std::max(first.columns, 0));
        text.remove_prefix(first.bytes);
    }
    return width;
}

Table::Table(std::vector<std::string> headers)
{
    rows_.push_back(std::move(headers));
}

void Table::add(std::vector<std::string> cells)
{
    cells.resize(rows_.front().size());
    std::transform(cells.begin(), cells.end(), cells.begin(),
        [](const std::string& cell) { return printable(cell); });
    rows_.push_back(std::move(cells));
}

std::string Table::text(std::size_t indent) const
{
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (std::size_t column = 0; column < widths.size(); ++column) {
        for (std::size_t row = 1; row < rows_.size(); ++row) {
            widths[column] = std::max(widths[column], width_of(rows_[row][column]));
        }
        if (widths[column] > 0) {
            widths[column] = std::max(widths[column], width_of(rows_.front()[column]));
        }
    }
    std::string all;
    for (const auto& row : rows_) {
        std::string line(indent, ' ');
        for (std::size_t column = 0; column < widths.size(); ++column) {
            if (widths[column] > 0) {
                line += row[column] + std::string(widths[column] - width_of(row[column]) + 2, ' ');
            }
        }
        line.erase(line.find_last_not_of(' ') + 1);
        all += line + '\n';
    }
    return all;
}

std::string counted(std::size_t count, std::string_view noun)
{
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

} // namespace stonechat::cli
