"""What single rows have or lack by a seeded draw, so that a narrator stands both."""

from __future__ import annotations

import random
import re

from novelcraft.state.base import derive_seed
from novelcraft.tools.checks.ending import END_WHOLE
from novelcraft.tools.checks.leaks import ONLY_PROSE
from novelcraft.tools.checks.quotes import CLOSE_SPEECHES
from novelcraft.tools.checks.viewpoint import name_viewpoint

WITHOUT_CANON = WITHOUT_TAIL = 0.1
"""Shares of rows that lack the canon notes, or the end of the scene before."""
CAUTIONED = 0.2
"""Share of rows that say what to take care of."""

_ENDS = re.compile(r"[.!?…][\"'”’»*_]*\s*$")
_MARKS = {"“": "”", "«": "»"}
_TAGS = re.compile(r"<\||\[[A-Z]|^#|^\w+:", re.MULTILINE)


class Draws:
    """The draws of one row: the same for the same seed and row."""

    def __init__(self, seed: int, row_id: str) -> None:
        self._seed, self._row_id = seed, row_id

    @property
    def canon(self) -> bool:
        """Whether the row has canon notes."""
        return self._random("canon").random() >= WITHOUT_CANON

    @property
    def tail(self) -> bool:
        """Whether it has the end of the scene before."""
        return self._random("tail").random() >= WITHOUT_TAIL

    def cautions(self, text: str, pov: str) -> tuple[str, ...]:
        """One or two constraints that its text keeps, in most rows none."""
        choice = self._random("cautions")
        kept = kept_constraints(text, pov)
        if choice.random() >= CAUTIONED or not kept:
            return ()
        return tuple(choice.sample(kept, min(len(kept), choice.choice((1, 1, 2)))))

    def _random(self, what: str) -> random.Random:
        return random.Random(derive_seed(self._seed, "row", self._row_id, what))


def kept_constraints(text: str, pov: str) -> list[str]:
    """Of the constraints that checks give to a redraft, those that a text is seen to keep.

    Args:
        text: The scene.
        pov: Whom it follows.
    """
    found = [END_WHOLE] if _ENDS.search(text) else []
    if not _TAGS.search(text):
        found.append(ONLY_PROSE)
    if pov and re.search(rf"\b{re.escape(pov)}\b", text):
        found.append(name_viewpoint(pov))
    opened = {mark: text.count(mark) for mark in _MARKS if mark in text}
    if opened and all(text.count(_MARKS[mark]) == times for mark, times in opened.items()):
        found.append(CLOSE_SPEECHES)
    return found
