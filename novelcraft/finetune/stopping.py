"""Stopping a run from outside: once and it saves first, twice and it is gone at once."""

from __future__ import annotations

import os
import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether the run was asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        """Take SIGINT and SIGTERM as requests."""
        for number in _SIGNALS:
            signal.signal(number, self._take)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self.asked:
            os._exit(128 + number)
        self.asked = True
