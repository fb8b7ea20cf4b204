# SPDX-License-Identifier: Apache-2.0
"""What the checks share: the files of the tree, C++ with its comments and strings blanked, and main.

A check is a function over a Tree that yields (file, line, message). It brings samples of its own: small
trees, each with the number of offences that must be found. So a check that went blind fails.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Tree:
    """Files by their path from the root, as text."""

    def __init__(self, files):
        self.files = files

    @staticmethod
    def of_the_checkout():
        listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                 cwd=ROOT, capture_output=True)
        if listing.returncode == 0:
            names = sorted(set(filter(None, listing.stdout.decode().split("\0"))))
        else:  # a release tarball
            names = sorted(str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if "build" not in p.parts)
        files = {}
        for name in names:
            path = ROOT / name
            if path.is_file() and not name.startswith("fuzz/corpus/"):
                try:
                    files[name] = path.read_text()
                except (UnicodeDecodeError, FileNotFoundError):
                    pass  # pictures and databases have no lines
        return Tree(files)

    def sources(self, *folders):
        for name, text in self.files.items():
            if name.endswith((".cpp", ".hpp")) and (not folders or name.startswith(folders)):
                yield name, text


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


def blank(text, keep_strings=False):
    """The same text, comments (and strings) replaced by blanks: offsets and lines stay."""
    def replace(match):
        token = match.group(0)
        if keep_strings and not token.startswith(("//", "/*")):
            return token
        return re.sub(r"[^\n]", " ", token)

    # An include names its file in a string: leave those lines alone.
    return "".join(line if line.lstrip().startswith("#include") else part
                   for line, part in zip(text.splitlines(True), _TOKEN.sub(replace, text).splitlines(True)))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def main(check, samples):
    if sys.argv[1:] == ["--self-test"]:
        return _self_test(check, samples)
    offences = list(check(Tree.of_the_checkout()))
    for file, line, message in offences:
        print(f"{file}:{line}: {message}")
    return 1 if offences else 0


def _self_test(check, samples):
    wrong = 0
    for name, expected, files in samples:
        found = list(check(Tree(files)))
        if len(found) != expected:
            wrong += 1
            print(f"sample '{name}': expected {expected} offences, found {len(found)}: {found}")
    return 1 if wrong or not any(expected for _, expected, _ in samples) else 0
