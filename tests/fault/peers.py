# SPDX-License-Identifier: Apache-2.0
"""The servers of the kill loop: ours behind the shim, and the Debian packages of Prosody and ejabberd with
stream management, archive and offline messages, each in a folder of its own."""
import contextlib
import os
import pathlib
import sqlite3

from light_client import Stream
from shim import ShimmedServer
from support.certificates import make_certificate
from support.peer_prosody import Prosody
from support.server import Server

_PROSODY = """
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
certificates = "{folder}"
log = {{ warn = "{folder}/prosody.log"; }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {starttls} }}
c2s_direct_tls_ports = {{ {tls} }}
s2s_ports = {{}}
authentication = "internal_plain"
c2s_require_encryption = false
limits = {{}}
modules_enabled = {{ "roster"; "saslauth"; "tls"; "disco"; "ping"; "offline"; "smacks"; "mam"; "carbons" }}
modules_disabled = {{ "s2s" }}
default_archive_policy = true
archive_expires_after = "never"
smacks_hibernation_time = 600
ssl = {{ key = "{folder}/localhost.key"; certificate = "{folder}/localhost.crt" }}
VirtualHost "localhost"
"""

_EJABBERD = """
loglevel: error
hosts: ["localhost"]
certfiles: ["{folder}/both.pem"]
auth_method: internal
auth_password_format: scram
listen:
  - {{ port: {starttls}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true, access: all, backlog: 1000 }}
  - {{ port: {tls}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true, access: all, backlog: 1000 }}
shaper_rules:
  max_user_sessions: 10000
  max_user_offline_messages: 1000000
modules:
  mod_carboncopy: {{}}
  mod_disco: {{}}
  mod_mam: {{ db_type: {archive}, default: always, assume_mam_usage: true }}
  mod_offline: {{ access_max_user_messages: max_user_offline_messages }}
  mod_ping: {{}}
  mod_register: {{ ip_access: all, access: all }}
  mod_roster: {{}}
  mod_stream_mgmt: {{ resume_timeout: 600, resend_on_timeout: if_offline }}
sql_type: sqlite
sql_database: "{folder}/archive.sqlite"
registration_timeout: infinity
"""
_EJABBERD_SCHEMA = pathlib.Path("/usr/share/ejabberd/sql/lite.sql")


class StormyProsody(Prosody):
    def configure(self, _settings):
        self.plain_port = self.starttls_port
        self.config.write_text(_PROSODY.format(folder=self.folder, starttls=self.starttls_port, tls=self.tls_port))


class StormyEjabberd(Server):
    """With its archive in SQLite; everything else is where it keeps it by default."""

    STOP_SECONDS = 20
    ARCHIVE = "sql"

    def set_up(self):
        self.plain_port = self.starttls_port
        certificate, key = self.folder / "localhost.crt", self.folder / "localhost.key"
        make_certificate(certificate, key, hosts=self.hosts)
        (self.folder / "both.pem").write_bytes(certificate.read_bytes() + key.read_bytes())

    def configure(self, _settings):
        (self.folder / "ejabberd.yml").write_text(
            _EJABBERD.format(folder=self.folder, starttls=self.starttls_port, tls=self.tls_port, archive=self.ARCHIVE))
        with contextlib.closing(sqlite3.connect(self.folder / "archive.sqlite")) as database:
            database.executescript(_EJABBERD_SCHEMA.read_text())

    def ports(self):
        return (self.starttls_port, self.tls_port)

    def command(self):
        variables = {"HOME": self.folder, "EJABBERD_CONFIG_PATH": self.folder / "ejabberd.yml",
                     "EJABBERD_LOG_PATH": self.folder / "ejabberd.log", "ERL_LIBS": "/usr/lib/x86_64-linux-gnu",
                     "ERL_CRASH_DUMP": self.folder / "erl_crash.dump"}
        # A distribution port is claimed but no name server is started: no epmd stays behind.
        return ["/usr/bin/env", *(f"{name}={value}" for name, value in variables.items()),
                "erl", "-noinput", "-sname", f"storm{os.getpid()}@localhost", "-setcookie", "storm",
                "-start_epmd", "false", "-erl_epmd_port", str(self.base + 2),
                "-kernel", "inet_dist_use_interface", "{127,0,0,1}",
                "+K", "true", "-mnesia", "dir", f'"{self.folder}/mnesia"', "-s", "ejabberd"]

    def add_users(self, accounts):
        self._to_register = list(accounts)

    async def register(self):
        """In band (XEP-0077); once the server runs."""
        for account in self._to_register:
            stream = await Stream.connect(self.plain_port, lambda element: None)
            stream.open("localhost")
            await stream.until(lambda e: e.tag.endswith("}features"))
            stream.send(f"<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>{account.user}</username>"
                        f"<password>{account.password}</password></query></iq>")
            answer = await stream.until(lambda e: e.get("id") == "r")
            assert answer.get("type") == "result", account
            stream.close()


class StormyEjabberdMnesia(StormyEjabberd):
    """With its archive in Mnesia, too."""

    ARCHIVE = "mnesia"


SERVERS = {"stonechat": ShimmedServer, "prosody": StormyProsody, "ejabberd": StormyEjabberd,
           "ejabberd-mnesia": StormyEjabberdMnesia}
