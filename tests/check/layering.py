#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Arrows point down. What a folder of src/ may include is read from its DEPS in src/CMakeLists.txt, so
the rule stands in one place; here it is applied to headers, which no linker sees. Also: features hang on
the router, and on `stream` if they have streams of their own, and on nothing else, no file includes itself in a circle, and a foreign library is touched where it belongs.
"""

import re
import sys

from _tree import Tree, blank, line_of, main

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.M)
LIBRARY = re.compile(r"^stonechat_library\(\s*(\w+)(.*?)\)", re.M | re.S)

# Foreign headers: pattern, and the files under src/ that may include it.
FOREIGN = [
    (r"sqlite3\.h$", r"storage/sqlite/"),
    (r"expat\.h$", r"xmpp/"),
    (r"openssl/", r"(sasl/|net/openssl\.hpp$|xmpp/(caps_hash|avatar_hash)\.cpp$)"),
    (r"unicode/", r"xmpp/"),
    (r"sodium\.h$", r"(base|sasl)/"),
    (r"toml\+\+/", r"config/"),
    (r"systemd/", r"(base/|[^/]*$)"),
    (r"spdlog/", r"base/"),
    (r"CLI/", r"([^/]*$|cli/|ctl/client/)"),
    (r"boost/asio", r"(net|storage|router|c2s|modules|ctl|s2s|component|http|muc|pubsub)/|[^/]*$"),
]
SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM"
                 r"|CREATE\s+(TABLE|INDEX)|PRAGMA\s+\w+)\b")


# These have one file that knows them; everybody else sees our interface.
ONE_FILE = ("expat.h", "sqlite3.h")


def allowed_arrows(cmake):
    """Folder -> all folders it may include, through any number of arrows; and folder -> its own DEPS."""
    direct = {}
    for folder, rest in LIBRARY.findall(cmake):
        words = rest.split()
        deps = []
        if "DEPS" in words:
            for word in words[words.index("DEPS") + 1:]:
                if word.isupper():
                    break
                deps.append(word)
        direct[folder] = deps
    reach = {}

    def walk(folder):
        if folder not in reach:
            reach[folder] = {folder}
            for dep in direct.get(folder, []):
                reach[folder] |= walk(dep)
        return reach[folder]

    for folder in direct:
        walk(folder)
    # The control program talks to the server over a socket only: it shares the form of the messages, and
    # asks the configuration where the socket is.
    reach["ctl/client"] = {"base", "config", "cli", "ctl"}
    return reach, direct


def folder_of(path):
    if path.startswith("src/ctl/client/"):
        return "ctl/client"
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else None


def circles(graph):
    done, trail = set(), []

    def visit(node):
        if node in trail:
            yield trail[trail.index(node):] + [node]
            return
        if node in done:
            return
        done.add(node)
        trail.append(node)
        for target in graph.get(node, []):
            yield from visit(target)
        trail.pop()

    for node in sorted(graph):
        yield from visit(node)


def check(tree: Tree):
    reach, direct = allowed_arrows(tree.files.get("src/CMakeLists.txt", ""))
    for folder, deps in direct.items():
        if "router" in deps and not set(deps) <= {"router", "stream"}:
            yield "src/CMakeLists.txt", 1, f"{folder} is a feature: it may name router and stream only, not {deps}"

    graph = {}
    touched_by = {}
    for name, text in tree.sources("src/"):
        folder = folder_of(name)
        for match in INCLUDE.finditer(blank(text)):
            ours, foreign = match.groups()
            line = line_of(text, match.start())
            if ours:
                graph.setdefault(name, []).append("src/" + ours)
                target = ours.split("/")[0] if "/" in ours else None
                if target and folder and target not in reach.get(folder, set()):
                    yield name, line, f"{folder}/ may not include {ours}"
                if not target and folder:
                    yield name, line, f"write the path from src/: {ours}"
            if foreign in ONE_FILE and touched_by.setdefault(foreign, name) != name:
                yield name, line, f"{touched_by[foreign]} touches <{foreign}> already, and one file is enough"
            for pattern, home in FOREIGN:
                if foreign and re.match(pattern, foreign) and not re.match(home, name.removeprefix("src/")):
                    yield name, line, f"<{foreign}> does not belong here, only in {home}"
        if not name.startswith("src/storage/"):
            for match in SQL.finditer(blank(text, keep_strings=True)):
                yield name, line_of(text, match.start()), "SQL lives in storage/ only"

    for circle in circles(graph):
        yield circle[0], 1, "includes in a circle: " + " -> ".join(circle)


CMAKE = """
stonechat_library(base LINK fmt::fmt)
stonechat_library(xmpp DEPS base)
stonechat_library(storage ASIO DEPS xmpp LINK SQLite::SQLite3)
stonechat_library(router ASIO DEPS storage)
stonechat_library(c2s ASIO DEPS router)
stonechat_library(modules ASIO DEPS router)
"""


def sample(**files):
    return {"src/CMakeLists.txt": CMAKE} | {f"src/{k.replace('__', '/')}.hpp": v for k, v in files.items()}


SAMPLES = [
    ("downwards is fine", 0, sample(c2s__a='#include "xmpp/b.hpp"\n#include "router/c.hpp"\n')),
    ("upwards", 1, sample(base__a='#include "xmpp/b.hpp"\n')),
    ("a feature includes a feature", 1, sample(c2s__a='#include "modules/b.hpp"\n')),
    ("the client includes the server", 1, sample(ctl__client__a='#include "router/b.hpp"\n')),
    ("a path that is not from src", 1, sample(c2s__a='#include "b.hpp"\n')),
    ("a comment is no include", 0, sample(base__a='// #include "xmpp/b.hpp"\n')),
    ("a circle", 1, sample(base__a='#include "base/b.hpp"\n', base__b='#include "base/a.hpp"\n')),
    ("SQLite above storage", 1, sample(router__a="#include <sqlite3.h>\n")),
    ("SQL above storage", 1, sample(router__a='auto q = "SELECT a FROM b";\n')),
    ("words are no SQL", 0, sample(router__a='auto q = "select a resource from the list"; // DELETE FROM\n')),
    ("expat in one file", 0, sample(xmpp__a="#include <expat.h>\n")),
    ("expat in two files", 1, sample(xmpp__a="#include <expat.h>\n", xmpp__b="#include <expat.h>\n")),
    ("expat in another folder", 1, sample(base__a="#include <expat.h>\n")),
    ("a feature that names a feature", 1,
     {"src/CMakeLists.txt": CMAKE + "stonechat_library(muc DEPS router modules)\n"}),
]

if __name__ == "__main__":
    sys.exit(main(check, SAMPLES))
