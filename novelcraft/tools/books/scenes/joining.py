"""The dynamic programme that joins blocks to cuts and scenes.

All costs are counted in the cost of one cut that begins where nobody marked anything. A scene is
joined from cuts, so the cheapest way through a chapter is found in two layers: the cheapest cuts
of every stretch that can be a scene, and the cheapest row of such stretches.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from itertools import accumulate

from novelcraft.tools.books.scenes.blocks import Block, Ends
from novelcraft.tools.books.scenes.limits import SceneLimits

Plan = list[list[tuple[int, int]]]
"""For each scene its cuts, for each cut its first block and the one after its last."""

_BEGINNING: dict[Ends, float] = {"section": 0.2, "paragraph": 1.0, "sentence": 5.0}
"""Cost of a cut that begins unmarked, by what ends before it. A marked one costs nothing."""
_SCENE = 4.0
"""How much more it weighs where a scene begins than where a cut within it does."""
_MISSED = 0.5
"""Cost of a breakpoint inside a cut."""
_SHORT_CUT = 50.0
"""Cost of a cut below the lowest length, up to twice that for an empty one; more than all other
cuts of a scene cost, because limits come before likings."""
_REMAINDER = 2.0
"""Cost of a remainder at all; `_SHORT` comes on top as it gets shorter."""
_SHORT = 8.0
_TOO_SHORT = 1_000.0
"""Cost of a scene that is too short and no remainder: only where there is no other way."""


def best_plan(blocks: Sequence[Block], breaks: Container[int], limits: SceneLimits) -> Plan:
    """The cheapest way to join blocks to cuts and scenes; of equal ones always the same.

    A scene of several blocks never has more than `limits.high` tokens by their sum, nor a cut of
    several blocks more than `limits.cut_high`.
    """
    return _Programme(blocks, breaks, limits).plan()


class _Programme:
    """The costs of one chapter's blocks."""

    def __init__(
        self, blocks: Sequence[Block], breaks: Container[int], limits: SceneLimits
    ) -> None:
        self._limits = limits
        self._size = len(blocks)
        self._at = [0, *accumulate(block.tokens for block in blocks)]
        before = [0.0, *(_BEGINNING[block.ends] for block in blocks)]
        marks = [0 < block < len(blocks) and block in breaks for block in range(len(blocks))]
        self._begins = [0.0 if mark else cost for mark, cost in zip(marks, before, strict=False)]
        self._marks = [0, *accumulate(marks)]

    def plan(self) -> Plan:
        """The cheapest plan, found from the chapter's end to its beginning."""
        costs = [0.0] * (self._size + 1)
        ends = [self._size] * self._size
        for first in reversed(range(self._size)):
            options = {
                end: cost + self._scene(first, end) + costs[end]
                for end, (cost, _) in self._cuts(first).items()
            }
            ends[first] = min(options, key=options.__getitem__)
            costs[first] = options[ends[first]] + _SCENE * self._begins[first]
        plan, first = [], 0
        while first < self._size:
            plan.append(self._cuts_to(first, ends[first]))
            first = ends[first]
        return plan

    def _cuts(self, first: int) -> dict[int, tuple[float, int]]:
        """For every scene that can begin here, by its end: its cuts' cost, the last one's start."""
        best: dict[int, tuple[float, int]] = {first: (0.0, first)}
        for end in range(first + 1, self._size + 1):
            if end > first + 1 and self._at[end] - self._at[first] > self._limits.high:
                break
            best[end] = self._last_cut(first, end, best)
        del best[first]
        return best

    def _last_cut(
        self, first: int, end: int, best: dict[int, tuple[float, int]]
    ) -> tuple[float, int]:
        cheapest = (math.inf, first)
        for start in range(end - 1, first - 1, -1):
            tokens = self._at[end] - self._at[start]
            if start < end - 1 and tokens > self._limits.cut_high:
                break
            begins = self._begins[start] if start > first else 0.0
            missed = _MISSED * (self._marks[end] - self._marks[start + 1])
            cost = best[start][0] + begins + missed + self._length(tokens)
            cheapest = min(cheapest, (cost, start))
        return cheapest

    def _cuts_to(self, first: int, end: int) -> list[tuple[int, int]]:
        best, cuts = self._cuts(first), []
        while end > first:
            start = best[end][1]
            cuts.append((start, end))
            end = start
        return cuts[::-1]

    def _length(self, tokens: int) -> float:
        """What a cut costs by its length: 0 at the best, 1 at the limits."""
        limits = self._limits
        if tokens < limits.cut_low:
            return _SHORT_CUT * (2 - tokens / limits.cut_low)
        if tokens < limits.best_low:
            return (limits.best_low - tokens) / (limits.best_low - limits.cut_low)
        if tokens > limits.best_high:
            return min(1.0, (tokens - limits.best_high) / (limits.cut_high - limits.best_high + 1))
        return 0.0

    def _scene(self, first: int, end: int) -> float:
        """What a scene costs by its length."""
        tokens = self._at[end] - self._at[first]
        if tokens >= self._limits.low:
            return 0.0
        short = 1 - tokens / self._limits.low
        return _REMAINDER + _SHORT * short if end == self._size else _TOO_SHORT * (1 + short)
