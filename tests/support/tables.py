# SPDX-License-Identifier: Apache-2.0
"""Reads what stonechatctl prints for people: columns under headers in capital letters."""
import re
import unicodedata

DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
_HEADER = re.compile(r"\s*[A-Z]+(?: \(UTC\))?(?:  +[A-Z]+(?: \(UTC\))?)*")
_WIDE_END = "\0"


def rows_of(text, **wanted):
    """The rows of all tables in `text` that have these values, each as {header: value}."""
    rows, columns = [], None
    for line in text.splitlines():
        if _HEADER.fullmatch(line):
            starts = [found.start() for found in re.finditer(r"[A-Z]+(?: \(UTC\))?", line)]
            columns = list(zip(starts, starts[1:] + [None]))
            headers = [line[start:end].strip() for start, end in columns]
        elif columns:
            cells = "".join(c + _WIDE_END * (unicodedata.east_asian_width(c) in "WF") for c in line)
            values = [cells[start:end].strip().replace(_WIDE_END, "") for start, end in columns]
            rows.append(dict(zip(headers, values)))
    return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]
