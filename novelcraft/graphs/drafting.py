"""The draft that is being written, as it grows in the event stream."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Protocol, Self

from novelcraft.state.events import Drafting, WriteEvent
from novelcraft.state.manuscript import count_words
from novelcraft.state.stream import OnEvent

INTERVAL = 0.05
"""Shortest time between two events in seconds: a screen shows no more than 20 a second."""

_WORDS_END = re.compile(r".*\s", re.DOTALL)
"""All up to and with the last blank: no word stands across it."""


class Pending(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Let it not come."""


def call_later(delay: float, do: Callable[[], None]) -> Pending:
    """Call it from the running event loop after so many seconds."""
    return asyncio.get_running_loop().call_later(delay, do)


class DraftStream:
    """Emits a draft's growth, however fast it comes. Each word is counted once.

    What came too soon after an event is sent as soon as it may be, whether or not more comes: a
    server that sends a burst and then hangs leaves nothing unseen.

    Args:
        emit: Listens.
        scene_id: The scene.
        target_words: Words that it should have.
        clock: Seconds, only forward.
        later: Calls something after so many seconds.
    """

    def __init__(
        self,
        emit: OnEvent[WriteEvent],
        scene_id: str,
        target_words: int,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], Pending] = call_later,
    ) -> None:
        self._emit = emit
        self._scene_id = scene_id
        self._target_words = target_words
        self._clock = clock
        self._sent = ""
        self._counted = 0
        """Where counting goes on: no word stands across it."""
        self._words = 0
        """Words before that place."""
        self._next = clock()
        self._later = later
        self._text = ""
        self._pending: Pending | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pending is not None:
            self._pending.cancel()

    def grow(self, text: str) -> None:
        """The draft so far; it may also have become shorter, or begin anew."""
        self._text = text
        if self._pending is None:
            wait = self._next - self._clock()
            if wait > 0:
                self._pending = self._later(wait, self._due)
            else:
                self._due()

    def end(self, text: str) -> None:
        """The draft as it is kept."""
        if text != self._sent:
            self._send(text)

    def _due(self) -> None:
        self._pending = None
        self._next = self._clock() + INTERVAL
        self._send(self._text)

    def _send(self, text: str) -> None:
        at = _common(self._sent, text)
        self._emit(
            Drafting(
                scene_id=self._scene_id,
                words=self._count(text, at),
                target_words=self._target_words,
                at=at,
                text=text[at:],
            )
        )
        self._sent = text

    def _count(self, text: str, same: int) -> int:
        """Words of a text, of which the first `same` characters were counted before."""
        if same < self._counted:
            self._counted = self._words = 0
        ended = _WORDS_END.match(text, self._counted)
        if ended is not None:
            self._words += count_words(ended[0])
            self._counted = ended.end()
        return self._words + count_words(text[self._counted :])


def _common(one: str, other: str) -> int:
    """Characters that two texts begin with in common."""
    if other.startswith(one):
        return len(one)
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
