"""Stopping a run from outside: once and it saves first, twice and it is gone at once."""

from __future__ import annotations

import os
import signal
import socket
import threading
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether the run was asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        """Take SIGINT and SIGTERM as requests.

        They are counted by a thread. A handler would have to wait for the end of whatever the
        main thread computes, and two signals that come meanwhile are one to it.
        """
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        for number in _SIGNALS:
            signal.signal(number, _ignore)
        signal.set_wakeup_fd(writer.fileno())
        threading.Thread(target=self._count, args=(reader, writer), daemon=True).start()

    def _count(self, reader: socket.socket, _writer: socket.socket) -> None:
        while signals := reader.recv(64):
            for number in signals:
                if number not in _SIGNALS:
                    continue
                if self.asked:
                    os._exit(128 + number)
                self.asked = True


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the thread that counts signals has this one from the wake-up socket."""
