# SPDX-License-Identifier: Apache-2.0
"""Servers for the bench, each in a temporary folder of its own, in the foreground, on loopback only.

A server offers `address(transport)` for the transports "plain", "starttls" and "direct", is pinned to a core
from its start (so that it makes as many threads as it would on a machine with one core), and leaves nothing
behind: `stop()` ends the process it started, by its id, and the folder goes with `remove()`. What it keeps is
on a real disk. `configure(archive)` says whether messages are archived, from the next start on.
"""
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from toml_text import set_key

DOMAIN = "localhost"
PASSWORD = "pw"


class ServerFailed(Exception):
    pass


def free_ports(count):
    """`count` neighbouring ports of loopback that nobody listens on now."""
    for base in range(15000 + os.getpid() % 5000, 30000, count):
        sockets = []
        try:
            for port in range(base, base + count):
                sockets.append(socket.create_server(("127.0.0.1", port)))
            return base
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise ServerFailed("no free ports")


def end_tidily_when_told():
    """SIGTERM becomes an exception: what was started is stopped, what was made is removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))


def folder_on_disk(prefix):
    """A new folder, not in memory: durable has to mean durable."""
    for parent in (tempfile.gettempdir(), "/var/tmp", os.getcwd()):
        kind = subprocess.run(["stat", "--file-system", "--format=%T", parent], capture_output=True, text=True)
        if kind.stdout.strip() not in ("tmpfs", "ramfs"):
            return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    raise ServerFailed("no folder on a disk; set TMPDIR")


class Server:
    """What all have in common; a subclass writes the configuration and knows the command."""

    name = "server"

    def __init__(self, core):
        self.core = core
        self.dir = folder_on_disk(f"stonechat-bench-{self.name}-")
        self.base = free_ports(3)
        self.process = None
        self.log = None
        self.has_archive = False

    def configure(self, archive):
        self.has_archive = archive

    def command(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def address(self, transport):
        """(--tls value, port)"""
        return {"plain": ("none", self.base), "starttls": ("starttls", self.base),
                "direct": ("direct", self.base + 1)}[transport]

    def start(self):
        self.log = open(self.dir / "output.log", "ab")
        self.process = subprocess.Popen(self.pinned_command(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env=self.environment(), cwd=self.dir)
        for transport in ("plain", "direct"):
            self.wait_for_port(self.address(transport)[1])
        return self

    def pinned_command(self):
        return ["taskset", "-c", str(self.core)] + self.command()

    def shell_command(self):
        """For somebody else who starts this server again, in `dir` and `environment()`."""
        return f"exec {shlex.join(self.pinned_command())} >>output.log 2>&1"

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def wait_for_port(self, port):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        output = (self.dir / "output.log").read_text(errors="replace")[-2000:]
        self.stop()
        raise ServerFailed(f"{self.name} does not listen on port {port}:\n{output}")

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
        self.log.close()

    def restart(self):
        self.stop()
        return self.start()

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def make_certificate(self):
        """A self-signed ECDSA P-256 certificate; answers (certificate, key)."""
        certificate, key = self.dir / "cert.pem", self.dir / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", f"/CN={DOMAIN}", "-addext", f"subjectAltName=DNS:{DOMAIN}",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return certificate, key


class Stonechat(Server):
    name = "stonechat"

    # One client machine behind one address, as fast as it can: what guards against that is switched off,
    # everything else is as `stonechat init` writes it.
    SETTINGS = [
        ("[server]", "shards", "1"),
        ("[limits]", "connections_per_prefix", "0"),
        ("[limits]", "connection_rate", "0"),
        ("[c2s]", "rate_bytes", '"1 GiB"'),
        ("[c2s]", "rate_burst_bytes", '"1 GiB"'),
        ("[c2s]", "rate_stanzas", "1000000"),
        ("[c2s]", "rate_burst_stanzas", "1000000"),
        ("[c2s]", "resources_per_account", "1000"),
        ("[log]", "level", '"warning"'),
    ]
    ROOM_SETTINGS = [("message_rate", "0"), ("room_message_rate", "0"), ("presence_rate", "0"), ("max_occupants", "0")]

    # The archive, and what cannot do without it.
    ARCHIVE_MODULES = ("archive", "retraction", "inbox")

    def __init__(self, core, binaries, users, bench):
        super().__init__(core)
        self.binaries = Path(binaries).resolve()
        self.home = self.dir / "server"
        self.run_tool("stonechat", "init", self.home, "--host", DOMAIN, "--port-base", self.base, "--plain")
        self.config = self.home / "stonechat.toml"
        text = self.config.read_text()
        for section, key, value in self.SETTINGS:
            text = set_key(text, section, key, value)
        self.config.write_text(text)
        self.configure(archive=False)
        self.users = users
        self.bench = bench
        self.has_users = False

    def configure(self, archive):
        super().configure(archive)
        known = subprocess.run([self.binaries / "stonechat", "defaults"], capture_output=True, text=True).stdout
        text = self.config.read_text()
        for module in self.ARCHIVE_MODULES:
            if f"[host.{module}]" in known:  # an older build has fewer
                text = set_key(text, f"[modules.{module}]", "enabled", "true" if archive else "false")
        if "[host.muc]" in known:
            for key, value in self.ROOM_SETTINGS:
                text = set_key(text, "[modules.muc]", key, value)
        self.config.write_text(text)

    def run_tool(self, name, *arguments):
        done = subprocess.run([self.binaries / name, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerFailed(f"{name} {' '.join(map(str, arguments))}:\n{done.stdout}{done.stderr}")

    def command(self):
        return [str(self.binaries / "stonechat"), "--config", str(self.config)]

    def address(self, transport):
        return {"starttls": ("starttls", self.base), "direct": ("direct", self.base + 1),
                "plain": ("none", self.base + 2)}[transport]

    def start(self):
        super().start()
        if not self.has_users:
            self.has_users = True
            accounts = self.dir / "accounts"
            subprocess.run([self.bench, "accounts", "--count", str(self.users), "--out", accounts], check=True)
            self.run_tool("stonechatctl", "--config", self.config, "user", "import", accounts)
        return self
