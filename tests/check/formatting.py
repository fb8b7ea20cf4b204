#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sources look as clang-format leaves them; `./dev format` puts them right."""

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from _tree import ROOT, Tree, main

TOOL = "clang-format-16"


def offences(file):
    name, text = file
    done = subprocess.run([TOOL, "--dry-run", "-Werror", f"--assume-filename={ROOT}/{name}"],
                          input=text, capture_output=True, text=True, cwd=ROOT)
    first = re.search(r":(\d+):\d+: error", done.stderr)
    return [(name, int(first.group(1)) if first else 1, "not formatted: ./dev format")] if done.returncode else []


def check(tree: Tree):
    if not shutil.which(TOOL):
        print(f"{TOOL} is not installed: ./dev deps check")
        yield "tests/check/formatting.py", 1, "cannot look"
        return
    with ThreadPoolExecutor() as pool:
        for found in pool.map(offences, tree.sources()):
            yield from found


SAMPLES = [
    ("good", 0, {"src/a.cpp": "// A comment.\nint a()\n{\n    return 1;\n}\n"}),
    ("bad", 1, {"src/a.cpp": "int a() {\n  return 1; }\n"}),
]

if __name__ == "__main__":
    sys.exit(main(check, SAMPLES))
