# SPDX-License-Identifier: Apache-2.0
"""Two people who keep chatting while somebody attacks the server. They must notice nothing: every line
arrives, in time, once and in order, and nothing else arrives."""
import threading
import time

from support import match
from support.raw import WAIT, login

LATE_SECONDS = WAIT
PACE_SECONDS = 0.01


class Bystanders:
    def __init__(self, server):
        anna, bert = server.accounts("anna", "bert")
        self._anna = login(server, anna, "sofa", presence=True)
        self._bert = login(server, bert, "chair", presence=True)
        self._stop = threading.Event()
        self._turn = threading.Condition()
        self._rounds = 0
        self._problem = None
        self.slowest = 0.0
        self._thread = threading.Thread(target=self._chat, name="bystanders", daemon=True)
        self._thread.start()

    def check(self):
        """Both have gone on chatting until now and saw nothing foreign."""
        with self._turn:
            goal = self._rounds + 2
            self._turn.wait_for(lambda: self._problem or self._rounds >= goal, LATE_SECONDS * 2)
            assert self._problem is None, f"bystanders were disturbed: {self._problem}"
            assert self._rounds >= goal, "bystanders came to a standstill"

    def is_disturbed(self):
        return self._problem is not None

    def leave(self):
        self._stop.set()
        self._thread.join(LATE_SECONDS * 2)
        self._anna.drop()
        self._bert.drop()

    def _chat(self):
        try:
            number = 0
            while not self._stop.wait(PACE_SECONDS):
                number += 1
                began = time.monotonic()
                self._say(self._anna, self._bert, f"q{number}")
                self._say(self._bert, self._anna, f"a{number}")
                self._finish_round(time.monotonic() - began)
        except Exception as problem:  # the thread's end: whatever it is, it is the finding
            with self._turn:
                self._problem = problem
                self._turn.notify_all()

    def _say(self, speaker, listener, words):
        speaker.send(f"<message to='{listener.jid}' type='chat' id='{words}'><body>{words}</body></message>")
        heard = listener.next_stanza(LATE_SECONDS)
        expected = f"<message type='chat' id='{words}' from='{speaker.jid}'><body>{words}</body></message>"
        assert match.fits(expected, heard), f"{listener.jid} got {match.show(heard)} instead of {words}"

    def _finish_round(self, seconds):
        with self._turn:
            self._rounds += 1
            self.slowest = max(self.slowest, seconds)
            self._turn.notify_all()
