# SPDX-License-Identifier: Apache-2.0
"""What tests say about time and memory, with room for slow machines and sanitizers."""
import contextlib
import os
import time

SANITIZED = any(os.environ.get(name) for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"))
SLACK = 10 if SANITIZED else 1


@contextlib.contextmanager
def memory_grows_at_most(server, byte_count):
    """Sanitizers keep freed memory, so there is nothing to measure under them."""
    before = server.resident_bytes()
    yield
    grown = server.resident_bytes() - before
    assert SANITIZED or grown <= byte_count, f"memory grew by {grown} bytes, at most {byte_count} expected"


def cpu_used(server, action):
    """CPU seconds of the server during the action."""
    before = server.cpu_seconds()
    action()
    return server.cpu_seconds() - before


def until(condition, what, seconds=30):
    """Polls for a state that nothing announces."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.01)
