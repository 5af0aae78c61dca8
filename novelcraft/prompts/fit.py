"""Fit text into a token budget by dropping whole units from one end."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

TokenCounter = Callable[[str], int]
Keep = Literal["start", "end"]

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+")


def sentences(text: str) -> list[str]:
    """Cut a text after its sentences and lines.

    Each piece keeps the blank that follows it, so that the pieces joined give the text back.
    """
    text = text.strip()
    cuts = [match.end() for match in _SENTENCE_END.finditer(text)]
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True) if a < b]


def shorten(text: str, chars: int) -> str:
    """A text on one line, of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= chars else f"{line[: chars - 1].rstrip()}…"


def choose(
    units: Sequence[str], worth: Sequence[int], budget: int, count: TokenCounter
) -> list[int]:
    """Choose the units that stay within a budget, the most worthy first.

    Args:
        units: Pieces that are kept or dropped whole, each with the blank that follows it.
        worth: Numbers of units, the most worthy first.
        budget: Tokens that the units may have together, joined and without blanks around them.
        count: Counts the tokens of a text.

    Returns:
        The longest beginning of `worth` that fits, in the order of the text. What comes after the
        first that does not fit is dropped too, so that nothing stands where something of more
        worth is missing.
    """

    def tokens(n: int) -> int:
        return count("".join(units[i] for i in sorted(worth[:n])).strip())

    if tokens(len(worth)) <= budget:
        return sorted(worth)
    low, high = 0, len(worth) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if tokens(middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return sorted(worth[:low])


def fit(
    units: Sequence[str],
    budget: int,
    count: TokenCounter,
    *,
    keep: Keep,
) -> str:
    """Keep as many units as fit.

    Args:
        units: Pieces that are kept or dropped whole, each with the blank that follows it.
        budget: Tokens that the result may have.
        count: Counts the tokens of a text.
        keep: Which end stays: `start` drops the last units first, `end` the first.

    Returns:
        The longest run of units from that end within the budget, joined and without blanks
        around it; empty when none fits.
    """
    places = range(len(units))
    worth = list(places) if keep == "start" else list(reversed(places))
    return "".join(units[i] for i in choose(units, worth, budget, count)).strip()
