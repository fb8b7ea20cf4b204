# SPDX-License-Identifier: Apache-2.0
"""Starts, stops, kills and restarts a server in a folder of its own on free loopback ports."""
import dataclasses
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from support.limits import SANITIZED

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("STONECHAT_BUILD", ROOT / "build" / "dev"))
PASSWORD = "a pencil on the hill"

# What tests may change, by the name they use: (section, key). The one place that knows the names in
# conf/stonechat.toml.
SETTINGS = {
    "shards": ("server", "shards"),
    "blocking_threads": ("server", "blocking_threads"),
    "blocking_queue": ("server", "blocking_queue"),
    "address": ("listen", "address"),
    "admins": ("host", "admins"),
    "contact": ("host.contact", "admin"),
    "auth_timeout": ("c2s", "auth_timeout"),
    "tls_timeout": ("c2s", "tls_timeout"),
    "rate_bytes": ("c2s", "rate_bytes"),
    "rate_burst_bytes": ("c2s", "rate_burst_bytes"),
    "rate_stanzas": ("c2s", "rate_stanzas"),
    "rate_burst_stanzas": ("c2s", "rate_burst_stanzas"),
    "resources_per_account": ("c2s", "resources_per_account"),
    "resource_conflict": ("c2s", "resource_conflict"),
    "unsent_bytes": ("c2s", "unsent_bytes"),
    "account_unsent_bytes": ("c2s", "account_unsent_bytes"),
    "stall_timeout": ("c2s", "stall_timeout"),
    "resume_window": ("stream_management", "resume_window"),
    "unacknowledged": ("stream_management", "unacknowledged"),
    "ack_timeout": ("stream_management", "ack_timeout"),
    "plain": ("login", "plain"),
    "iterations": ("login", "iterations"),
    "connections_per_prefix": ("limits", "connections_per_prefix"),
    "connection_rate": ("limits", "connection_rate"),
    "connection_burst": ("limits", "connection_burst"),
    "login_failures": ("limits", "login_failures"),
    "failure_window": ("limits", "failure_window"),
    "ban": ("limits", "ban"),
    "login_wait": ("limits", "login_wait"),
    "exempt": ("limits", "exempt"),
    "memory_bytes": ("limits", "memory_bytes"),
    "registration": ("host.registration", "open"),
    "registrations_per_day": ("host.registration", "per_day"),
    "names_reserved": ("accounts", "names_reserved"),
    "offline_per_user": ("host.offline", "max_messages"),
    "offline_per_sender": ("host.offline", "max_per_sender"),
    "roster_items": ("host.roster", "max_contacts"),
    "roster_bytes": ("host.roster", "max_bytes"),
    "pending_requests": ("host.subscription", "max_pending"),
    "private_bytes": ("host.private_xml", "max_bytes"),
    "push": ("host.push", "enabled"),
    "push_interval": ("host.push", "interval"),
    "push_services": ("host.push", "local_services"),
    "vcard_bytes": ("host.vcard", "max_bytes"),
    "node_creation": ("host.pubsub", "create"),
    "node_limit": ("host.pubsub", "max_nodes"),
    "node_items": ("host.pubsub", "max_items"),
    "node_item_bytes": ("host.pubsub", "max_item_bytes"),
    "node_bytes": ("host.pubsub", "max_bytes"),
    "node_subscribers": ("host.pubsub", "max_subscribers"),
    "node_page": ("host.pubsub", "max_page"),
    "room_creation": ("host.muc", "create"),
    "room_retention": ("host.muc", "retention"),
    "room_quota": ("host.muc", "quota_bytes"),
    "archive_quota": ("host.archive", "quota_bytes"),
    "message_rate": ("host.muc", "message_rate"),
    "room_message_rate": ("host.muc", "room_message_rate"),
    "presence_rate": ("host.muc", "presence_rate"),
    "rooms_per_user": ("host.muc", "rooms_per_user"),
    "large_room": ("host.muc", "large_room"),
    "max_members": ("host.muc", "max_members"),
    "members_bytes": ("host.muc", "max_members_bytes"),
    "history_bytes": ("host.muc", "max_history_bytes"),
    "subject_bytes": ("host.muc", "max_subject_bytes"),
    "room_presence_bytes": ("host.muc", "max_presence_bytes"),
    "directed_bytes": ("host.presence", "max_directed_bytes"),
    "blocked_bytes": ("host.blocking", "max_bytes"),
}

_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Account:
    jid: str
    password: str = PASSWORD

    @property
    def user(self):
        return self.jid.split("@")[0]


# The tests all come from one address and write faster than people: what is limited per address or per
# second is out of the way unless a test is about it.
ADMIN = Account("admin@localhost")
GENEROUS = {
    "shards": 1,
    "address": "127.0.0.1",
    "admins": [ADMIN.jid],
    "contact": [f"xmpp:{ADMIN.jid}"],
    "rate_bytes": 2**30,
    "rate_burst_bytes": 2**30,
    "rate_stanzas": 1_000_000,
    "rate_burst_stanzas": 1_000_000,
    "connections_per_prefix": 0,
    "connection_rate": 0,
    "login_failures": 0,
    "login_wait": "0 s",
}


class Server:
    """`hosts[0]` is the main host. Settings are named as in SETTINGS."""

    READY_SECONDS = 60
    STOP_SECONDS = 5 if not SANITIZED else 30

    def __init__(self, hosts=("localhost",), settings=None, folder=None):
        self.hosts = tuple(hosts)
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="stonechat-test-"))
        self.process = None
        self._administrated = False
        self._push_services = []
        self.log_path = self.folder / "server.log"
        self.base = free_ports(3)
        self.starttls_port, self.tls_port, self.plain_port = self.base, self.base + 1, self.base + 2
        self.set_up()
        self.configure({**GENEROUS, **shard_setting(), **(settings or {})})

    # -- what another server does differently (see peer_prosody.py) ------------------------------------

    def set_up(self):
        self.folder.mkdir(exist_ok=True)
        hosts = [word for host in self.hosts for word in ("--host", host)]
        self.run("stonechat", "init", str(self.folder), *hosts, "--port-base", str(self.base), "--plain")

    def configure(self, settings):
        """Changes settings in the file; a running server sees them after `ctl('reload')` or restart."""
        text = self.config.read_text()
        for name, value in settings.items():
            text = with_setting(text, *SETTINGS[name], value)
        self.config.write_text(text)

    def command(self):
        return [str(BUILD / "stonechat"), "--config", str(self.config)]

    def add_users(self, accounts):
        list_ = self.folder / "accounts"
        list_.write_text("".join(f"{account.jid} {account.password}\n" for account in accounts))
        self.ctl("user", "import", str(list_))

    @property
    def config(self):
        return self.folder / "stonechat.toml"

    @property
    def certificate(self):
        """The certificate of the main host, which is its own authority."""
        named = re.search(r'^\s*certificate\s*=\s*"([^"]+)"', self.config.read_text(), re.M)
        return (self.folder / named.group(1)) if named else next(self.folder.rglob("*.pem"))

    # -- life ------------------------------------------------------------------------------------------

    def start(self):
        self._log = open(self.log_path, "ab")
        self.process = subprocess.Popen(self.command(), stdout=self._log, stderr=self._log, cwd=self.folder,
                                        start_new_session=True)
        for port in self.ports():
            self._await_port(port)
        return self

    def ports(self):
        return (self.starttls_port, self.tls_port, self.plain_port)

    def _await_port(self, port):
        deadline = time.monotonic() + self.READY_SECONDS
        while True:
            assert self.process.poll() is None, f"the server ended at once:\n{self.log_tail()}"
            assert time.monotonic() < deadline, f"port {port} does not open:\n{self.log_tail()}"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.01)  # polling for readiness, not waiting for an effect

    def stop(self):
        """Asks politely; gives the exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(self.STOP_SECONDS + 1)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop in {self.STOP_SECONDS} s") from None
        self.process = None
        self._log.close()
        return code

    def kill(self):
        """SIGKILL, at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self._log.close()

    def restart(self):
        self.stop()
        return self.start()

    def remove(self):
        """Stops the server and deletes its folder."""
        try:
            self.stop()
        finally:
            self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- looking at it ---------------------------------------------------------------------------------

    def ctl(self, *arguments, check=True):
        return self.run("stonechatctl", "--config", str(self.config), *arguments, check=check)

    def ctl_json(self, *arguments):
        return json.loads(self.ctl(*arguments, "--json").stdout)

    def account(self, name, host=None):
        """A new account nobody used before, named after `name`."""
        return self.accounts(name, host=host)[0]

    def accounts(self, *names, host=None):
        number = next(_numbers)
        made = [Account(f"{name}.{number}@{host or self.hosts[0]}") for name in names]
        self.add_users(made)
        return made

    def push_service(self, name):
        """A new account at which devices may register (XEP-0357)."""
        account = self.account(name)
        self.name_push_service(account.jid)
        return account

    def name_push_service(self, jid):
        self._push_services.append(jid)
        self.configure({"push_services": self._push_services})
        self.ctl("reload")

    def administrator(self):
        if not self._administrated:
            self.add_users([ADMIN])
            self._administrated = True
        return ADMIN

    def resident_bytes(self):
        return int(self._proc("statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self):
        fields = self._proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def obituary(self):
        """How a process that was not asked to stop has ended."""
        code = self.process.wait()
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"{cause}\n{self.log_tail()}"

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_tail(self, lines=30):
        return "\n".join(self.log().splitlines()[-lines:])

    def _proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text()

    def run(self, program, *arguments, check=True):
        done = subprocess.run([str(BUILD / program), *arguments], capture_output=True, text=True, timeout=60)
        assert not check or done.returncode == 0, f"{program} {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done


def make_server(**options):
    """The server under test: ours, or the packaged Prosody when STONECHAT_TEST_PEER=prosody."""
    if os.environ.get("STONECHAT_TEST_PEER") == "prosody":
        from support.peer_prosody import Prosody
        return Prosody(**options)
    return Server(**options)


def shard_setting():
    shards = os.environ.get("STONECHAT_TEST_SHARDS")
    return {"shards": int(shards)} if shards else {}


def free_ports(count):
    """The first of `count` neighbouring free ports below the range of outgoing connections. Tests that run at the
    same time (pytest-xdist) draw from different ports: what is free now may be taken before it is used."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    width = 21000 // workers
    draw = random.Random(os.urandom(8))
    for _ in range(200):
        base = 11000 + worker * width + draw.randrange(width - count)
        if all(_is_free(base + offset) for offset in range(count)):
            return base
    raise AssertionError("no free ports")


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def with_setting(text, section, key, value):
    """The TOML text with one key set, in each [[host]] where the section is of a host; comments stay."""
    blocks = _blocks(text)
    if section.startswith("host."):
        for index in reversed([i for i, block in enumerate(blocks) if _name(block) == "host"]):
            later = itertools.takewhile(lambda block: _name(block).startswith("host."), blocks[index + 1:])
            if all(_name(block) != section for block in later):
                blocks.insert(index + 1, [f"[{section}]", ""])
    elif all(_name(block) != section for block in blocks):
        blocks.append([f"[{section}]", ""])
    for block in blocks:
        if _name(block) == section:
            _set(block, key, f"{key} = {toml(value)}")
    return "\n".join(line for block in blocks for line in block) + "\n"


def _blocks(text):
    """Lines before the first header, then header and lines of each section."""
    blocks = [[]]
    for line in text.splitlines():
        if re.match(r"\s*\[\[?[\w. -]+\]", line):
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def _name(block):
    found = re.match(r"\s*\[\[?\s*([\w.-]+)", block[0]) if block else None
    return found.group(1) if found else ""


def _set(block, key, line):
    for index, present in enumerate(block):
        if re.match(rf"\s*{re.escape(key)}\s*=", present):
            block[index] = line
            return
    block.insert(1, line)


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value)
