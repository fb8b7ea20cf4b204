# SPDX-License-Identifier: Apache-2.0
"""What is kept of a password is strong, and grows stronger when the settings ask for it and the password is shown."""
import time

import pytest

from support.raw import RawClient, login
from support.scram import Scram, unb64
from support.server import Account, make_server


def iterations(server, account, mechanism="SCRAM-SHA-256"):
    with RawClient(server) as client:
        client.open()
        challenge = client.begin_sasl(mechanism, Scram(mechanism, account.user, "").first())
        fields = dict(part.split("=", 1) for part in unb64(challenge.text).decode().split(","))
        return int(fields["i"])


def log_in_by_plain(server, account, password):
    with RawClient(server) as client:
        client.open()
        return client.begin_sasl("PLAIN", f"\0{account.user}\0{password}").tag


# RFC 5802 §5.1-4
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_enough_iterations_are_announced_for_an_account_and_for_none(server, mechanism):
    assert iterations(server, server.account("romeo"), mechanism) >= 4096
    assert iterations(server, Account("nobody@localhost"), mechanism) >= 4096


def test_a_plain_login_renews_a_weak_verifier():
    server = make_server(settings={"iterations": 10000}).start()
    try:
        account = server.account("early")
        assert iterations(server, account) == 10000
        server.configure({"iterations": 20000})
        server.ctl("reload")

        assert log_in_by_plain(server, account, "wrong").endswith("failure")
        assert iterations(server, account) == 10000
        assert log_in_by_plain(server, account, account.password).endswith("success")
        deadline = time.monotonic() + 60
        while iterations(server, account) == 10000 and time.monotonic() < deadline:
            time.sleep(0.05)  # it happens behind the answer
        assert iterations(server, account) == 20000
        login(server, account, "still me").close()
    finally:
        server.remove()
