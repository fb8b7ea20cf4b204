# SPDX-License-Identifier: Apache-2.0
"""Gajim, on a desktop of its own: logs in over TLS with a verified certificate, chats with receipts both ways, and
meets others in a room."""
import pytest

from support.desktop import need, until
from support.desktop_client import logs_in_chats_and_meets_in_a_room, refuses_an_unknown_certificate, sessions
from support.gajim import Gajim


@pytest.fixture(scope="module", autouse=True)
def gajim():
    need("gajim")


def test_login_chat_and_room(server, tmp_path):
    logs_in_chats_and_meets_in_a_room(Gajim, server, tmp_path)


def test_an_unknown_certificate_is_accepted_by_its_user_alone(server, tmp_path):
    async def trusts(gajim, user):
        await gajim.trust(user.password)
        await until(lambda: sessions(server, user), "a session")

    refuses_an_unknown_certificate(Gajim, server, tmp_path, trusts)
