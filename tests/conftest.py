# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration tests: one server for all tests of a run, and private ones on request."""
import os
import zlib

import pytest

from support.server import make_server

# What this machine trusts, and what its administrator has added to that, is none of the tests' business: whatever
# they start trusts no certificate but those that a test gives it.
os.environ.update(SSL_CERT_FILE=os.devnull, SSL_CERT_DIR=os.devnull)


def pytest_collection_modifyitems(config, items):
    """STONECHAT_TEST_HALF, as "0 SEED" or "1 SEED": that half of the cases, which another seed divides otherwise."""
    wanted = os.environ.get("STONECHAT_TEST_HALF")
    if not wanted:
        return
    half, seed = wanted.split(" ")
    left_out = [item for item in items if zlib.crc32(f"{seed} {item.nodeid}".encode()) % 2 != int(half)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


@pytest.fixture(scope="session")
def server():
    """The shared server, hosts localhost and other.example; admin@localhost administers it."""
    shared = make_server(hosts=("localhost", "other.example")).start()
    yield shared
    shared.remove()


@pytest.fixture(autouse=True)
def survival(request):
    """A test during which the shared server died has failed; the next ones get it back."""
    yield
    if "server" in request.fixturenames:
        shared = request.getfixturevalue("server")
        if not shared.is_running():
            story = shared.obituary()
            shared.start()
            pytest.fail(f"the server died: {story}", pytrace=False)


@pytest.fixture
def private_server():
    """Starts servers with settings of the test's own; gone afterwards."""
    started = []

    def start(hosts=("localhost",), **settings):
        started.append(make_server(hosts=hosts, settings=settings))
        return started[-1].start()

    yield start
    for each in started:
        each.remove()
