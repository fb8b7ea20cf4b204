# SPDX-License-Identifier: Apache-2.0
"""Manual pages and completions are made from what the programs declare: they name every command and option."""
import re
import shutil
import subprocess

import pytest
from support.server import BUILD

PROGRAMS = ("stonechat", "stonechatctl")


def run(program, *arguments):
    done = subprocess.run([BUILD / program, *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands_of(program, *path):
    """The paths of all commands that do something, found by asking each for help, as people do."""
    text = run(program, *path, "--help")
    found = re.search(r"^Subcommands:\n((?:  .*\n?)+)", text, re.M)
    names = re.findall(r"^  (\S+)", found.group(1), re.M) if found else []
    if not names:
        return [path]
    return [leaf for name in names for leaf in commands_of(program, *path, name)]


def options_of(program, path):
    return set(re.findall(r"(--[a-z-]+)", re.search(r"^Options:\n((?:  .*\n?)+)", run(program, *path, "--help"),
                                                    re.M).group(1)))


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_command_is_in_the_manual_with_its_options(program):
    page = run(program, "documents", "man")
    sections = {path.replace("\\-", "-"): text.replace("\\-", "-")
                for path, text in re.findall(r'^\.SS "(.*?)"\n(.*?)(?=^\.S)', page, re.M | re.S)}
    leaves = commands_of(program)
    assert set(sections) == {" ".join(path) for path in leaves} and len(leaves) > 3
    for path in leaves:
        for option in options_of(program, path) - {"--help"}:  # that is told once, at the top
            assert option in sections[" ".join(path)], (path, option)
    assert "documents" not in sections


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_manual_is_good_for_man(program):
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=run(program, "documents", "man"),
                          capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""


def completed(program, *words):
    """What bash offers for the last of `words`."""
    script = run(program, "documents", "bash") + (
        f'COMP_WORDS=({program} "$@"); COMP_CWORD=$#; _{program}; printf "%s\\n" "${{COMPREPLY[@]}}"')
    done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("program", PROGRAMS)
def test_bash_completes_each_command_and_its_options(program):
    for path in commands_of(program):
        for depth, word in enumerate(path):
            assert word in completed(program, *path[:depth], word[:-1])
        assert options_of(program, path) <= completed(program, *path, "--")


def test_bash_completes_behind_options_and_leaves_values_to_files():
    assert completed("stonechatctl", "--config", "x.toml", "user", "del") == {"delete"}
    assert completed("stonechatctl", "--config", "") == set()
    assert completed("stonechatctl", "nonsense", "user", "a") == {"add"}
    assert "documents" not in completed("stonechatctl", "")


@pytest.mark.parametrize("shell, check", [("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])])
def test_other_shells_have_completions(shell, check, tmp_path):
    for program in PROGRAMS:
        script = run(program, "documents", shell)
        assert all(path[-1] in script for path in commands_of(program))
        if shutil.which(shell):
            (tmp_path / program).write_text(script)
            subprocess.run([*check, tmp_path / program], check=True)
