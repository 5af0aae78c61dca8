from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.config.prep import PrepSettings, StrategyName
from novelcraft.tools.books.rows.strategies import strategy_costs, windows
from tests.tools.books.bases import base
from tests.tools.books.rowbooks import book

COUNT = base().count
CHAPTERS = ((2_200, 2_600, 2_400, 1_000), (2_500,))


def cut(strategy: StrategyName, chapters: Any = CHAPTERS, **changes: Any) -> list[Any]:
    return windows(book(chapters), PrepSettings(layout="lean", strategy=strategy, **changes), COUNT)


def test_sequential_rows_are_the_scenes() -> None:
    made, scenes = cut("sequential"), book(CHAPTERS).scenes
    assert [w.text for w in made] == [s.text for s in scenes]
    assert [w.name for w in made] == [s.scene_id for s in scenes]
    assert [w.before for w in made] == ["", *(s.text for s in scenes[:-1])]
    assert all(w.scenes == (w.first,) for w in made)


def test_overlapping_by_half_puts_a_window_between_every_two_scenes() -> None:
    made = cut("overlap50")
    names = [w.name.split("+")[0] for w in made]
    assert names == ["ch01-s01"] * 2 + ["ch01-s02"] * 2 + ["ch01-s03"] * 2 + [
        "ch01-s04",
        "ch02-s01",
    ]
    between = made[1]
    first, second = book(CHAPTERS).scenes[:2]
    assert 45 <= int(between.name.split("+")[1]) <= 55
    assert between.before + between.text.split("\n\n")[0] in first.text
    assert first.text.endswith(between.text.split("\n\n")[0] + "\n\n") is False
    assert between.text[-200:] in second.text


@pytest.mark.parametrize(("strategy", "share"), [("overlap25", 0.25), ("overlap50", 0.5)])
def test_windows_share_what_they_are_named_for(strategy: StrategyName, share: float) -> None:
    chapter = (2_500,) * 8
    costs = {
        c.strategy: c
        for c in strategy_costs([book((chapter,))], PrepSettings(layout="lean"), COUNT)
    }
    cost = costs[strategy]
    # n windows overlap n - 1 times, a little more than named where that fills the chapter.
    shared = cost.duplicate_tokens / (cost.rows - 1) / 2_500
    assert share - 0.02 <= shared <= share + 0.07


def test_a_window_is_told_of_by_the_scene_that_most_of_it_is() -> None:
    for window in cut("overlap25"):
        (scene,) = window.scenes
        inside = {
            s.scene_id: sum(COUNT(p) for p in s.text.split("\n\n") if p and p in window.text)
            for s in book(CHAPTERS).scenes
        }
        assert inside[scene.scene_id] >= 0.9 * max(inside.values())


def test_long_rows_join_whole_scenes_of_one_chapter() -> None:
    made = cut("long", max_row_tokens=8_000)
    scenes = book(CHAPTERS).scenes
    assert [w.text for w in made] == [
        scenes[0].text + scenes[1].text,
        scenes[2].text + scenes[3].text,
        scenes[4].text,
    ]
    assert made[1].scenes == (scenes[2], scenes[3])
    assert made[1].before == scenes[1].text
    assert made[1].name == "ch01-s03"


@pytest.mark.parametrize("strategy", get_args(StrategyName))
def test_no_window_reaches_across_a_scene_that_is_left_out(strategy: StrategyName) -> None:
    volume = book(((2_200, 2_300, 2_400, 2_500),))
    made = windows(
        volume, PrepSettings(layout="lean", strategy=strategy, window=9_000), COUNT, {"ch01-s02"}
    )
    first, out, *rest = (s.text for s in volume.scenes)
    assert made[0].text == first
    assert all(w.text in "".join(rest) for w in made[1:])
    assert made[1].before == out
    costs = strategy_costs(
        [volume], PrepSettings(layout="lean"), COUNT, {"the-light": {"ch01-s02"}}
    )
    assert costs[0].text_tokens == sum(COUNT(p) for t in (first, *rest) for p in pieces(t))


def pieces(text: str) -> list[str]:
    return [f"{paragraph}\n\n" for paragraph in text.strip().split("\n\n")]


def test_a_chapter_of_nothing_is_a_window_of_nothing() -> None:
    volume = book(((2_000,),))
    empty = volume.scenes[0].model_copy(update={"text": ""})
    (window,) = windows(
        volume.model_copy(update={"scenes": (empty,)}), PrepSettings(layout="lean"), COUNT
    )
    assert window.text == ""


@given(
    chapters=st.lists(
        st.lists(st.integers(1, 3_000), min_size=1, max_size=5), min_size=1, max_size=2
    ),
    strategy=st.sampled_from(get_args(StrategyName)),
)
def test_windows_cover_each_chapter_in_order(
    chapters: list[list[int]], strategy: StrategyName
) -> None:
    volume = book(chapters)
    made = windows(volume, PrepSettings(layout="lean", strategy=strategy), COUNT)
    assert len({w.name for w in made}) == len(made)
    for number in range(1, len(chapters) + 1):
        text = "".join(s.text for s in volume.scenes if s.chapter_index == number)
        reached = start = 0
        for window in (w for w in made if w.first.chapter_index == number):
            start = text.index(window.text, start)
            assert start <= reached
            assert start + len(window.text) > reached
            reached = start + len(window.text)
        assert reached == len(text)


def test_every_strategy_has_its_price() -> None:
    shelf = [book(CHAPTERS), book(CHAPTERS, book_id="other")]
    costs = {
        c.strategy: c
        for c in strategy_costs(shelf, PrepSettings(layout="lean"), COUNT, rows_per_step=4)
    }
    assert set(costs) == set(get_args(StrategyName))
    plain, half, quarter = costs["sequential"], costs["overlap50"], costs["overlap25"]
    assert (plain.rows, plain.steps, plain.duplicate_tokens) == (10, 3, 0)
    assert costs["long"].rows == 6
    assert costs["long"].duplicate_tokens == 0
    assert 0 < quarter.duplicate_tokens < half.duplicate_tokens
    assert half.text_tokens - half.duplicate_tokens == plain.text_tokens
    assert half.steps > plain.steps > costs["long"].steps
    assert plain.context_tokens == 10 * 1_000
