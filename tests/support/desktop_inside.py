#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The first process of a desktop of its own (see desktop.py): makes the private machine around it, then runs what it
is told to, a line of JSON per command, until its control socket closes. With it ends all that it has started.

    {"run": [WORDS], "within": SECONDS}    to its end: {"status": NUMBER, or null when it took longer, "output": TEXT}
    {"start": [WORDS]}                     in the background, its output in program.log: {"process": NUMBER}
    {"ask": PROCESS}                       {"status": NUMBER, or null while it runs}
"""
import fcntl
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys

# of linux/sockios.h and linux/if.h
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1
XMPP_CLIENT = 5222
NOBODY = 65534
# What a shell says of a command that cannot be run.
NOT_FOUND = 127

HOME = pathlib.Path("/mnt")
PROGRAM = pathlib.Path("/tmp/desktop_inside.py")
RUNTIME = pathlib.Path("/tmp/runtime")
BUS_SETTINGS = pathlib.Path("/tmp/bus.conf")

# Neither services that the machine has for sessions, nor who asks for them.
BUS = """<busconfig>
  <type>session</type>
  <listen>unix:dir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

ENVIRONMENT = {
    "HOME": str(HOME), "XDG_RUNTIME_DIR": str(RUNTIME), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
    "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1",
    # Nothing but the program itself: no settings of the machine's, no mounted places, no screen reader.
    "GSETTINGS_BACKEND": "memory", "GIO_USE_VFS": "local", "NO_AT_BRIDGE": "1", "GTK_A11Y": "none",
    "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo",
    # The kernel knows no route to anywhere, for which clients would not even try.
    "GIO_USE_NETWORK_MONITOR": "base",
}


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def make_places(folder, trusted):
    """The folder as home, an empty /tmp, and one certificate as all that this machine trusts. This program comes along:
    who has no rights may not be able to read the tree that it is in."""
    program = pathlib.Path(__file__).read_bytes()
    mount("--bind", folder, HOME)
    mount("-t", "tmpfs", "desktop", "/tmp")
    PROGRAM.write_bytes(program)
    pathlib.Path("/tmp/.X11-unix").mkdir()
    certificates = pathlib.Path("/tmp/certificates")
    certificates.mkdir()
    (certificates / "ca-certificates.crt").write_bytes(trusted)
    mount("--bind", certificates, "/etc/ssl/certs")
    for place in ("/tmp", "/tmp/.X11-unix"):
        os.chmod(place, 0o1777)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))


def start_display():
    readable, writable = os.pipe()
    subprocess.Popen(["Xvfb", "-displayfd", str(writable), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
                     pass_fds=[writable], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writable)
    with os.fdopen(readable) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    return f":{number}"


def start_bus(environment):
    BUS_SETTINGS.write_text(BUS)
    daemon = subprocess.Popen(["dbus-daemon", f"--config-file={BUS_SETTINGS}", "--nofork", "--print-address"],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return daemon.stdout.readline().strip()


class Programs:
    def __init__(self, environment):
        self._environment = environment
        self._started = {}

    def obey(self, told):
        if "run" in told:
            return self._run(told["run"], told["within"])
        if "start" in told:
            return self._start(told["start"])
        return {"status": self._started[told["ask"]].poll()}

    def _run(self, command, within):
        with open("/tmp/output", "w+b") as output:
            # Not a pipe, which what goes on in the background would keep open.
            try:
                status = subprocess.run(command, **self._surroundings(output), timeout=within).returncode
            except subprocess.TimeoutExpired:
                status = None
            except OSError as problem:
                return {"status": NOT_FOUND, "output": str(problem)}
            output.seek(0)
            return {"status": status, "output": output.read().decode(errors="replace")}

    def _start(self, command):
        with open(HOME / "program.log", "ab") as log:
            program = subprocess.Popen(command, **self._surroundings(log))
        self._started[program.pid] = program
        return {"process": program.pid}

    def _surroundings(self, output):
        return {"env": self._environment, "cwd": HOME, "stdin": subprocess.DEVNULL, "stdout": output,
                "stderr": subprocess.STDOUT}


def make_machine(folder, trusted):
    make_places(folder, pathlib.Path(trusted).read_bytes())
    loopback_up()


def as_nobody():
    """The command before one that is to run as a user without rights; Gajim refuses to work for root. Another user no
    longer ends with the process that has made the namespaces, unless that is said again."""
    if os.stat(HOME).st_uid == NOBODY:
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig=KILL"]
    return ["unshare", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "setpriv", "--pdeathsig=KILL"]


def serve(control):
    door = socket.create_server(("127.0.0.1", XMPP_CLIENT))
    RUNTIME.mkdir(mode=0o700)
    environment = dict(ENVIRONMENT)
    environment["DISPLAY"] = start_display()
    # The bus of the system is not the machine's either.
    environment["DBUS_SESSION_BUS_ADDRESS"] = environment["DBUS_SYSTEM_BUS_ADDRESS"] = start_bus(environment)
    socket.send_fds(control, [b"."], [door.fileno()])
    door.close()
    programs = Programs(environment)
    with control.makefile("rw") as commands:
        for line in commands:
            json.dump(programs.obey(json.loads(line)), commands)
            commands.write("\n")
            commands.flush()


def main():
    control = sys.argv[1]
    if len(sys.argv) > 2:
        make_machine(*sys.argv[2:])
        os.chdir(HOME)
        command = [*as_nobody(), sys.executable, str(PROGRAM), control]
        os.execvp(command[0], command)
    serve(socket.socket(fileno=int(control)))


if __name__ == "__main__":
    main()
