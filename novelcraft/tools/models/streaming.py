"""One answer, as it streams in: what the reader is shown, and where it is ended."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from novelcraft.state.calls import Usage
from novelcraft.tools.models.calls import STOPPED_BY_CALLER
from novelcraft.tools.models.thinking import ThinkFilter

if TYPE_CHECKING:
    from novelcraft.tools.models.client import Piece

OnText = Callable[[str], bool]
"""Gets the whole answer so far; returning False ends it there."""

_BLANK = re.compile(r"\s")

_KNOWN_AGAIN = 24
"""Characters by which an answer is known to go on from what was shown."""

_FAILED = ("error", "abort")
"""Reasons to stop of servers that could not go on: gateways' and vLLM's."""

UNBROKEN = 1_000
"""Characters without a blank after which a reader is shown them all the same."""


class StreamBrokenError(Exception):
    """An answer ended before its end."""


@dataclass(frozen=True)
class Reply:
    """An answer as it came over the wire."""

    text: str
    thinking: str
    finish_reason: str
    usage: Usage | None
    complete: bool = True
    """False where there is a think block, and no answer after it."""
    thought: bool = False
    """Whether the model thought, seen or unseen."""


class _Reader:
    """Shows an answer to its reader word by word, however the server cut it into pieces. What has
    no blanks is shown in stretches, so that the reader can end it too.

    Where the reader ends it then depends on the text alone.
    """

    def __init__(self, on_text: OnText | None) -> None:
        self._on_text = on_text
        self._shown = 0
        """Characters that were shown."""
        self._last = ""
        """The last of them, by which the answer is known again."""

    def show(self, text: str) -> str | None:
        """Show what is new up to the last blank; the text at which the reader ended it."""
        if self._on_text is None:
            return None
        if not text.startswith(self._last, self._shown - len(self._last)):
            self._shown = 0
        for blank in _BLANK.finditer(text, self._shown):
            if not self._show(text, blank.end()):
                return text[: blank.end()]
        while len(text) - self._shown >= UNBROKEN:
            if not self._show(text, self._shown + UNBROKEN):
                return text[: self._shown]
        return None

    def show_all(self, text: str) -> bool:
        """Show the end; whether the reader would have gone on."""
        if self._on_text is None or len(text) == self._shown:
            return True
        return self._on_text(text)

    def _show(self, text: str, end: int) -> bool:
        assert self._on_text is not None, "asked for by those who know it"
        self._shown, self._last = end, text[max(0, end - _KNOWN_AGAIN) : end]
        return self._on_text(text[:end])


async def read_reply(
    pieces: AsyncIterator[Piece], thinking: ThinkFilter, on_text: OnText | None
) -> Reply:
    """Read an answer to its end, or to where its reader ends it.

    Raises:
        StreamBrokenError: The connection, or the server's work, ended before the answer did.
    """
    reader = _Reader(on_text)
    usage: Usage | None = None
    finish = ""
    thought_tokens = 0
    async with aclosing(pieces) as arriving:  # type: ignore[type-var]
        async for piece in arriving:
            usage = piece.usage or usage
            finish = piece.finish_reason or finish
            thought_tokens = piece.thought_tokens or thought_tokens
            thinking.add_reasoning(piece.reasoning)
            stopped = reader.show(thinking.add(piece.content))
            if stopped is not None:
                return Reply(stopped, thinking.finish().thinking, STOPPED_BY_CALLER, usage)
    if not finish:
        raise StreamBrokenError("it answered, and its stream ended before the answer did.")
    if finish in _FAILED:
        raise StreamBrokenError(f"it ended its answer before the end, with the reason {finish!r}.")
    whole = thinking.finish()
    if not reader.show_all(whole.answer):
        finish = STOPPED_BY_CALLER
    thought = thinking.thought or bool(thought_tokens)
    return Reply(
        text=whole.answer,
        thinking=whole.thinking,
        finish_reason=finish,
        usage=usage,
        complete=whole.complete and bool(whole.answer.strip() or not thought),
        thought=thought,
    )
