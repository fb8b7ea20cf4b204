#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No function in src/ has more than 60 lines between its braces.

The formatter puts the brace that opens a function on a line of its own, and the one that closes it under it.
"""

import re
import sys

from _tree import Tree, blank, main

MOST = 60
OPENING = re.compile(r" *\{$")


def check(tree: Tree):
    for name, text in tree.sources("src/"):
        lines = blank(text).splitlines()
        for number, line in enumerate(lines):
            if not OPENING.match(line.rstrip()):
                continue
            closing = line.rstrip()[:-1] + "}"
            inside = next((i for i, later in enumerate(lines[number + 1:]) if later.startswith(closing)), 0)
            if inside > MOST:
                yield name, number, f"a function of {inside} lines; at most {MOST}"


def _function(lines):
    return "void f()\n{\n" + "    g();\n" * lines + "}\n"


SAMPLES = [
    ("short enough", 0, {"src/a.cpp": _function(MOST)}),
    ("too long", 1, {"src/a.cpp": _function(MOST + 1)}),
    ("the second one is too long", 1, {"src/a.cpp": _function(3) + _function(MOST + 1)}),
    ("too long in a class", 1, {
        "src/a.hpp": "class A {\n    void f()\n    {\n" + "        g();\n" * (MOST + 1) + "    }\n};\n"}),
    ("a brace in a comment", 0, {"src/a.cpp": "// {\n" + "int a;\n" * 100}),
    ("tests may be long", 0, {"tests/a.cpp": _function(MOST + 1)}),
]

if __name__ == "__main__":
    sys.exit(main(check, SAMPLES))
