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

    def run(n: int) -> str:
        chosen = units[:n] if keep == "start" else units[len(units) - n :]
        return "".join(chosen).strip()

    if count(run(len(units))) <= budget:
        return run(len(units))
    low, high = 0, len(units) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if count(run(middle)) <= budget:
            low = middle
        else:
            high = middle - 1
    return run(low)
