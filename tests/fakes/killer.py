"""Kills a program around the calls that it makes to a fake server."""

from __future__ import annotations

import random
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.script import Effect


def as_it_is(_request: ChatRequest, plain: Answer) -> Answer:
    return plain


@dataclass
class Killer:
    """Kills a process with SIGKILL, at each kind of moment before one comes again."""

    rng: random.Random
    moments: Sequence[str]
    """Of `start` (some time after its start), `before` (a call's answer), `within` (while it
    streams) and `after` (while the program works on it)."""
    most_calls: int = 6
    """The most calls that a process makes before it is struck."""
    start: float = 1.0
    """The longest that one lives that is killed at its start, in seconds."""
    after: Sequence[float] = (0.03, 0.3)
    """The longest that one lives after an answer, one of these."""
    answer: Effect = as_it_is
    """What a struck call is answered: the same as one that is not."""
    kills: list[str] = field(default_factory=list)
    _victim: subprocess.Popen[bytes] | None = None
    _left: list[str] = field(default_factory=list)
    _moment: str = ""
    _calls_left: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def aim(self, victim: subprocess.Popen[bytes]) -> None:
        """Choose when the new process shall die."""
        with self._lock:
            if not self._left:
                self._left = self.rng.sample(self.moments, len(self.moments))
            self._victim, self._moment = victim, self._left.pop()
            at_start = self._moment == "start"
            self._calls_left = 0 if at_start else self.rng.randint(1, self.most_calls)
        if at_start:
            self._kill_within(self.start)

    def due(self, _request: ChatRequest) -> bool:
        """Whether it is this call that the process dies at."""
        with self._lock:
            self._calls_left -= 1
            return self._victim is not None and self._calls_left == 0

    def strike(self, request: ChatRequest, plain: Answer) -> Answer:
        """Kill before the answer, while it streams, or while the program works on it."""
        answer = self.answer(request, plain)
        if self._moment == "before":
            self._kill_within(0.0)
            return replace(answer, delay=60.0)
        if self._moment == "within":
            self._kill_within(0.1)
            return replace(answer, pace=0.01)
        self._kill_within(self.rng.choice(self.after))
        return answer

    def _kill_within(self, longest: float) -> None:
        assert self._victim is not None
        self.kills.append(self._moment)
        timer = threading.Timer(self.rng.uniform(0.0, longest), self._victim.kill)
        timer.daemon = True
        timer.start()
