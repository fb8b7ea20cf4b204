# SPDX-License-Identifier: Apache-2.0
"""./dev run, as far as it goes without a build."""
import fcntl
import shutil
import socket
import subprocess

import pytest
from support.server import ROOT


@pytest.fixture
def clone(tmp_path):
    """A folder with the script alone: whatever else it did would fail."""
    shutil.copy(ROOT / "dev", tmp_path / "dev")
    (tmp_path / "run").mkdir()
    return tmp_path


def dev_run(clone):
    return subprocess.run([clone / "dev", "run"], capture_output=True, text=True, timeout=20)


def test_a_second_run_says_that_one_is_running_and_nothing_else(clone):
    with open(clone / "run/lock", "w") as lock:
        lock.write("4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = dev_run(clone)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == ("dev: a server is running here already, started by process 4711; end it with Ctrl-C where "
                           "it runs\n")


def test_a_run_says_which_port_another_server_has_and_nothing_else(clone):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (clone / "run/localhost").mkdir()
        (clone / "run/localhost/stonechat.toml").write_text(f"[[listen]]\nport = {port}\n")
        done = dev_run(clone)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == f"dev: port {port} is taken: another server is running on this machine; end it first\n"
