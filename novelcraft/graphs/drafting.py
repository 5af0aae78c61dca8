"""The draft that is being written, as it grows in the event stream."""

from __future__ import annotations

import time
from collections.abc import Callable

from novelcraft.state.events import Drafting, WriteEvent
from novelcraft.state.manuscript import count_words
from novelcraft.state.stream import OnEvent

INTERVAL = 0.05
"""Shortest time between two events in seconds: a screen shows no more than 20 a second."""


class DraftStream:
    """Emits a draft's growth, however fast it comes.

    Args:
        emit: Listens.
        scene_id: The scene.
        target_words: Words that it should have.
        clock: Seconds, only forward.
    """

    def __init__(
        self,
        emit: OnEvent[WriteEvent],
        scene_id: str,
        target_words: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._emit = emit
        self._scene_id = scene_id
        self._target_words = target_words
        self._clock = clock
        self._sent = ""
        self._next = clock()

    def grow(self, text: str) -> None:
        """The draft so far; it may also have become shorter, or begin anew."""
        if self._clock() >= self._next:
            self._send(text)
            self._next = self._clock() + INTERVAL

    def end(self, text: str) -> None:
        """The draft as it is kept."""
        if text != self._sent:
            self._send(text)

    def _send(self, text: str) -> None:
        at = _common(self._sent, text)
        self._emit(
            Drafting(
                scene_id=self._scene_id,
                words=count_words(text),
                target_words=self._target_words,
                at=at,
                text=text[at:],
            )
        )
        self._sent = text


def _common(one: str, other: str) -> int:
    """Characters that two texts begin with in common."""
    if other.startswith(one):
        return len(one)
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
