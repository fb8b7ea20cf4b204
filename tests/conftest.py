# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration tests: one server for all tests of a run, private ones on request, and a
pair of bystanders who chat through every hostile test."""
import pytest

from support.bystanders import Bystanders
from support.server import make_server

@pytest.fixture(scope="session")
def server():
    """The shared server, hosts localhost and other.example; admin@localhost administers it."""
    shared = make_server(hosts=("localhost", "other.example")).start()
    yield shared
    shared.remove()


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


@pytest.fixture(scope="session")
def chatting(server):
    """The pair on the shared server; hostile tests use it through `bystanders`."""
    pair = Bystanders(server)
    yield pair
    pair.leave()


