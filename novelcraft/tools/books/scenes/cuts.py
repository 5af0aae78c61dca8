"""Join a chapter's blocks to cuts, and its cuts to scenes, by the best of all ways to do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from novelcraft.errors import BudgetError
from novelcraft.state.books import CutBy
from novelcraft.tools.books.scenes.blocks import Block, Count
from novelcraft.tools.books.scenes.joining import Plan, best_plan
from novelcraft.tools.books.scenes.limits import SceneLimits

_DRIFT = 64
"""Tokens by which a scene counted whole may differ from its blocks before a scene that is too
short is let be."""


@dataclass(frozen=True)
class CutSpan:
    """A part of a scene in which setting, place, time and point of view stay the same."""

    start: int
    """Offset of its first character in the chapter."""
    end: int
    tokens: int
    """Sum of its blocks' tokens."""
    cut_by: CutBy
    """What its beginning came from."""


@dataclass(frozen=True)
class SceneSpan:
    """A scene of a chapter. The slices of a chapter's scenes, joined, are the chapter."""

    start: int
    """Offset of its first character in the chapter."""
    end: int
    """Offset after its last character: where the next scene starts."""
    tokens: int
    """Of its whole text, counted at once."""
    cut_by: CutBy
    """What its beginning came from. The first scene begins with its chapter: it has what the
    chapter's first breakpoint came from."""
    remainder: bool
    """Whether it is the last scene and shorter than scenes should be."""
    cuts: tuple[CutSpan, ...]


def plan_scenes(
    text: str,
    blocks: Sequence[Block],
    breaks: Mapping[int, CutBy],
    limits: SceneLimits,
    count: Count,
) -> list[SceneSpan]:
    """Cut a chapter into scenes.

    Every scene has from `limits.low` to `limits.high` tokens but the last, which may be shorter.
    Within that, scenes and cuts begin at breakpoints where they can, else where the author put a
    scene-break mark, else where a paragraph ends, and only when there is no other way inside a
    paragraph that `blocks_of` had to cut.

    Args:
        text: The chapter.
        blocks: The chapter's blocks, as `blocks_of` gives them.
        breaks: Indices of blocks that something new begins with, each with who found it. Those
            that are no block's, or the first's, say nothing.
        limits: Tokens of cuts and scenes.
        count: Counts tokens, as for the blocks.

    Returns:
        The scenes in order; none for an empty chapter. A scene before the last one is shorter
        than `limits.low` only where a block is longer than `limits` leave room for.

    Raises:
        BudgetError: A block by itself is longer than a scene may be.
    """
    longest = max((block.tokens for block in blocks), default=0)
    if longest > limits.high:
        raise BudgetError(
            f"A paragraph of {longest} tokens is longer than a scene may be ({limits.high}).",
            fix="Raise the highest number of tokens of a scene.",
        )
    margin = 0
    while True:
        plan = best_plan(blocks, breaks, _narrowed(limits, margin))
        scenes = _spans(text, blocks, breaks, plan, limits, count)
        miss = max((_miss(scene, limits, margin) for scene in scenes), default=0)
        if miss <= 0:
            return scenes
        margin += miss


def _narrowed(limits: SceneLimits, margin: int) -> SceneLimits:
    """Limits for sums of blocks, from which the text counted whole may differ by the margin."""
    high = max(limits.high - margin, 1)
    return limits.within(min(limits.low + margin, high), high)


def _miss(scene: SceneSpan, limits: SceneLimits, margin: int) -> int:
    """Tokens by which a scene misses its limits; shortness counts while it may be drift."""
    short = 0 if scene.remainder else limits.low - scene.tokens
    drifted = short if short + margin <= _DRIFT else 0
    return max(scene.tokens - limits.high, drifted)


def _spans(
    text: str,
    blocks: Sequence[Block],
    breaks: Mapping[int, CutBy],
    plan: Plan,
    limits: SceneLimits,
    count: Count,
) -> list[SceneSpan]:
    scenes = []
    for ends in plan:
        cuts = tuple(_cut(blocks, breaks, first, end) for first, end in ends)
        start, end = cuts[0].start, cuts[-1].end
        tokens = count(text[start:end]) if len(blocks) > 1 else blocks[0].tokens
        rest = end == len(text) and tokens < limits.low
        scenes.append(SceneSpan(start, end, tokens, cuts[0].cut_by, rest, cuts))
    if scenes:
        found = [by for at, by in sorted(breaks.items()) if 0 < at < len(blocks)]
        scenes[0] = replace(scenes[0], cut_by=found[0] if found else "length")
    return scenes


def _cut(blocks: Sequence[Block], breaks: Mapping[int, CutBy], first: int, end: int) -> CutSpan:
    tokens = sum(block.tokens for block in blocks[first:end])
    by: CutBy = "length"
    if first > 0:
        by = breaks.get(first, "mark" if blocks[first - 1].ends == "section" else "length")
    return CutSpan(blocks[first].start, blocks[end - 1].end, tokens, by)
