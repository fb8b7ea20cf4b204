#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source says its licence in its first line (after #!), and every header is included once."""

import sys

from _tree import Tree, main

WITH_LICENCE = (".cpp", ".hpp", ".py", ".sh", ".cmake", "CMakeLists.txt", ".js", ".ts", ".css")
LINE = "SPDX-License-Identifier: Apache-2.0"


def check(tree: Tree):
    for name, text in tree.files.items():
        lines = text.splitlines()
        script = bool(lines) and lines[0].startswith("#!")
        if (name.endswith(WITH_LICENCE) or script) and text:
            first = lines[1:2] if script else lines[:1]
            if not first or LINE not in first[0]:
                yield name, 1, f"the first line has to be: {LINE}"
        if name.endswith(".hpp") and "#pragma once" not in lines:
            yield name, 1, "a header without #pragma once"


SAMPLES = [
    ("good", 0, {"src/a.hpp": f"// {LINE}\n#pragma once\n", "dev": f"#!/bin/sh\n# {LINE}\n"}),
    ("no licence", 1, {"src/a.cpp": "int a;\n"}),
    ("script without licence", 1, {"dev": "#!/bin/sh\necho\n"}),
    ("no pragma", 1, {"src/a.hpp": f"// {LINE}\nint a;\n"}),
]

if __name__ == "__main__":
    sys.exit(main(check, SAMPLES))
