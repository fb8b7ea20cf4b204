// SPDX-License-Identifier: Apache-2.0
// What command line programs show to people: columns under headers, and text from strangers without what
// would steer the terminal. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat::cli {

/// `text` on one line. Control characters, and those that turn the direction of writing, become question
/// marks: a room's name must neither move the cursor nor look like another line.
std::string printable(std::string_view text);

/// Columns on a terminal that `text` takes.
std::size_t width_of(std::string_view text);

/// Rows under headers, each column as wide as its widest cell. Cells are made printable.
class Table {
public:
    explicit Table(std::vector<std::string> headers);

    /// As many cells as there are headers.
    void add(std::vector<std::string> cells);
    std::size_t rows() const { return rows_.size() - 1; }
    /// With `indent` spaces before each line. Columns in which no row has anything are left out.
    std::string text(std::size_t indent = 0) const;

private:
    std::vector<std::vector<std::string>> rows_; ///< the headers first
};

/// "1 room", "2 rooms".
std::string counted(std::size_t count, std::string_view noun);

} // namespace stonechat::cli
