# SPDX-License-Identifier: Apache-2.0
"""A terminal for programs with a screen: tmux with a socket of its own."""
import os
import subprocess
import time

from support.raw import WAIT


class Terminal:
    def __init__(self, folder, command, environment, columns=140, lines=40):
        self._socket = folder / "tmux.sock"
        self._environment = {**os.environ, **environment, "TERM": "screen-256color"}
        self._environment.pop("TMUX", None)
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines), command)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._tmux("kill-server", check=False)

    def type(self, line):
        """A line and Enter."""
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def screen(self):
        return self._tmux("capture-pane", "-p").stdout

    def wait_for(self, *texts):
        """The screen once all the texts are on it."""
        deadline = time.monotonic() + 2 * WAIT
        while True:
            screen = self.screen()
            missing = [text for text in texts if text not in screen]
            if not missing:
                return screen
            assert time.monotonic() < deadline, f"not on the screen: {missing}\n{screen}"
            time.sleep(0.05)  # a screen has no event to wait for

    def _tmux(self, *arguments, check=True):
        done = subprocess.run(["tmux", "-S", self._socket, *arguments], env=self._environment, capture_output=True,
                              text=True, timeout=30)
        assert not check or done.returncode == 0, f"tmux {arguments[0]}: {done.stderr}"
        return done
