# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of Prosody and ejabberd, with a configuration that lets the bench in.

With the archive on, both also have carbons and stream management, as Stonechat has; the archive is an SQLite
database (packages lua-dbi-sqlite3 and erlang-p1-sqlite3) with whatever durability the server gives it.
"""
import hashlib
import os
import sqlite3
import subprocess
from pathlib import Path

from servers import DOMAIN, PASSWORD, Server


class Prosody(Server):
    name = "prosody"

    CONFIG = """
pidfile = "{dir}/prosody.pid"
run_as_root = true
data_path = "{dir}/data"
log = {{ warn = "{dir}/prosody.log" }}
network_backend = "epoll"
gc = {{ mode = "generational" }}
interfaces = {{ "127.0.0.1" }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping", "private", "blocklist", "vcard_legacy", "pep"{more} }}
modules_disabled = {{ "s2s" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {tls_port} }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_hashed"
ssl = {{ certificate = "{certificate}", key = "{key}" }}
c2s_direct_tls_ssl = {{ certificate = "{certificate}", key = "{key}" }}
default_archive_policy = true
archive_expires_after = "never"
storage = {{ archive = "sql" }}
sql = {{ driver = "SQLite3", database = "{dir}/archive.sqlite" }}
VirtualHost "{domain}"
"""
    MORE = ', "carbons", "smacks", "mam"'

    def __init__(self, core, users):
        super().__init__(core)
        self.certificate, self.key = self.make_certificate()
        self.configure(archive=False)
        self.write_accounts(users)

    def configure(self, archive):
        super().configure(archive)
        (self.dir / "prosody.cfg.lua").write_text(self.CONFIG.format(
            dir=self.dir, port=self.base, tls_port=self.base + 1, certificate=self.certificate, key=self.key,
            domain=DOMAIN, more=self.MORE if archive else ""))

    def write_accounts(self, users):
        # The format of its own account store; one salt for all makes the password's keys the same.
        salt, iterations = "0123456789abcdef", 10000
        salted = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), salt.encode(), iterations)
        stored = hashlib.sha1(self.hmac(salted, b"Client Key")).hexdigest()
        server = self.hmac(salted, b"Server Key").hex()
        account = (f'return {{\n\t["iteration_count"] = {iterations};\n\t["salt"] = "{salt}";\n'
                   f'\t["stored_key"] = "{stored}";\n\t["server_key"] = "{server}";\n}};\n')
        folder = self.dir / "data" / DOMAIN / "accounts"
        folder.mkdir(parents=True)
        for index in range(users):
            (folder / f"user{index}.dat").write_text(account)

    @staticmethod
    def hmac(key, message):
        import hmac
        return hmac.new(key, message, "sha1").digest()

    def command(self):
        return ["prosody", "-F", "--config", str(self.dir / "prosody.cfg.lua")]


class Ejabberd(Server):
    name = "ejabberd"

    CONFIG = """
loglevel: error
hosts: ["{domain}"]
certfiles: ["{dir}/both.pem"]
auth_method: internal
auth_password_format: scram
listen:
  - {{ port: {port}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true, access: all, backlog: 1000 }}
  - {{ port: {tls_port}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true, access: all, backlog: 1000 }}
shaper_rules:
  max_user_sessions: 10000
  max_user_offline_messages: 1000000
modules:
  mod_blocking: {{}}
  mod_disco: {{}}
  mod_last: {{}}
  mod_offline: {{ access_max_user_messages: max_user_offline_messages }}
  mod_ping: {{}}
  mod_privacy: {{}}
  mod_private: {{}}
  mod_register: {{ ip_access: all, access: all }}
  mod_roster: {{ versioning: true }}
  mod_vcard: {{}}
{more}
sql_type: sqlite
sql_database: "{dir}/archive.sqlite"
registration_timeout: infinity
"""
    MORE = """
  mod_carboncopy: {}
  mod_mam: { db_type: sql, default: always }
  mod_stream_mgmt: { resend_on_timeout: true }
"""
    SCHEMA = Path("/usr/share/ejabberd/sql/lite.sql")

    def __init__(self, core, users, bench):
        super().__init__(core)
        certificate, key = self.make_certificate()
        (self.dir / "both.pem").write_bytes(certificate.read_bytes() + key.read_bytes())
        self.configure(archive=False)
        database = sqlite3.connect(self.dir / "archive.sqlite")
        database.executescript(self.SCHEMA.read_text())
        database.close()
        self.users = users
        self.bench = bench
        self.has_users = False

    def configure(self, archive):
        super().configure(archive)
        (self.dir / "ejabberd.yml").write_text(self.CONFIG.format(
            dir=self.dir, domain=DOMAIN, port=self.base, tls_port=self.base + 1,
            more=self.MORE if archive else ""))

    def command(self):
        # A distribution port is claimed but no name server is started: no epmd stays behind.
        return ["erl", "-noinput", "-sname", f"bench{os.getpid()}@localhost", "-setcookie", "bench",
                "-start_epmd", "false", "-erl_epmd_port", str(self.base + 2),
                "-kernel", "inet_dist_use_interface", "{127,0,0,1}",
                "+K", "true", "+P", "250000", "-mnesia", "dir", f'"{self.dir}/mnesia"', "-s", "ejabberd"]

    def environment(self):
        return dict(os.environ, HOME=str(self.dir), EJABBERD_CONFIG_PATH=str(self.dir / "ejabberd.yml"),
                    EJABBERD_LOG_PATH=str(self.dir / "ejabberd.log"), ERL_LIBS="/usr/lib/x86_64-linux-gnu",
                    ERL_MAX_PORTS="65536", ERL_CRASH_DUMP=str(self.dir / "erl_crash.dump"))

    def start(self):
        super().start()
        if not self.has_users:
            self.has_users = True
            subprocess.run([self.bench, "accounts", "--register", "--port", str(self.base), "--tls", "none",
                            "--count", str(self.users)], check=True, stdout=subprocess.DEVNULL)
        return self


class EjabberdMnesia(Ejabberd):
    """The archive in ejabberd's own database, which writes to the disk later."""

    name = "ejabberd-mnesia"
    MORE = Ejabberd.MORE.replace("db_type: sql", "db_type: mnesia")
