// SPDX-License-Identifier: Apache-2.0
// Output of command line programs for people: tables, and text from strangers without terminal control
// characters. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat::cli {

/// Returns `text` on one line. Control characters, and those that change the direction of writing, become
/// question marks: a room's name must neither move the cursor nor look like another line.
std::string printable(std::string_view text);

/// Returns the number of terminal columns that `text` takes.
std::size_t width_of(std::string_view text);

/// A table with headers. Each column is as wide as its widest cell. Cells are made printable.
class Table {
public:
    explicit Table(std::vector<std::string> headers);

    /// Adds a row. There must be as many cells as headers.
    void add(std::vector<std::string> cells);
    std::size_t rows() const { return rows_.size() - 1; }
    /// Returns the table with `indent` spaces before each line, without columns that are empty in all rows.
    std::string text(std::size_t indent = 0) const;

private:
    std::vector<std::vector<std::string>> rows_; ///< the first row has the headers
};

/// Returns a count with its noun: "1 room", "2 rooms".
std::string counted(std::size_t count, std::string_view noun);

} // namespace stonechat::cli
