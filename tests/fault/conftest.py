# SPDX-License-Identifier: Apache-2.0
"""Servers behind the shim."""
import shutil

import pytest

from shim import ShimmedServer
from support.limits import SANITIZED


@pytest.fixture
def faulty():
    """Makes servers whose kernel does what `server.shim` says; they are not started yet. Gone afterwards."""
    if SANITIZED:
        pytest.skip("sanitizers want to be the first library")
    if not shutil.which("cc"):
        pytest.skip("no C compiler for the shim")
    made = []

    def make(**settings):
        made.append(ShimmedServer(settings=settings))
        return made[-1]

    yield make
    for each in made:
        each.shim.heal()
        each.remove()
