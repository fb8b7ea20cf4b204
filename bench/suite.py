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
    resumed: int = 10000  # sessions that resume
    archive_window: int = 32  # messages of a pair that are not yet safe and delivered
    archive_rate: int = 2000  # messages a second when latency is measured with the archive
    archive_shapes: tuple = ((1000, 1), (20, 64))  # pairs, and the window of each: the cost should be the same
    crowd: int = 5000  # people in the largest room
    subscribers: int = 10000  # of one node of a pubsub service; 0: nothing with nodes is measured
    item_logins: int = 100  # logins with the newest items of all contacts
    connections: tuple = (100, 1000, 5000)  # chat is measured with so many too, besides `pairs`
    after_leaving: float = 65  # seconds until memory should have been given back
    only: list = field(default_factory=list)

    def accounts(self):
        return max(self.sessions, self.resumed + 16, self.pairs * 2, 301, self.login_users, self.crowd,
                   *self.connections, *(2 * pairs for pairs, _ in self.archive_shapes))


@dataclass
class Step:
    name: str
    mode: list
    transport: str
    fresh: bool = False  # the server is restarted before it, so that memory is counted from the start
    archive: bool = False  # the server archives messages
    restarts: bool = False  # it ends the server and starts it again
    over: str = None  # the step of the byte relay that it is compared with, made just before it

    @property
    def is_relay(self):
        return self.mode[0] == "floor"


def chat_steps(plan):
    """Chat, each step with its byte relay in the same minute: what else the machine does meets both."""
    long = ["--seconds", str(plan.seconds)]
    short = ["--seconds", str(plan.seconds / 2)]
    late = ["--late-presence", "2"]  # after idle streams have given back what they could
    loads = [("", plan.pairs, long)] + [(f" {count}", count // 2, short) for count in plan.connections]
    kinds = [("plain", "plain", [], ""), ("tls", "direct", [], ""),
             ("pipelined plain", "plain", ["--outstanding", "16"], "pipelined "),
             ("rate plain", "plain", ["--rate", "10000"], "rate ")]
    made = []
    for name, transport, extra, prefix in kinds:
        for suffix, pairs, time in loads:
            load = ["--pairs", str(pairs), *extra, *time]
            floor = f"floor {name}{suffix}"
            chat = f"{name}{suffix}" if prefix else f"pair {name}{suffix}"
            made.append(Step(floor, ["floor", *load], transport))
            made.append(Step(chat, ["pair", *load, *late], transport, over=floor))
    return made


def archive_shape_steps(plan):
    """The archive alone, with few who write much and with many who each write little."""
    simple = ["--senders", "counting", "--recipients", "none", "--rate", "0", "--seconds", str(plan.seconds)]
    return [Step(f"archive {pairs} x {window}", ["archive", "--pairs", str(pairs), "--window", str(window), *simple],
                 "plain", fresh=True, archive=True)
            for pairs, window in plan.archive_shapes]


def pubsub_steps(plan):
    """Nodes of accounts, and one of a service. No archive: events of nodes are not kept there."""
    if plan.subscribers == 0:
        return []
    seconds = ["--seconds", str(plan.seconds)]
    loads = [("publish", ["--outstanding", "1", *seconds]), ("pipelined", seconds), ("login", ["--logins", str(plan.item_logins)]),
             ("fetch", seconds), ("crowd", ["--subscribers", str(plan.subscribers)])]
    return [Step(f"pubsub {name}", ["pubsub", "publish" if name == "pipelined" else name, *load], "plain",
                 fresh=name == "publish")
            for name, load in loads]


def steps(plan):
    seconds = ["--seconds", str(plan.seconds), "--pairs", str(plan.pairs)]
    login = ["login", "--count", str(plan.logins), "--users", str(plan.login_users)]
    offline = ["offline", "--messages", str(plan.offline)]
    idle = ["idle", str(plan.sessions), "--late-presence", "3", "--after-leaving", str(plan.after_leaving)]
    archive = ["archive", "--window", str(plan.archive_window), "--rate", str(plan.archive_rate), *seconds]
    resume = ["resume", "--sessions", str(plan.resumed)]
    room = ["muc", "--occupants", "200", "--senders", "10", "--seconds", str(plan.seconds)]
    crowd = ["muc", "--occupants", str(plan.crowd), "--senders", "0", "--concurrency", "100", "--room", "crowd"]
    every = [
        Step("login plain", login, "plain"),
        Step("login tls", login, "direct"),
        *chat_steps(plan),
        Step("offline plain", offline, "plain"),
        Step("idle plain", idle, "plain", fresh=True),
        Step("idle tls", idle, "direct", fresh=True),
        Step("archive resumable", archive, "plain", fresh=True, archive=True),
        Step("archive simple", [*archive, "--senders", "counting", "--recipients", "none"], "plain", archive=True),
        *archive_shape_steps(plan),
        Step("offline archived", offline, "plain", archive=True),
        Step("idle resumable", [*idle, "--stream-management", "resumable"], "plain", fresh=True, archive=True),
        Step("resume kill", [*resume, "--end", "kill"], "plain", fresh=True, archive=True, restarts=True),
        Step("resume stop", [*resume, "--end", "stop"], "plain", archive=True, restarts=True),
        Step("resume network", [*resume, "--end", "network"], "plain", archive=True),
        Step("room plain", room, "plain", fresh=True, archive=True),
        Step("room pipelined", [*room, "--outstanding", "4", "--room", "pipelined"], "plain", archive=True),
        Step("room crowd", crowd, "plain", fresh=True, archive=True),
        *pubsub_steps(plan),
    ]
    if not plan.only:
        return every
    chosen = {step.name for step in every if any(step.name.startswith(only) for only in plan.only)}
    chosen |= {step.over for step in every if step.name in chosen}
    return [step for step in every if step.name in chosen]


def run_bench(plan, name, arguments, **surroundings):
    """One run of stonechat-bench; answers its JSON, or None when it found nothing to say."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [plan.bench, *arguments, "--server-core", str(plan.server_core), "--client-core",
                   str(plan.client_core), "--json", out.name]
        print(f"== {name}", flush=True)
        done = subprocess.run(command, **surroundings)
        text = Path(out.name).read_text()
    if not text:
        print(f"{name}: no figures (exit code {done.returncode})", file=sys.stderr)
        return None
    result = json.loads(text)
    result["went_well"] = done.returncode == 0
    return result


def prepare(server, step):
    """The server as the step wants it: with its archive on or off, started anew or not."""
    if step.archive != server.has_archive:
        server.stop()
        server.configure(archive=step.archive)
        server.start()
    elif step.fresh or not server.is_running():
        server.restart()


def measure_step(plan, server, step):
    if step.is_relay:
        return run_bench(plan, step.name, [*step.mode, "--tls", "direct" if step.transport == "direct" else "none"])
    tls, port = server.address(step.transport)
    arguments = [*step.mode, "--tls", tls, "--port", str(port), "--server-pid", str(server.pid)]
    if step.mode[0] == "archive":
        arguments += ["--disk", str(server.dir)]
    if step.restarts:
        arguments += ["--server-command", server.shell_command()]
    # Whatever the step starts is a server like ours.
    surroundings = {"cwd": server.dir, "env": server.environment()} if step.restarts else {}
    return run_bench(plan, f"{server.name}: {step.name}", arguments, **surroundings)


def measure(plan, server):
    """All steps against a server that is not running yet; it is stopped afterwards."""
    results = {}
    server.start()
    try:
        for step in steps(plan):
            if not step.is_relay:
                prepare(server, step)
            results[step.name] = measure_step(plan, server, step)
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


def archive_rows(name, p50=None, p99=None):
    step, label = f"archive {name}", f"archive, {name}"
    return [
        Row(f"{label}: messages a second", step, "messages_per_second", "1/s"),
        Row(f"{label}: CPU per million messages", step, "server_cpu_seconds_per_million", "s", 2),
        Row(f"{label}, fixed rate: latency p50", step, "rate_latency_p50_ms", "ms", 3, at_most=p50),
        Row(f"{label}, fixed rate: latency p99", step, "rate_latency_p99_ms", "ms", 3, at_most=p99),
        Row(f"{label}, fixed rate: until acknowledged p50", step, "rate_ack_latency_p50_ms", "ms", 3),
        Row(f"{label}, fixed rate: until acknowledged p99", step, "rate_ack_latency_p99_ms", "ms", 3),
        Row(f"{label}: fdatasync beside it p50", step, "fdatasync_loaded_p50_ms", "ms", 3),
    ]


def archive_shape_rows():
    return [Row(f"archive, {pairs:,} pairs with {window} outstanding: CPU per million messages", f"archive {pairs} x {window}",
                "server_cpu_seconds_per_million", "s", 2, at_most=20)
            for pairs, window in Plan.archive_shapes]


def resume_rows(end):
    step, label = f"resume {end}", f"resume, {end}"
    return [
        Row(f"{label}: all back after", step, "all_back_seconds", "s", 2, at_most=10),
        Row(f"{label}: until the server listens", step, "listening_after_seconds", "s", 2),
        Row(f"{label}: server CPU of it", step, "server_cpu_seconds", "s", 2),
        Row(f"{label}: resumed", step, "resumed", ""),
        Row(f"{label}: not resumed", step, "not_resumed", "", at_most=0),
        Row(f"{label}: messages lost", step, "lost", "", at_most=0),
        Row(f"{label}: messages doubled", step, "doubled", "", at_most=0),
    ]


def chat_rows():
    """CPU of chat in byte relays, by how many connections are active at the same time."""
    cpu = "server_cpu_seconds_per_million"
    rows = []
    for label, step, ceilings in (("plain", "plain", (None, 1.7, 2.0)), ("TLS", "tls", (None, 1.5, 1.7))):
        rows += [Row(f"chat, {label}, {count:,} connections: CPU as a multiple of the relay's", f"pair {step} {count}", cpu,
                     "times", 2, at_most=most, over=f"floor {step} {count}")
                 for count, most in zip(Plan.connections, ceilings)]
    for label, step in (("16 outstanding", "pipelined plain"), ("10,000 a second", "rate plain")):
        most = 1.3 if step == "rate plain" else None
        rows += [Row(f"{label}, {words}: CPU as a multiple of the relay's", f"{step}{suffix}", cpu, "times", 2, at_most=most,
                     over=f"floor {step}{suffix}")
                 for words, suffix in [("200 connections", ""), *((f"{n:,} connections", f" {n}") for n in Plan.connections)]]
    return rows


def idle_rows():
    rows = []
    for label, step, most in (("plain", "idle plain", 4000), ("TLS", "idle tls", 18000), ("resumable", "idle resumable", 8000)):
        rows += [Row(f"idle, {label}: bytes a session", step, "bytes_per_session", "bytes", at_most=most),
                 Row(f"idle, {label}: memory given back when all have left", step, "given_back", "%", 1, at_least=90)]
    return rows


def pubsub_rows():
    cpu = "server_cpu_seconds_per_million"
    rows = []
    for label, step in (("10 publishers, 50 contacts", "pubsub publish"), ("the same, 16 outstanding", "pubsub pipelined")):
        is_goal = step == "pubsub pipelined"
        rows += [Row(f"nodes, {label}: publishes a second", step, "publishes_per_second", "1/s",
                     at_least=5000 if is_goal else None),
                 Row(f"nodes, {label}: events a second", step, "events_per_second", "1/s", at_least=250000 if is_goal else None),
                 Row(f"nodes, {label}: CPU per million events", step, cpu, "s", 2),
                 Row(f"nodes, {label}: latency p50", step, "event_latency_p50_ms", "ms", 2),
                 Row(f"nodes, {label}: latency p99", step, "event_latency_p99_ms", "ms", 2)]
    return rows + [
        Row("newest items at login: the last of 600 is there after, p50", "pubsub login", "all_items_p50_ms", "ms", 1, at_most=30),
        Row("newest items at login: the last of 600 is there after, p99", "pubsub login", "all_items_p99_ms", "ms", 1, at_most=30),
        Row("items of an offline account, 3 KiB: answers a second", "pubsub fetch", "answers_per_second", "1/s", at_least=20000),
        Row("items of an offline account: CPU per million answers", "pubsub fetch", cpu, "s", 2),
        Row("node with 10,000 subscribers: answered after", "pubsub crowd", "answer_latency_p50_ms", "ms", 1),
        Row("node with 10,000 subscribers: the last has it after", "pubsub crowd", "last_delivery_p50_ms", "ms", 1),
    ]


ROWS = [
    Row("byte relay, plain: CPU per million messages", "floor plain", "server_cpu_seconds_per_million", "s", 2),
    Row("byte relay, TLS: CPU per million messages", "floor tls", "server_cpu_seconds_per_million", "s", 2),
    Row("chat, plain: CPU per million messages", "pair plain", "server_cpu_seconds_per_million", "s", 2, at_most=9),
    Row("chat, TLS: CPU per million messages", "pair tls", "server_cpu_seconds_per_million", "s", 2, at_most=14),
    Row("chat, plain: CPU as a multiple of the relay's", "pair plain", "server_cpu_seconds_per_million", "times", 2,
        at_most=1.4, over="floor plain"),
    Row("chat, TLS: CPU as a multiple of the relay's", "pair tls", "server_cpu_seconds_per_million", "times", 2,
        at_most=1.4, over="floor tls"),
    *chat_rows(),
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
    Row("offline, archived: accepted a second", "offline archived", "accepted_per_second", "1/s"),
    Row("offline, archived: drained a second", "offline archived", "drained_per_second", "1/s"),
    *archive_rows("resumable", 2, 8),
    *archive_rows("simple"),
    *archive_shape_rows(),
    *resume_rows("kill"),
    *resume_rows("stop"),
    *resume_rows("network"),
    Row("room of 200, 10 write: deliveries a second", "room plain", "deliveries_per_second", "1/s", at_least=250000),
    Row("room of 200, 10 write: CPU per million deliveries", "room plain", "server_cpu_seconds_per_million", "s", 2,
        at_most=4),
    Row("room of 200, 10 write: latency p50", "room plain", "latency_p50_ms", "ms", 3),
    Row("room of 200, 4 outstanding: deliveries a second", "room pipelined", "deliveries_per_second", "1/s"),
    Row("room of 200, 4 outstanding: CPU per million deliveries", "room pipelined", "server_cpu_seconds_per_million",
        "s", 2),
    Row("room of 5,000: all have entered after", "room crowd", "entering_seconds", "s", 2, at_most=30),
    Row("room of 5,000: one message is with all after", "room crowd", "one_message_to_all_ms", "ms", 1, at_most=100),
    *pubsub_rows(),
    *idle_rows(),
    Row("idle, resumable: part of a core", "idle resumable", "idle_server_core_used", "%", 3),
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
        if all(row.value(results) is None for results in results_by_name.values()):
            continue
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
