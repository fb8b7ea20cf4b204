# SPDX-License-Identifier: Apache-2.0
"""The set of measurements that `bench/run` and `bench/peers` make, and their tables."""
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Plan:
    bench: str
    server_core: int = 0
    client_core: int = 1
    seconds: float = 10
    pairs: int = 100
    logins: int = 5000
    login_users: int = 200
    offline: int = 20000
    sessions: int = 4000
    only: list = field(default_factory=list)

    def accounts(self):
        return max(self.sessions, self.pairs * 2, 216, self.login_users)


@dataclass
class Step:
    name: str
    mode: list
    transport: str
    fresh: bool = False  # the server is restarted before it, so that memory is counted from the start


def steps(plan):
    seconds = ["--seconds", str(plan.seconds), "--pairs", str(plan.pairs)]
    login = ["login", "--count", str(plan.logins), "--users", str(plan.login_users)]
    offline = ["offline", "--messages", str(plan.offline)]
    idle = ["idle", str(plan.sessions)]
    every = [
        Step("login plain", login, "plain"),
        Step("login tls", login, "direct"),
        Step("pair plain", ["pair", *seconds], "plain"),
        Step("pair tls", ["pair", *seconds], "direct"),
        Step("pipelined plain", ["pair", "--outstanding", "16", *seconds], "plain"),
        Step("rate plain", ["pair", "--rate", "10000", *seconds], "plain"),
        Step("offline plain", offline, "plain"),
        Step("idle plain", idle, "plain", fresh=True),
        Step("idle tls", idle, "direct", fresh=True),
    ]
    return [step for step in every if not plan.only or any(step.name.startswith(only) for only in plan.only)]


def run_bench(plan, name, arguments):
    """One run of stonechat-bench; answers its JSON, or None when it found nothing to say."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [plan.bench, *arguments, "--server-core", str(plan.server_core), "--client-core",
                   str(plan.client_core), "--json", out.name]
        print(f"== {name}", flush=True)
        done = subprocess.run(command)
        text = Path(out.name).read_text()
    if not text:
        print(f"{name}: no figures (exit code {done.returncode})", file=sys.stderr)
        return None
    result = json.loads(text)
    result["went_well"] = done.returncode == 0
    return result


def measure_floor(plan):
    results = {}
    for name, tls in (("floor plain", "none"), ("floor tls", "direct")):
        results[name] = run_bench(plan, name, ["floor", "--tls", tls, "--seconds", str(plan.seconds), "--pairs",
                                               str(plan.pairs)])
    return results


def measure(plan, server):
    """All steps against a server that is not running yet; it is stopped afterwards."""
    results = {}
    server.start()
    try:
        for step in steps(plan):
            if step.fresh:
                server.restart()
            tls, port = server.address(step.transport)
            arguments = [*step.mode, "--tls", tls, "--port", str(port), "--server-pid", str(server.pid)]
            results[step.name] = run_bench(plan, f"{server.name}: {step.name}", arguments)
    finally:
        server.stop()
    return results


@dataclass
class Row:
    """One line of a table: where the figure is found, and what it should be (a ceiling or a floor).

    `step` None sums the figure over all steps; `over` names a step whose figure is the divisor."""
    label: str
    step: str
    figure: str
    unit: str
    decimals: int = 0
    at_most: float = None
    at_least: float = None
    over: str = None

    def value(self, results):
        if self.step is None:
            found = [result["figures"].get(self.figure) for result in results.values() if result]
            found = [value for value in found if value is not None]
            return sum(found) if found else None
        value = self.value_in(results, self.step)
        if self.over is None or value is None:
            return value
        divisor = self.value_in(results, self.over)
        return value / divisor if divisor else None

    def value_in(self, results, step):
        result = results.get(step)
        return result["figures"].get(self.figure) if result else None

    def text(self, results):
        value = self.value(results)
        return "-" if value is None else f"{value:,.{self.decimals}f}"

    def target(self):
        if self.at_most is not None:
            return f"at most {self.at_most:,g}"
        return "" if self.at_least is None else f"at least {self.at_least:,g}"

    def verdict(self, results):
        value = self.value(results)
        if value is None:
            return "not measured"
        if self.at_most is not None:
            return "met" if value <= self.at_most else f"{value / self.at_most:.2f} times the target"
        if self.at_least is not None:
            return "met" if value >= self.at_least else f"{value / self.at_least:.2f} of the target"
        return ""


ROWS = [
    Row("byte relay, plain: CPU per million messages", "floor plain", "server_cpu_seconds_per_million", "s", 2),
    Row("byte relay, TLS: CPU per million messages", "floor tls", "server_cpu_seconds_per_million", "s", 2),
    Row("chat, plain: CPU per million messages", "pair plain", "server_cpu_seconds_per_million", "s", 2, at_most=9),
    Row("chat, TLS: CPU per million messages", "pair tls", "server_cpu_seconds_per_million", "s", 2, at_most=14),
    Row("chat, plain: CPU as a multiple of the relay's", "pair plain", "server_cpu_seconds_per_million", "times", 2,
        over="floor plain"),
    Row("chat, TLS: CPU as a multiple of the relay's", "pair tls", "server_cpu_seconds_per_million", "times", 2,
        over="floor tls"),
    Row("chat, plain: messages a second", "pair plain", "messages_per_second", "1/s", at_least=100000),
    Row("chat, TLS: messages a second", "pair tls", "messages_per_second", "1/s", at_least=70000),
    Row("16 outstanding: messages a second", "pipelined plain", "messages_per_second", "1/s", at_least=250000),
    Row("10,000 a second: latency p50", "rate plain", "latency_p50_ms", "ms", 3, at_most=0.25),
    Row("10,000 a second: latency p99", "rate plain", "latency_p99_ms", "ms", 3, at_most=2),
    Row("login, plain: logins a second", "login plain", "logins_per_second", "1/s", at_least=6000),
    Row("login, plain: CPU per login", "login plain", "server_cpu_ms_per_login", "ms", 3),
    Row("login, TLS: CPU per login", "login tls", "server_cpu_ms_per_login", "ms", 3, at_most=0.45),
    Row("offline: accepted a second", "offline plain", "accepted_per_second", "1/s", at_least=30000),
    Row("offline: drained a second", "offline plain", "drained_per_second", "1/s", at_least=60000),
    Row("idle, plain: bytes a session", "idle plain", "bytes_per_session", "bytes", at_most=4000),
    Row("idle, TLS: bytes a session", "idle tls", "bytes_per_session", "bytes", at_most=19000),
    Row("idle, plain: part of a core", "idle plain", "idle_server_core_used", "%", 3, at_most=0.1),
    Row("idle, TLS: sessions", "idle tls", "sessions", ""),
    Row("messages lost, all runs", None, "lost", "", at_most=0),
    Row("messages doubled, all runs", None, "doubled", "", at_most=0),
]


def target_table(results):
    lines = ["| figure | measured | target | result |", "|---|---:|---|---|"]
    lines += [f"| {row.label} | {row.text(results)} {row.unit} | {row.target()} | {row.verdict(results)} |"
              for row in ROWS]
    return "\n".join(lines)


def peer_table(results_by_name):
    names = list(results_by_name)
    lines = ["| figure | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for row in ROWS:
        cells = " | ".join(row.text(results_by_name[name]) for name in names)
        lines.append(f"| {row.label} ({row.unit or 'count'}) | {cells} |")
    return "\n".join(lines)


def replace_table(path, marker, table):
    """Puts a table between `<!-- MARKER:begin -->` and `<!-- MARKER:end -->`."""
    text = path.read_text()
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    before, rest = text.split(begin, 1)
    after = rest.split(end, 1)[1]
    path.write_text(f"{before}{begin}\n{table}\n{end}{after}")
