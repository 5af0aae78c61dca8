"""Breakpoints: numbers of the blocks that a new part of the story begins with."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from operator import mul

from novelcraft.tools.canon.embedders import Embedder, Vector

WINDOW = 3
"""Blocks on each side of a gap that are compared."""

_FEW = 8
"""Blocks up to which any number of breakpoints may be meant."""


def usable_breaks(answer: Sequence[int], first: int, last: int) -> list[int]:
    """What can be used of a model's answer.

    Args:
        answer: The numbers as the model gave them, in any order, with any junk among them.
        first: The first block that may be marked.
        last: The last one.

    Returns:
        The numbers from `first` to `last`, each once, rising. Empty also where more than half of
        many blocks are marked: a model that counts has not read.
    """
    breaks = sorted({number for number in answer if first <= number <= last})
    blocks = last - first + 1
    return [] if blocks > _FEW and 2 * len(breaks) > blocks else breaks


def embedding_breaks(
    texts: Sequence[str], embedder: Embedder, *, window: int = WINDOW
) -> list[int]:
    """Breakpoints where what comes differs most from what came.

    The depth score of TextTiling (Hearst 1997), over vectors in place of words: at each gap the
    blocks before and after it are compared, and a breakpoint is a valley of their likeness that
    is no shallower than half a standard deviation below the mean of the valleys.

    Args:
        texts: The blocks of a chapter, in order.
        embedder: Turns blocks into vectors.
        window: Blocks on each side of a gap that are compared.

    Returns:
        Rising indices into `texts`, from 1: the blocks that something new begins with. The same
        for the same texts and embedder.
    """
    if len(texts) < 2:
        return []
    depths = _depths(_likeness(embedder.embed(texts), window))
    valleys = [depth for depth in depths if depth > 0]
    if not valleys:
        return []
    least = statistics.fmean(valleys) - statistics.pstdev(valleys) / 2
    return [gap for gap, depth in enumerate(depths, start=1) if depth >= least]


def _likeness(vectors: Sequence[Vector], window: int) -> list[float]:
    """Cosine of the blocks before and after each gap; the first gap follows the first block."""
    return [
        _cosine(_sum(vectors[max(0, gap - window) : gap]), _sum(vectors[gap : gap + window]))
        for gap in range(1, len(vectors))
    ]


def _sum(vectors: Sequence[Vector]) -> list[float]:
    return [math.fsum(values) for values in zip(*vectors, strict=True)]


def _cosine(first: Vector, second: Vector) -> float:
    length = math.hypot(*first) * math.hypot(*second)
    return sum(map(mul, first, second)) / length if length else 0.0


def _depths(likeness: Sequence[float]) -> list[float]:
    """How far each valley lies below the peaks on its sides; 0 for what is no valley."""
    depths = []
    for at, value in enumerate(likeness):
        before, after = _climb(likeness[at::-1]), _climb(likeness[at:])
        lowest = all(value <= near for near in likeness[max(0, at - 1) : at + 2])
        depths.append((before - value) + (after - value) if lowest else 0.0)
    return depths


def _climb(values: Sequence[float]) -> float:
    """The peak that is reached from the first value while the values rise."""
    peak = values[0]
    for value in values[1:]:
        if value < peak:
            break
        peak = value
    return peak
