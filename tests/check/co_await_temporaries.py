#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GCC 12 destroys some temporaries twice around co_await. In a statement with co_await there may be no
lambda with captures, no braced initialiser, no aggregate in parentheses and no ?:. Build the argument as
a named local on the line before (docs/decisions/0005).
"""

import re
import sys

from _tree import Tree, blank, line_of, main

CO_AWAIT = re.compile(r"\bco_await\b")
CONTROL = re.compile(r"\b(?:if|while|switch|for)(?:\s+constexpr)?\s*$")
LAMBDA = re.compile(r"(?<![\w\)\]\[])\s*\[(?!\[)\s*[^\]\s][^\]]*\]\s*(?:\(|\{|mutable|->|<)")
PLAIN_STRUCT = re.compile(r"\bstruct\s+([A-Z]\w*)\s*\{")
OPENERS, CLOSERS = "([{", ")]}"


def is_initialiser(text, brace):
    """Does this { open a braced initialiser, rather than a block, a body or a type?"""
    before = text[:brace].rstrip()
    if not before or before[-1] in ";{}):":
        return False
    if before[-1] in "(,=?&|!<+-":
        return True
    tail = before[-200:]
    if re.search(r"->\s*[\w:<>,\s&*]+$", tail):  # a trailing return type, then the body
        return False
    if re.search(r"\b(else|do|try|const|noexcept|override|final|mutable)$", tail) or before[-1] == "]":
        return False
    if re.search(r"\b(struct|class|enum|namespace|union)\s+[\w:<> ]*$", tail):
        return False
    return before[-1] in "_>" or before[-1].isalnum()


def matching(text, start, step):
    depth, i = 0, start
    while 0 <= i < len(text):
        if text[i] in OPENERS:
            depth += step
        elif text[i] in CLOSERS:
            depth -= step
        if depth == 0:
            return i
        i += step
    return len(text) if step > 0 else 0


def statement_around(text, at):
    """Start and end of the statement, or of the condition, that holds the offset."""
    begin = at
    while begin > 0:
        c = text[begin - 1]
        if c == ";":
            break
        if c == "{" and not is_initialiser(text, begin - 1):
            break
        if c == "(" and CONTROL.search(text[:begin - 1][-40:]):
            return begin, matching(text, begin - 1, 1)
        if c == "}":
            after = text[begin:].lstrip()
            if after[:1].isalnum() or after[:1] in "_*(":
                break  # the end of a block before this statement
            begin = matching(text, begin - 1, -1)
            continue
        if c in ")]":
            begin = matching(text, begin - 1, -1)
            continue
        begin -= 1

    end = at
    while end < len(text) and text[end] not in ";":
        if text[end] == "}" and not _opened_within(text, begin, end):
            break
        end = matching(text, end, 1) + 1 if text[end] in OPENERS else end + 1
    return begin, end


def _opened_within(text, begin, close):
    return matching(text, close, -1) >= begin


def check(tree: Tree):
    plain = set()
    for _, text in tree.sources("src/", "bench/", "tests/", "fuzz/"):
        code = blank(text)
        for match in PLAIN_STRUCT.finditer(code):
            body = code[match.end():matching(code, match.end() - 1, 1)]
            if not re.search(rf"\b{match.group(1)}\s*\(", body):
                plain.add(match.group(1))

    for name, text in tree.sources("src/", "bench/", "tests/", "fuzz/"):
        code = blank(text)
        seen = set()
        for match in CO_AWAIT.finditer(code):
            begin, end = statement_around(code, match.start())
            if begin in seen:
                continue
            seen.add(begin)
            statement = code[begin:end]
            line = line_of(code, match.start())
            if LAMBDA.search(statement):
                yield name, line, "a lambda with captures in a statement with co_await"
            elif any(c == "{" and is_initialiser(code, begin + i) for i, c in enumerate(statement)):
                yield name, line, "a braced initialiser in a statement with co_await"
            elif "?" in statement:
                yield name, line, "?: in a statement with co_await"
            else:
                for called in re.findall(r"\b([A-Z]\w*)\s*\(", statement):
                    if called in plain:
                        yield name, line, f"aggregate {called}(...) in a statement with co_await"


def body(statements):
    return {"src/a.cpp": "struct Query { int a; };\nTask f()\n{\n" + statements + "\n}\n"}


SAMPLES = [
    ("plain", 0, body("auto x = co_await store.get(key);")),
    ("lambda with captures", 1, body("co_await pool.run([this, key] { return key; });")),
    ("lambda without captures", 0, body("co_await pool.run([] { return 1; });")),
    ("braced argument", 1, body("co_await store.find(Query{1});")),
    ("brace list", 1, body("co_await store.find({1, 2});")),
    ("braced variable", 1, body("auto x{co_await store.find(k)};")),
    ("aggregate in parentheses", 1, body("co_await store.find(Query(1));")),
    ("conditional", 1, body("auto x = ok ? co_await a() : b();")),
    ("conditional argument", 1, body("co_await a(ok ? 1 : 2);")),
    ("return", 1, body("co_return co_await a(Query{2});")),
    ("condition of an if", 0, body("if (!co_await a(k)) {\n    b(Query{1});\n}")),
    ("offence in a condition", 1, body("if (co_await a(Query{1})) {\n    b();\n}")),
    ("inside a lambda's body", 0, body("spawn(ex, [self]() -> Task<void> { co_await self->run(); }, x ? 1 : 2);")),
    ("statement before", 0, body("auto q = Query{1};\nco_await a(q);")),
    ("block before", 0, body("if (x) {\n    y();\n}\nco_await a(q);")),
    ("subscript", 0, body("co_await a[i](table[k]);")),
    ("over several lines", 1, body("auto r = co_await a(\n    one,\n    [k](int i) { return i + k; });")),
    ("comment and string", 0, body('co_await a("why? {really}"); // what? [x] {}')),
    ("range of a for", 0, body("for (auto& row : co_await rows()) {\n    take(Row{row});\n}")),
    ("case label", 0, body("switch (x) {\ncase A: co_await a(); break;\n}")),
    ("function after co_await", 0, body("co_await a();\n}\nint g(bool x)\n{\n    return x ? 1 : 2;")),
]

if __name__ == "__main__":
    sys.exit(main(check, SAMPLES))
