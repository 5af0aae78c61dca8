"""Fit text into a token budget by dropping whole units from one end."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
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


def with_end(line: str) -> list[str]:
    """A line's sentences, the last with the blank that ends the line."""
    pieces = sentences(line) or [""]
    return [*pieces[:-1], pieces[-1] + line[len(line.rstrip()) :]]


def shorten(text: str, chars: int) -> str:
    """A text on one line, of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= chars else f"{line[: chars - 1].rstrip()}…"


def choose(
    units: Sequence[str],
    worth: Sequence[int],
    budget: int,
    count: TokenCounter,
    *,
    skip: bool = False,
) -> list[int]:
    """Choose the units that stay within a budget, the most worthy first.

    Args:
        units: Pieces that are kept or dropped whole, each with the blank that follows it.
        worth: Numbers of units, the most worthy first.
        budget: Tokens that the units may have together, joined and without blanks around them.
        count: Counts the tokens of a text.
        skip: Where one does not fit, try those of less worth; for few units, as each is tried.

    Returns:
        Numbers of the units that fit, in the order of the text. Without `skip` what comes after
        the first that does not fit is dropped too, so that nothing stands where something of more
        worth is missing.
    """

    def tokens(chosen: Sequence[int]) -> int:
        return count("".join(units[i] for i in sorted(chosen)).strip())

    whole = tokens(worth)
    if whole <= budget:
        return sorted(worth)
    if skip:
        kept: list[int] = []
        for place in worth:
            kept += [place] if tokens([*kept, place]) <= budget else []
        return sorted(kept)
    # Counting may ask a server: it begins at the budget's share of the letters, and from there
    # goes in steps that double.
    sizes = list(accumulate(len(units[place]) for place in worth))
    at, step = bisect_right(sizes, sizes[-1] * budget / whole), 1
    low, high = 0, len(worth) - 1
    while low < high:
        at = min(max(at, low + 1), high)
        if tokens(worth[:at]) <= budget:
            low, at = at, at + step
        else:
            high, at = at - 1, at - step
        step *= 2
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
