# SPDX-License-Identifier: Apache-2.0
"""The packaged Prosody behind the same handles as our server: STONECHAT_TEST_PEER=prosody runs the
same tests against it, to tell a wrong test from a wrong server."""
from support.certificates import make_certificate
from support.server import Server

_CONFIG = """
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
certificates = "{folder}"
log = {{ info = "{folder}/prosody.log"; }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {starttls} }}
c2s_direct_tls_ports = {{ {tls} }}
s2s_ports = {{}}
admins = {{ "admin@localhost" }}
authentication = "internal_plain"
allow_registration = {registration}
c2s_require_encryption = true
modules_enabled = {{ "roster"; "saslauth"; "tls"; "disco"; "private"; "vcard_legacy"; "version"; "uptime";
  "time"; "ping"; "register"; "admin_adhoc"; "blocklist"; "pep"; "lastactivity"; "announce"; "server_contact_info" }}
modules_disabled = {{ "s2s" }}
contact_info = {{ admin = {{ "xmpp:admin@localhost" }} }}
ssl = {{ key = "{folder}/localhost.key"; certificate = "{folder}/localhost.crt" }}
{hosts}
"""


class Prosody(Server):
    STOP_SECONDS = 10

    def set_up(self):
        self.plain_port = None
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        make_certificate(self.certificate, self.folder / "localhost.key", hosts=self.hosts)

    def configure(self, settings):
        self.config.write_text(_CONFIG.format(
            folder=self.folder, starttls=self.starttls_port, tls=self.tls_port,
            registration=str(settings.get("registration", False)).lower(),
            hosts="\n".join(f'VirtualHost "{host}"' for host in self.hosts)))

    def command(self):
        return ["/usr/bin/prosody", "-F", "--config", str(self.config)]

    def ports(self):
        return (self.starttls_port, self.tls_port)

    def add_users(self, accounts):
        for account in accounts:
            user, host = account.jid.split("@")
            folder = self.folder / "data" / _encoded(host) / "accounts"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{_encoded(user)}.dat").write_text(f'return {{ ["password"] = "{account.password}"; }};\n')

    @property
    def config(self):
        return self.folder / "prosody.cfg.lua"

    @property
    def certificate(self):
        return self.folder / "localhost.crt"


def _encoded(name):
    return "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in name)
