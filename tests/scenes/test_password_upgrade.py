# SPDX-License-Identifier: Apache-2.0
"""What is kept of a password grows stronger when the settings ask for it and the password is shown."""
import time

from support.raw import RawClient, login
from support.scram import Scram, unb64
from support.server import make_server


def iterations(server, account):
    with RawClient(server) as client:
        client.open()
        challenge = client.begin_sasl("SCRAM-SHA-256", Scram("SCRAM-SHA-256", account.user, "").first())
        fields = dict(part.split("=", 1) for part in unb64(challenge.text).decode().split(","))
        return int(fields["i"])


def log_in_by_plain(server, account, password):
    with RawClient(server) as client:
        client.open()
        return client.begin_sasl("PLAIN", f"\0{account.user}\0{password}").tag


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
