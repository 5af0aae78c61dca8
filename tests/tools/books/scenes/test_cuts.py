from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.errors import BudgetError
from novelcraft.state.books import CutBy
from novelcraft.tools.books.scenes.blocks import Block, blocks_of
from novelcraft.tools.books.scenes.breaks import usable_breaks
from novelcraft.tools.books.scenes.cuts import SceneSpan, plan_scenes
from novelcraft.tools.books.scenes.limits import SceneLimits
from tests.tools.books.chapters import (
    LEAST,
    MOST,
    SMALL,
    answers,
    anything,
    contiguous,
    count,
    joined,
    letters,
    paragraph,
    prose,
    tight,
)


def scenes_of(
    text: str, answer: list[int], counter: Callable[[str], int] = count
) -> tuple[list[Block], list[SceneSpan]]:
    blocks = blocks_of(text, counter, LEAST, MOST)
    breaks: dict[int, CutBy] = dict.fromkeys(usable_breaks(answer, 0, len(blocks)), "model")
    return blocks, plan_scenes(text, blocks, breaks, SMALL, counter)


@given(st.one_of(prose, anything), answers, st.sampled_from([count, tight, letters]))
def test_scenes_joined_are_the_chapter(
    text: str, answer: list[int], counter: Callable[[str], int]
) -> None:
    blocks, scenes = scenes_of(text, answer, counter)
    assert joined(text, scenes) == text
    assert contiguous(scenes)
    ends = {block.end for block in blocks}
    for scene in scenes:
        assert contiguous(scene.cuts)
        assert (scene.cuts[0].start, scene.cuts[-1].end) == (scene.start, scene.end)
        assert {cut.end for cut in scene.cuts} <= ends


@given(st.one_of(prose, anything), answers, st.sampled_from([count, tight, letters]))
def test_every_scene_but_the_last_keeps_the_limits(
    text: str, answer: list[int], counter: Callable[[str], int]
) -> None:
    _, scenes = scenes_of(text, answer, counter)
    for scene in scenes:
        assert scene.tokens == counter(text[scene.start : scene.end]) <= SMALL.high
        assert scene.remainder == (scene.tokens < SMALL.low)
    assert not any(scene.remainder for scene in scenes[:-1])


def square(text: str) -> int:
    """No tokenizer counts like this: two texts joined have far more than both have."""
    return len(text.split()) ** 2


@given(prose, answers, st.integers(1, 400), st.integers(0, 400), st.sampled_from([count, square]))
def test_no_scene_is_too_long_whatever_is_asked_for(
    text: str, answer: list[int], low: int, more: int, counter: Callable[[str], int]
) -> None:
    blocks = blocks_of(text, counter, LEAST, MOST)
    breaks: dict[int, CutBy] = dict.fromkeys(answer, "model")
    limits = SMALL.within(low, low + more)
    if max((block.tokens for block in blocks), default=0) > limits.high:
        with pytest.raises(BudgetError):
            plan_scenes(text, blocks, breaks, limits, counter)
        return
    scenes = plan_scenes(text, blocks, breaks, limits, counter)
    assert joined(text, scenes) == text
    assert all(scene.tokens <= limits.high for scene in scenes)


def divisible(tokens: list[int]) -> bool:
    """Whether blocks of so many tokens can be joined to cuts that all keep their limits."""
    good = [True] + [False] * len(tokens)
    for end in range(1, len(good)):
        good[end] = any(
            good[start] and SMALL.cut_low <= sum(tokens[start:end]) <= SMALL.cut_high
            for start in range(end)
        )
    return good[-1]


@given(prose, answers)
def test_cuts_are_never_too_long_and_short_only_where_they_must_be(
    text: str, answer: list[int]
) -> None:
    blocks, scenes = scenes_of(text, answer)
    for scene in scenes:
        assert all(cut.tokens <= SMALL.cut_high for cut in scene.cuts)
        tokens = [b.tokens for b in blocks if scene.start <= b.start < scene.end]
        if divisible(tokens):
            assert all(cut.tokens >= SMALL.cut_low for cut in scene.cuts)


@given(prose, answers)
def test_what_a_beginning_came_from(text: str, answer: list[int]) -> None:
    blocks, scenes = scenes_of(text, answer)
    number = {block.start: n for n, block in enumerate(blocks)}
    spans = [(scene.start, scene.cut_by) for scene in scenes]
    spans += [(cut.start, cut.cut_by) for scene in scenes for cut in scene.cuts]
    for start, cut_by in spans:
        at = number[start]
        if at and cut_by == "model":
            assert at in answer
        elif at and cut_by == "mark":
            assert blocks[at - 1].ends == "section"
        else:
            assert at == 0 or cut_by == "length"


def chapter(paragraphs: int, words: int = 20) -> str:
    return "\n\n".join([paragraph(words)] * paragraphs)


def starts(text: str, scenes: list[SceneSpan]) -> list[int]:
    """Numbers of the blocks that scenes begin with, for paragraphs that are blocks."""
    return [text[: scene.start].count("\n\n") for scene in scenes]


def test_scenes_begin_at_breakpoints() -> None:
    text = chapter(40)  # blocks of 22 tokens: scenes of 10 to 13 blocks
    _, scenes = scenes_of(text, [11, 23, 33])
    assert starts(text, scenes) == [0, 11, 23, 33]
    assert [scene.cut_by for scene in scenes] == ["model"] * 4


def test_cuts_begin_at_breakpoints() -> None:
    text = chapter(12)
    _, (scene,) = scenes_of(text, [4, 7])
    assert [cut.start for cut in scene.cuts[:2]] == [0, text.index("W0", scene.cuts[0].end)]
    assert text[: scene.cuts[1].start].count("\n\n") == 4
    assert text[: scene.cuts[2].start].count("\n\n") == 7
    assert [cut.cut_by for cut in scene.cuts[1:3]] == ["model", "model"]


def test_a_scene_break_mark_is_better_than_nothing() -> None:
    parts = [paragraph(20)] * 24
    parts[10] += "\n\n* * *"
    text = "\n\n".join(parts)
    _, scenes = scenes_of(text, [])
    assert scenes[1].cut_by == "mark"
    assert text[: scenes[1].start].endswith("* * *\n\n")
    assert scenes[0].cut_by == "length"


def test_a_long_paragraph_is_broken_only_when_it_must_be() -> None:
    text = "\n\n".join([*[paragraph(20)] * 8, paragraph(100), *[paragraph(20)] * 20])
    _, scenes = scenes_of(text, [])
    assert all(text[: scene.start].endswith("\n\n") for scene in scenes[1:])
    assert len(scenes_of(paragraph(1_000), [])[1]) >= 4


def test_the_remainder_is_the_last_scene_and_no_crumb() -> None:
    text = chapter(15)  # 330 tokens: one scene and a remainder
    _, scenes = scenes_of(text, [])
    assert [scene.remainder for scene in scenes] == [False, True]
    assert scenes[1].tokens >= 80


def test_a_short_chapter_is_one_remainder() -> None:
    text = chapter(3)
    _, (scene,) = scenes_of(text, [1])
    assert scene.remainder
    assert scene.end == len(text)


def test_usual_limits_on_a_usual_chapter() -> None:
    text = "\n\n".join(paragraph(words) for words in (90, 40, 150, 12, 260, 75, 9, 180) * 8)
    blocks = blocks_of(text, count)
    scenes = plan_scenes(text, blocks, {}, SceneLimits(), count)
    assert all(2_000 <= scene.tokens <= 3_000 for scene in scenes)
    assert all(400 <= cut.tokens <= 1_000 for scene in scenes for cut in scene.cuts)


def test_a_block_that_is_longer_than_a_scene() -> None:
    with pytest.raises(BudgetError, match="301 tokens"):
        plan_scenes("x", [Block(0, 1, 301, "paragraph")], {}, SMALL, count)


def test_a_book_without_chapters_is_cut_in_passable_time() -> None:
    text = chapter(3_000)
    _, scenes = scenes_of(text, list(range(0, 3_000, 7)))
    assert joined(text, scenes) == text
