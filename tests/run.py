#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the test programs of all kinds and adds up their cases.

    tests/run.py test --build build/dev [-- PYTEST-ARGUMENTS]    what `./dev test` runs
    tests/run.py check [--all]                                   what `./dev check` runs
    tests/run.py suite FOLDER --build build/release              one folder of pytest cases, slow ones too

The last line is always "N passed, N failed". A program that crashes, hangs or leaves a sanitizer's
report counts as a failed case, even when every case it got to had passed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNIT_TIMEOUT = 600
PYTEST_TIMEOUT = 2400
SANITIZER_TIMEOUT_FACTOR = 2


class Tally:
    """Cases over all runners, and what to show at the end."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = []
        self.failures = []

    def passes(self, count=1):
        self.passed += count

    def fails(self, name, message=""):
        self.failed += 1
        self.failures.append((name, message.strip()))

    def add_junit(self, path, suite):
        """Returns how many failures the file names, or None when there is no readable file."""
        try:
            cases = list(xml.parse(path).getroot().iter("testcase"))
        except (OSError, xml.ParseError):
            return None
        failures = 0
        for case in cases:
            bad = [e for e in case if e.tag in ("failure", "error")]
            if bad:
                failures += 1
                text = "\n".join(filter(None, [bad[0].get("message"), bad[0].text]))
                self.fails(f"{suite}: {case.get('name')}", text)
            elif (left_out := case.find("skipped")) is not None:
                self.skipped.append((f"{suite}: {case.get('name')}", left_out.get("message") or ""))
            else:
                self.passes()
        return failures

    def close(self):
        if self.failures:
            print("\nFailed:")
        for name, message in self.failures:
            print(f"  {name}")
            for line in message.splitlines()[-25:]:
                print(f"      {line}")
        for name, reason in self.skipped:
            print(f"skipped: {name}: {reason}")
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 0 if self.failed == 0 and self.passed > 0 else 1


def say(text):
    print(f"== {text}", flush=True)


@contextmanager
def cost_of(stage):
    """Notes the seconds of a stage for the table that .ci/run prints; ./dev notes builds in the same file."""
    started = time.monotonic()
    yield
    if costs := os.environ.get("STONECHAT_COSTS"):
        with open(costs, "a") as file:
            file.write(f"{stage}\t{time.monotonic() - started:.0f}\n")


class Build:
    """A build directory, and the environment its programs are run in."""

    def __init__(self, directory, sanitizer=None):
        self.directory = (ROOT / directory).resolve()
        self.results = self.directory / "results"
        self.sanitizer = sanitizer
        shutil.rmtree(self.results, ignore_errors=True)
        self.results.mkdir(parents=True)

    @property
    def name(self):
        return self.directory.name

    def environment(self):
        env = dict(os.environ, STONECHAT_BUILD=str(self.directory), PYTHONDONTWRITEBYTECODE="1")
        # A server that a test starts has its stderr elsewhere: reports go to files, which are counted.
        log = f"log_path={self.results}/sanitizer"
        supp = f"suppressions={ROOT}/tests/support"
        if self.sanitizer:
            env.setdefault("STONECHAT_TEST_WAIT", "60")
        if self.sanitizer == "thread":
            env["TSAN_OPTIONS"] = f"{log}:{supp}/tsan.supp:second_deadlock_stack=1"
            env["STONECHAT_TEST_SHARDS"] = env.get("STONECHAT_TEST_SHARDS", "4")
        elif self.sanitizer == "address":
            env["ASAN_OPTIONS"] = f"{log}:detect_leaks=1:detect_stack_use_after_return=1"
            env["LSAN_OPTIONS"] = f"{supp}/lsan.supp:print_suppressions=0"
            env["UBSAN_OPTIONS"] = f"{log}:print_stacktrace=1"
        return env

    def command(self, *words):
        """ThreadSanitizer cannot place its shadow memory when the kernel spreads addresses widely."""
        setarch = ["setarch", "-R"]
        if self.sanitizer and subprocess.run([*setarch, "true"], capture_output=True).returncode == 0:
            return [*setarch, *map(str, words)]
        return list(map(str, words))

    def timeout(self, seconds):
        return seconds * (SANITIZER_TIMEOUT_FACTOR if self.sanitizer else 1)

    def count_reports(self, tally):
        for report in sorted(self.results.glob("sanitizer.*")):
            tally.fails(f"{self.name}: sanitizer report {report.relative_to(ROOT)}",
                        "\n".join(report.read_text(errors="replace").splitlines()[:40]))


def run(command, env, timeout, **more):
    """Returns (exit status or a word for what happened, output)."""
    try:
        done = subprocess.run(command, env=env, timeout=timeout, cwd=ROOT, **more)
    except subprocess.TimeoutExpired as expired:
        return "hung", (expired.stdout or b"").decode(errors="replace")
    output = (done.stdout or b"").decode(errors="replace")
    return (f"killed by signal {-done.returncode}" if done.returncode < 0 else done.returncode), output


def run_units(build, tally):
    programs = sorted(p for p in (build.directory / "tests").glob("test_*") if os.access(p, os.X_OK))
    with cost_of(f"unit tests on {build.name}"):
        for program in programs:
            run_unit(build, program, tally)


def run_unit(build, program, tally):
    started = time.monotonic()
    report = build.results / f"{program.name}.xml"
    before = tally.passed
    status, output = run(build.command(program, "-r=junit", f"--out={report}"), build.environment(),
                         build.timeout(UNIT_TIMEOUT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    failures = tally.add_junit(report, f"{build.name} {program.name}")
    if failures is None or (status != 0 and failures == 0):
        tally.fails(f"{build.name} {program.name}: ended with {status}", output)
    say(f"{program.name}: {tally.passed - before} passed, {failures or 0} failed, "
        f"{time.monotonic() - started:.1f} s")


def run_checks(tally, leave_out=()):
    """Every check first proves that it finds its own bad samples."""
    for script in sorted((ROOT / "tests/check").glob("[a-z]*.py")):
        if script.stem in leave_out:
            continue
        for arguments, what in ([["--self-test"], "finds its bad samples"], [[], "finds nothing in the tree"]):
            status, output = run([sys.executable, str(script), *arguments], dict(os.environ), 300,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if status == 0:
                tally.passes()
            else:
                tally.fails(f"check {script.stem} {what}", output)
                print(output, end="")
        say(f"check {script.stem}")


def run_pytest(build, tally, arguments):
    if not any(f for kind in ("test_*.py", "*.scene") for f in (ROOT / "tests").rglob(kind)):
        say("no pytest cases")
        return
    report = build.results / "pytest.xml"
    say(f"pytest on {build.name}")
    workers = str(os.cpu_count() or 1)
    command = build.command("/usr/bin/python3", "-m", "pytest", "-q", "--tb=short", "-n", workers,
                            "-c", ROOT / "tests/pytest.ini", f"--rootdir={ROOT}/tests", f"--junitxml={report}",
                            *arguments)
    with cost_of(f"the suite on {build.name}"):
        status, _ = run(command, build.environment(), build.timeout(PYTEST_TIMEOUT))
    failures = tally.add_junit(report, "pytest")
    # 5: nothing was collected, which is right when arguments choose something else.
    if failures is None or (status not in (0, 5) and failures == 0):
        tally.fails(f"pytest on {build.name}: ended with {status}")


def run_replays(build, tally):
    """Each input of the corpora alone counts as a case; a crash names the input printed last."""
    for program in sorted(p for p in (build.directory / "fuzz").glob("replay_*") if os.access(p, os.X_OK)):
        name = program.name.removeprefix("replay_")
        corpus = ROOT / "fuzz/corpus" / name
        if not corpus.is_dir():
            tally.fails(f"{program.name}: fuzz/corpus/{name} is not there")
            continue
        status, output = run(build.command(program, corpus), build.environment(), build.timeout(UNIT_TIMEOUT),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        inputs = re.search(r"^(\d+) inputs replayed$", output, re.M)
        if status == 0 and inputs:
            tally.passes(int(inputs.group(1)))
        else:
            tally.fails(f"{program.name}: ended with {status}", output)
        say(f"{program.name}: {inputs.group(1) if inputs else 'broken'}")


def changed_sources():
    """Sources changed since the last commit, then those of the last twenty, newest first."""
    git = ["git", "-C", str(ROOT)]
    files = []
    for command in ([*git, "diff", "--name-only", "HEAD"],
                    [*git, "log", "-20", "--name-only", "--format="]):
        output = subprocess.run(command, capture_output=True, text=True).stdout
        files += [f for f in output.splitlines() if f not in files]
    return files


def run_tidy(tally):
    """clang-tidy over changed files first, then the others, for as long as the budget lasts."""
    budget = int(os.environ.get("STONECHAT_TIDY_SECONDS", "300"))
    every = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "src").rglob("*.cpp"))
    files = [f for f in changed_sources() if f in every]
    files += [f for f in every if f not in files]
    say(f"clang-tidy, {budget} s at most, {len(files)} files")
    started = time.monotonic()
    running, waiting, looked_at = {}, list(files), 0
    while running or (waiting and time.monotonic() - started < budget):
        while waiting and len(running) < (os.cpu_count() or 1) and time.monotonic() - started < budget:
            file = waiting.pop(0)
            running[file] = subprocess.Popen(["clang-tidy-16", "-p", "build/tidy", "--quiet", file], cwd=ROOT,
                                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        file, process = next(iter(running.items()))
        output, _ = process.communicate()
        del running[file]
        looked_at += 1
        if process.returncode == 0:
            tally.passes()
        else:
            tally.fails(f"clang-tidy {file}", output)
    say(f"clang-tidy looked at {looked_at} of {len(files)} files in {time.monotonic() - started:.0f} s")


def test(arguments, tally):
    build = Build(arguments.build, arguments.sanitizer)
    run_units(build, tally)
    with cost_of("checks of the tree"):
        run_checks(tally, leave_out=["formatting"])  # needs clang-format, which `./dev check` brings
    run_pytest(build, tally, arguments.rest or ["tests", "-m", "not slow"])
    build.count_reports(tally)


def commit_checked_out():
    """Its hash; of a tree without history, nothing."""
    return subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()


def check(arguments, tally):
    """Each case of the suite runs under one of the two sanitizers; the commit decides under which."""
    with cost_of("checks of the tree"):
        run_checks(tally)
    for half, (name, sanitizer) in enumerate((("tsan", "thread"), ("asan", "address"))):
        build = Build(f"build/{name}", sanitizer)
        say(f"{sanitizer} sanitizer: unit tests and {'the suite' if arguments.all else 'half of the suite'}")
        run_units(build, tally)
        if sanitizer == "address":
            with cost_of("fuzz corpora"):
                run_replays(build, tally)
        if not arguments.all:
            os.environ["STONECHAT_TEST_HALF"] = f"{half} {commit_checked_out()}"
        run_pytest(build, tally, ["tests", "-m", "not slow"])
        build.count_reports(tally)
    with cost_of("clang-tidy"):
        run_tidy(tally)


def suite(arguments, tally):
    build = Build(arguments.build, arguments.sanitizer)
    run_pytest(build, tally, [f"tests/{arguments.folder}"])
    build.count_reports(tally)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["test", "check", "suite"])
    parser.add_argument("folder", nargs="?", help="for suite: a folder of tests/")
    parser.add_argument("--build", default="build/dev")
    parser.add_argument("--sanitizer", choices=["thread", "address"])
    parser.add_argument("--all", action="store_true", help="for check: the whole suite under each sanitizer")
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    arguments = parser.parse_args(words[:split])
    arguments.rest = words[split + 1:]
    tally = Tally()
    {"test": test, "check": check, "suite": suite}[arguments.what](arguments, tally)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
