#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/conformance.md: every rule of an RFC or XEP that binds a server, and the tests that prove it.

The rules stand in tests/conformance/*.toml, one file per document:

    document = "XEP-0280"
    title = "Message Carbons"
    left_out = "what is not listed, and why"        # rules for clients, parts that are not claimed

    [rules]                                         # section, dash, the how-manyth of that section
    "6.1-1" = "MUST NOT copy a message of type 'groupchat'"

    [open]                                          # rules that no test proves, or not whole, with what is missing
    "6.1-2" = "what is missing"

A test cites a rule in its name, or in a comment above its head or inside it: XEP-0280 §6.1-1 (several of one
document: XEP-0280 §6.1-1 §6.1-2). Without arguments the check finds rules that nobody tests, citations of
rules that do not exist, and a page that is not up to date; --write makes the page.
"""

import re
import sys
import tomllib

from _tree import ROOT, Tree, line_of, main

PAGE = "docs/conformance.md"
SHOWN_TESTS = 3
LEVEL = re.compile(r"(MUST|MUST NOT|SHOULD|SHOULD NOT|SHALL|SHALL NOT|REQUIRED|RECOMMENDED|NOT RECOMMENDED|MAY) (?=\S)")
RULE = re.compile(r"\d+(?:\.\d+)*-\d+")
CITATION = re.compile(r"(RFC \d{4}|XEP-\d{4})((?:,? (?:and )?§\d+(?:\.\d+)*-\d+)+)")
_CPP_HEAD = re.compile(r'^ *TEST_CASE\w*\((?:\s*\w+,)?\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', re.M)
_PYTHON_HEAD = re.compile(r"^ *def (test_\w+)", re.M)
# A comment, a decorator, what either goes on with, and the first line of a head whose title is on the next.
ABOVE = re.compile(r"//|# |@|TEST_CASE\w*\($|\s{4,}.*[\](),]$|[\])]+$")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Document:
    """The rules of one file, in order."""

    def __init__(self, file, text):
        self.file = file
        data = tomllib.loads(text)
        self.name = data["document"]
        self.title = data["title"]
        self.left_out = data.get("left_out", "")
        self.rules = data.get("rules", {})
        self.open = data.get("open", {})

    def offences(self):
        for rule, text in self.rules.items():
            if not RULE.fullmatch(rule):
                yield f"{rule} is no rule: section, dash, number"
            if not LEVEL.match(text):
                yield f"§{rule} does not begin with MUST, SHOULD or the like"
        for rule in self.open:
            if rule not in self.rules:
                yield f"§{rule} is open, but no rule"


def documents(tree):
    found = [Document(name, text) for name, text in tree.files.items()
             if name.startswith("tests/conformance/") and name.endswith(".toml")]
    return sorted(found, key=lambda document: (document.name.split()[0], document.name))


def titles_in(name, text):
    """{line: title} of the tests of one file; a scene has its title in its first comment."""
    if name.endswith(".cpp"):
        return {line_of(text, found.start(1)): "".join(_STRING.findall(found.group(1)))
                for found in _CPP_HEAD.finditer(text)}
    if name.endswith(".py"):
        return {line_of(text, found.start(1)): found.group(1) for found in _PYTHON_HEAD.finditer(text)}
    titles, has_title = {}, False
    if name.endswith(".scene"):
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() == "---":
                has_title = False
            elif line.startswith("#") and not has_title:
                titles[number], has_title = line.lstrip("# "), True
    return titles


def citations_in(name, text):
    """(document, rule, title of the test, line) for what one file of tests cites."""
    titles = titles_in(name, text)
    if not titles:
        return
    title, lines = "", text.splitlines()
    for number, line in enumerate(lines, 1):
        title = titles.get(number, title)
        for document, rules in CITATION.findall(line):
            for rule in RULE.findall(rules):
                yield document, rule, title_below(titles, lines, number) or title, number


def title_below(titles, lines, number):
    """The title of the test whose head follows line `number`, if that is a comment or decorator above it. A head
    may go over several lines, and so may a decorator."""
    while number not in titles and number <= len(lines) and ABOVE.match(lines[number - 1]):
        number += 1
    return titles.get(number)


def all_citations(tree):
    """{(document, rule): [(file, title)]}, and a list of (file, line, document, rule)."""
    tests, places = {}, []
    for name, text in tree.files.items():
        if not name.startswith("tests/") or name.startswith("tests/check/"):
            continue
        for document, rule, title, line in citations_in(name, text):
            places.append((name, line, document, rule))
            known = tests.setdefault((document, rule), [])
            if (name, title) not in known:
                known.append((name, title))
    return tests, places


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def tests_cell(tests):
    shown = [f"[{name.removeprefix('tests/')}](../{name}): {cell(title or '')}" for name, title in tests[:SHOWN_TESTS]]
    if len(tests) > SHOWN_TESTS:
        shown.append(f"and {len(tests) - SHOWN_TESTS} more")
    return "<br>".join(shown)


def page(tree):
    tests, _ = all_citations(tree)
    lines = ["# Conformance", "",
             "Every rule of the RFCs and XEPs that binds a server, in our words, and the tests that prove it. Made by",
             "`tests/check/conformance.py --write` from [tests/conformance](../tests/conformance) and the tests' own",
             "citations; do not edit. A number behind the dash counts the rules of one section. `open` says what is not proven",
             "of a rule, or why it has no test.", "", "| document | rules | tested | open |", "|---|---:|---:|---:|"]
    every = documents(tree)
    for document in every:
        tested = sum((document.name, rule) in tests and rule not in document.open for rule in document.rules)
        lines.append(f"| [{document.name}](#{anchor(document)}) {document.title} | {len(document.rules)} | {tested} "
                     f"| {len(document.rules) - tested} |")
    for document in every:
        lines += ["", f"## {document.name}: {document.title}", ""]
        if document.left_out:
            lines += [f"Not listed: {document.left_out}", ""]
        lines += ["| rule | what | proven by |", "|---|---|---|"]
        for rule, text in sorted(document.rules.items(), key=lambda item: order(item[0])):
            proof = tests_cell(tests.get((document.name, rule), ()))
            if rule in document.open:
                proof = "<br>".join(filter(None, [proof, f"open: {cell(document.open[rule])}"]))
            lines.append(f"| §{rule} | {cell(text)} | {proof} |")
    return "\n".join(lines) + "\n"


def anchor(document):
    return re.sub(r"[^\w -]", "", f"{document.name}: {document.title}".lower()).replace(" ", "-")


def order(rule):
    return [int(part) for part in re.split(r"[.-]", rule)]


def check(tree: Tree):
    every = {}
    for document in documents(tree):
        every[document.name] = document
        for offence in document.offences():
            yield document.file, 1, offence
    tests, places = all_citations(tree)
    for name, line, document, rule in places:
        if document not in every or rule not in every[document].rules:
            yield name, line, f"{document} §{rule} is no rule of tests/conformance/"
    for document in every.values():
        for rule in document.rules:
            proven = (document.name, rule) in tests
            if not proven and rule not in document.open:
                yield document.file, 1, f"§{rule} is proven by no test: cite it in one, or say under [open] why not"
    if every and tree.files.get(PAGE) != page(tree):
        yield PAGE, 1, "not up to date: tests/check/conformance.py --write"


def sample(test, rules='"6.1-1" = "MUST copy"', more="", name="tests/a_test.cpp"):
    files = {name: test, "tests/conformance/x.toml": f'document = "XEP-0280"\ntitle = "Carbons"\n[rules]\n{rules}\n{more}'}
    files[PAGE] = page(Tree(files))
    return files


TEST = 'TEST_CASE("carbons: copied")\n{\n    // XEP-0280 §6.1-1\n}\n'
SAMPLES = [
    ("good", 0, sample(TEST)),
    ("cited above", 0, sample('// XEP-0280 §6.1-1\nTEST_CASE("carbons: copied")\n{\n}\n')),
    ("cited by a scene", 0, sample("# copied (XEP-0280 §6.1-1)\nromeo connects\n", name="tests/a.scene")),
    ("open with a reason", 0, sample("", more='[open]\n"6.1-1" = "nobody can see it"\n')),
    ("two in one citation", 0, sample(TEST.replace("§6.1-1", "§6.1-1, §7-1"), '"6.1-1" = "MUST a"\n"7-1" = "MUST b"')),
    ("not tested", 1, sample("")),
    ("no such rule", 1, sample(TEST.replace("§6.1-1", "§6.1-1 §6.1-2"))),
    ("no level", 1, sample(TEST, '"6.1-1" = "copies"')),
    ("open, but no rule", 1, sample(TEST, more='[open]\n"8-1" = "?"\n')),
    ("old page", 1, {**sample(TEST), PAGE: "old"}),
]

if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        (ROOT / PAGE).write_text(page(Tree.of_the_checkout()))
        sys.exit(0)
    sys.exit(main(check, SAMPLES))
