#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What must not be left lying about in a committed file: unfinished work, paths of one machine, numbers of
tickets that a reader cannot open, merge markers, and tests that look inside a class.
"""

import re
import sys

from _tree import Tree, main

WORDS = [
    (r"\b(TODO|FIXME|XXX|HACK)\b", "unfinished work"),
    (r"(?i)\bnot (yet )?implemented yet\b|\bto be implemented\b", "unfinished work"),
    (r"(?<![\w.<])/(work|home)/[a-z]", "a path of one machine"),
    (r"(?i)\bissue #?\d+\b", "the number of a ticket"),
    (r"^(<<<<<<<|>>>>>>>) ", "a merge marker"),
    (r"#\s*ifn?def\s+\w*TEST\w*\b|\bfriend\s+(class|struct)\s+\w*Test", "a test that looks inside"),
]
EXEMPT = ("tests/check/forbidden_words.py", "LICENSE")


def check(tree: Tree):
    for name, text in tree.files.items():
        if name in EXEMPT:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, meaning in WORDS:
                found = re.search(pattern, line)
                if found:
                    yield name, number, f"{meaning}: {found.group(0)}"


SAMPLES = [
    ("good", 0, {"a.md": "A session is bound. See docs/decisions/. https://example.org/home/x\n"}),
    ("unfinished", 1, {"a.cpp": "// TODO later\n"}),
    ("path", 1, {"a.py": "open('/work/main/x')\n"}),
    ("ticket", 1, {"a.md": "see issue 12\n"}),
    ("merge", 1, {"a.md": "<<<<<<< HEAD\n"}),
    ("friend", 1, {"a.hpp": "    friend class RouterTest;\n"}),
]

if __name__ == "__main__":
    sys.exit(main(check, SAMPLES))
