# SPDX-License-Identifier: Apache-2.0
"""Every hostile test has bystanders on the shared server who must not notice it."""
import pytest


@pytest.fixture(autouse=True)
def bystanders(chatting):
    chatting.check()
    yield chatting
    chatting.check()
