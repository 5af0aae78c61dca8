"""What a run does while it goes on: lines in a file of its folder, for whoever watches.

The file is cut by putting an empty one in its place, so that a reader in the middle of it can
still read it to its end. It holds nothing that would be missed: when it cannot be written, there
is none until the next cut, and the run goes on.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from novelcraft.state.stream import E, EventCodec, OnEvent

FEED_FILE = "feed.jsonl"


class FeedWriter:
    """Writes the feed of a folder. One at a time: its run holds the folder's lock."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FEED_FILE
        self._file: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cut(self) -> None:
        """Begin an empty feed."""
        self.close()
        made = self._path.with_name(f".{FEED_FILE}")
        with suppress(OSError):
            file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
            self._file = file
            made.replace(self._path)

    def append(self, line: str) -> None:
        """Add a line; nothing when the feed cannot be written.

        Args:
            line: Ends with its only line break.
        """
        if self._file is None:
            return
        data = line.encode()
        try:
            whole = os.write(self._file, data) == len(data)
        except OSError:
            whole = False
        if not whole:
            self.close()

    def remove(self) -> None:
        """Take the feed away."""
        self.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write no more until the next cut."""
        if self._file is not None:
            os.close(self._file)
        self._file = None


def recording(
    feed: FeedWriter,
    codec: EventCodec[E],
    on_event: OnEvent[E],
    clock: Callable[[], float] = time.time,
) -> OnEvent[E]:
    """A listener that writes a run's events into a feed, which it begins, and passes them on.

    Each stands there with the second at which it came, by which whoever joins late can tell how
    long the run still takes.
    """
    feed.cut()

    def emit(event: E) -> None:
        feed.append(f'{{"at": {clock()}, "event": {codec.line(event).rstrip()}}}\n')
        on_event(event)

    return emit


def parse_recorded(line: bytes, codec: EventCodec[E]) -> tuple[E, float]:
    """An event that `recording` wrote, and when it came.

    Raises:
        ValueError: The line is no event of this union.
    """
    body = json.loads(line)
    return codec.load(body["event"]), body["at"]


class FeedReader:
    """Reads a folder's feed as it grows, from the beginning of the one that is there."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FEED_FILE
        self._file: int | None = None
        self._half = b""

    def lines(self) -> list[bytes]:
        """The whole lines that were added since the last call.

        A reader that was away while the feed was cut more than once has missed what was between.
        """
        lines: list[bytes] = []
        while True:
            # In this order: what a file holds that was replaced is all that it will ever hold.
            replaced = self._is_replaced()
            lines += self._read()
            if not replaced:
                return lines
            self.close()
            with suppress(FileNotFoundError):
                self._file = os.open(self._path, os.O_RDONLY)
            if self._file is None:
                return lines

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
        self._file, self._half = None, b""

    def _is_replaced(self) -> bool:
        """Whether another file lies in the place of the open one, or none is open."""
        if self._file is None:
            return True
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        mine = os.fstat(self._file)
        return (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino)

    def _read(self) -> list[bytes]:
        if self._file is None:
            return []
        pieces = [self._half]
        while piece := os.read(self._file, 1 << 16):
            pieces.append(piece)
        *lines, self._half = b"".join(pieces).split(b"\n")
        return lines
