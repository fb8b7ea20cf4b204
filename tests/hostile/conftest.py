# SPDX-License-Identifier: Apache-2.0
"""Every hostile test has bystanders who must not notice it: on the shared server, and on a private one
that is started through `attacked`."""
import contextlib

import pytest

from support.bystanders import Bystanders
from support.raw import RawClient, login


@pytest.fixture(scope="session")
def chatting(server):
    """The pair on the shared server, kept in a list so that a new pair can take over."""
    pairs = []
    yield pairs
    for pair in pairs:
        pair.leave()


@pytest.fixture(autouse=True)
def bystanders(server, chatting):
    """A pair that was disturbed has told so in the test that did it; the next test gets another."""
    if not chatting or chatting[-1].is_disturbed():
        chatting.append(Bystanders(server))
    yield chatting[-1]
    chatting[-1].check()


@pytest.fixture
def attacked(private_server):
    """Starts a server with settings of the test's own, and bystanders on it."""
    pairs = []

    def start(hosts=("localhost",), **settings):
        started = private_server(hosts=hosts, **settings)
        pairs.append(Bystanders(started))
        return started

    yield start
    for pair in pairs:
        try:
            pair.check()
        finally:
            pair.leave()


@pytest.fixture
def client(server):
    """A connection over direct TLS with an open stream, not logged in."""
    with RawClient(server) as connection:
        connection.open()
        yield connection


@pytest.fixture
def attacker(server):
    """A session whose owner means harm."""
    with login(server, server.account("mallory"), "lair", presence=True) as session:
        yield session


@pytest.fixture
def victim(server):
    """A session of somebody the attacker has nothing to do with."""
    with login(server, server.account("victor"), "home", presence=True, roster=True) as session:
        yield session


@pytest.fixture
def stack():
    """Closes what a test opens in numbers."""
    with contextlib.ExitStack() as opened:
        yield opened
