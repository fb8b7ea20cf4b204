#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents name exists: the files behind links, the paths in `code`, and in the index docs/where.md each
function in a file of its row.

A path in `code` is read from the root of the tree, or from src/ or tests/, and may lack its ending, as in
docs/architecture.md. `*` and NNNN stand for anything.
"""

import fnmatch
import posixpath
import re
import sys

from _tree import Tree, main

INDEX = "docs/where.md"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)*/?")
ENDINGS = ("", ".hpp", ".cpp", ".py")


def folders_of(files):
    folders = set()
    for name in files:
        while name := posixpath.dirname(name):
            folders.add(name)
    return folders


class Places:
    """The files and folders that a document may name."""

    def __init__(self, files):
        self.files = files
        self.folders = folders_of(files)
        self.tops = {name.split("/")[0] for name in self.folders if "/" not in name}
        self.parts = {name.split("/")[1] for name in self.folders if name.startswith("src/")}

    def exists(self, path):
        path = path.rstrip("/").replace("NNNN", "*")
        if "*" in path:
            return any(fnmatch.fnmatch(name, path) for name in self.files)
        return path in self.folders or any(path + ending in self.files for ending in ENDINGS)

    def is_path(self, code):
        """Whether `code` is meant as a path of this tree: its first folder is one of the root or of src/."""
        return "/" in code and PATH.fullmatch(code) and code.split("/")[0] in self.tops | self.parts

    def has(self, code):
        return any(self.exists(folder + code) for folder in ("", "src/", "tests/"))


def lost_links(name, line, places):
    for target in LINK.findall(line):
        if "://" not in target and not target.startswith("mailto:"):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            if not places.exists(path):
                yield f"there is no {path}"


def lost_functions(line, places):
    """What a row of the index names with () has to be a word in one of the row's files."""
    codes = CODE.findall(line)
    files = [code for code in codes if places.is_path(code)]
    text = "\n".join(places.files[file] for file in files if file in places.files)
    for code in codes:
        if code.endswith("()") and not re.search(rf"\b{re.escape(code[:-2])}\b", text):
            yield f"no file of this row has {code}"


def check(tree: Tree):
    places = Places(tree.files)
    for name, text in tree.files.items():
        if not name.endswith(".md"):
            continue
        in_block = False
        for number, line in enumerate(text.splitlines(), 1):
            in_block ^= line.startswith("```")
            if in_block:
                continue
            for lost in lost_links(name, line, places):
                yield name, number, lost
            for code in CODE.findall(line):
                if places.is_path(code) and not places.has(code):
                    yield name, number, f"there is no {code}"
            if name == INDEX and line.startswith("|"):
                for lost in lost_functions(line, places):
                    yield name, number, lost


SOURCES = {"src/router/host.cpp": "void Host::deliver()\n", "src/router/host.hpp": "", "README.md": ""}


def sample(text, name=INDEX):
    return {**SOURCES, name: text}


SAMPLES = [
    ("good", 0, sample("| iq | `src/router/host.cpp` `deliver()`; `router/host`, [read](../README.md) |\n")),
    ("code that is no path", 0, sample("`text/plain`, `a / b`, `sent()` and https://example.org\n", "docs/a.md")),
    ("pattern", 0, sample("`src/router/*.hpp`\n")),
    ("lost file", 1, sample("`src/router/hosts.cpp`\n")),
    ("lost file, short", 1, sample("`router/hosts`\n", "docs/a.md")),
    ("lost pattern", 1, sample("`src/router/*.md`\n")),
    ("lost link", 1, sample("[read](READ.md#part)\n", "docs/a.md")),
    ("lost function", 1, sample("| iq | `src/router/host.cpp` `deliver_it()` |\n")),
]

if __name__ == "__main__":
    sys.exit(main(check, SAMPLES))
