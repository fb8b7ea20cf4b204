# SPDX-License-Identifier: Apache-2.0
"""The layer between a server and its kernel (shim.c): built on first use, and told what to do."""
import functools
import hashlib
import mmap
import pathlib
import struct
import subprocess
import tempfile

from support.server import BUILD, Server

SOURCE = pathlib.Path(__file__).with_name("shim.c")

# As in shim.c.
FIELDS = ("kill_moment", "kill_after", "full", "write_error", "sync_error", "sync_delay_us", "stall_us",
          "clock_offset_us", "read_only", "syncs", "refused")
MOMENTS = ("none", "before_log_write", "half_a_log_write", "before_log_sync", "after_log_sync",
           "before_database_write", "before_database_sync", "after_database_sync", "before_rename", "after_rename",
           "before_journal_write", "before_answer")


def library():
    """Path of the built shim; built anew when the source has changed."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    folder = BUILD / "tests" if (BUILD / "tests").is_dir() else pathlib.Path(tempfile.gettempdir())
    built = folder / f"shim-{digest}.so"
    if not built.exists():
        unfinished = built.with_suffix(f".{id(built)}")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o", str(unfinished), str(SOURCE), "-ldl"],
                       check=True)
        unfinished.rename(built)
    return built


class Shim:
    """Each field is an attribute: `shim.sync_error = errno.EIO`. Takes effect at once."""

    def __init__(self, folder):
        path = pathlib.Path(folder) / "shim"
        path.write_bytes(bytes(8 * len(FIELDS)))
        with open(path, "r+b") as file:
            object.__setattr__(self, "_memory", mmap.mmap(file.fileno(), 0))
        object.__setattr__(self, "variables", [f"LD_PRELOAD={library()}", f"STONECHAT_SHIM={path}"])

    def __getattr__(self, name):
        if name not in FIELDS:
            raise AttributeError(name)
        return struct.unpack_from("q", self._memory, 8 * FIELDS.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("q", self._memory, 8 * FIELDS.index(name), value)

    def heal(self):
        for name in FIELDS:
            setattr(self, name, 0)

    def kill_at(self, moment, count=1):
        """SIGKILL when the process comes to `moment` the `count`-th time from now."""
        self.kill_moment = 0
        self.kill_after = count
        self.kill_moment = MOMENTS.index(moment)


def shimmed(server_class):
    """A kind of server that runs behind a shim, its attribute `shim`."""
    class Shimmed(server_class):
        @functools.cached_property
        def shim(self):
            return Shim(self.folder)

        def command(self):
            return ["/usr/bin/env", *self.shim.variables, *super().command()]

    return Shimmed


ShimmedServer = shimmed(Server)
