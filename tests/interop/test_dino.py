# SPDX-License-Identifier: Apache-2.0
"""Dino, on a desktop of its own: logs in over TLS with a verified certificate, chats with receipts both ways, and
meets others in a room."""
import pytest

from support.desktop import need
from support.desktop_client import logs_in_chats_and_meets_in_a_room, refuses_an_unknown_certificate
from support.dino import Dino


@pytest.fixture(scope="module", autouse=True)
def dino():
    need("dino-im")


def test_login_chat_and_room(server, tmp_path):
    logs_in_chats_and_meets_in_a_room(Dino, server, tmp_path)


def test_an_unknown_certificate_is_not_accepted(server, tmp_path):
    refuses_an_unknown_certificate(Dino, server, tmp_path)
