from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.agents.planner.compose import with_targets
from novelcraft.agents.planner.outline import act_sizes
from novelcraft.agents.planner.pacing import (
    Written,
    asked_words,
    chapters_to_come,
    measured_pace,
    next_target,
    revise_plan,
    revised_ids,
    scene_length,
)
from novelcraft.agents.planner.task import spread
from novelcraft.state.plan import Plan
from novelcraft.tools.checks import check_plan
from tests.factories import plan


@given(st.integers(0, 10_000), st.integers(1, 200))
def test_spread_adds_up_and_is_even(total: int, parts: int) -> None:
    shares = spread(total, parts)
    assert sum(shares) == total
    assert len(shares) == parts
    assert max(shares) - min(shares) <= 1


@given(st.integers(1, 300))
def test_acts_hold_all_chapters(chapters: int) -> None:
    sizes = act_sizes(chapters)
    assert sum(sizes) == chapters
    assert len(sizes) <= 3
    assert min(sizes) >= 1


@pytest.mark.parametrize(
    ("left", "scenes", "expected"),
    [(3000, 5, 600), (2500, 5, 500), (500, 5, 300), (-100, 2, 300), (9000, 5, 960)],
)
def test_next_target_shares_what_is_left_within_bounds(
    left: int, scenes: int, expected: int
) -> None:
    assert next_target(left, scenes, 600) == expected


@pytest.mark.parametrize(
    ("paces", "expected"),
    [([], 1.0), ([0.0, 0.0], 1.0), ([0.5], 0.5), ([0.0, 0.5, 1.5], 1.0), ([9.0, 1, 1, 2, 2], 1.5)],
)
def test_a_pace_is_measured_by_the_last_scenes_that_the_narrator_wrote(
    paces: list[float], expected: float
) -> None:
    assert measured_pace([Written(300, pace) for pace in paces]) == expected


@pytest.mark.parametrize(
    ("pace", "expected"), [(1.0, 300), (0.5, 600), (2.0, 150), (0.1, 900), (8.0, 120)]
)
def test_a_narrator_is_asked_for_what_it_makes_the_target_of(pace: float, expected: int) -> None:
    assert asked_words(300, pace) == expected


@pytest.mark.parametrize(
    ("paces", "expected"),
    [([0.5] * 4, 400), ([0.3], 400), ([0.3] * 2, 220), ([0.2, 0.3, 0.3, 2.0], 400)],
)
def test_a_narrator_that_never_comes_to_the_usual_length_gets_shorter_scenes(
    paces: list[float], expected: int
) -> None:
    assert scene_length(400, [Written(220, pace) for pace in paces]) == expected


def test_the_last_chapter_is_planned_for_what_scenes_came_to() -> None:
    written = [Written(words, 0.8) for words in (632, 473, 281, 503)]
    assert scene_length(600, written) == 600
    assert scene_length(600, written, last_chapter=True) == 472
    assert scene_length(600, [Written(700, 1.2)] * 4, last_chapter=True) == 600
    assert scene_length(600, written[:1], last_chapter=True) == 600


def blocks(checked: Plan) -> list[str]:
    return [f.message for f in check_plan(checked) if f.severity == "block"]


def revise(original: Plan, done: int, words_left: int, usual: int = 300) -> Plan:
    """With so many scenes written in as many words as leave `words_left`."""
    words = spread(original.target_words - words_left, done)
    written = {s.id: n for s, n in zip(original.scenes, words, strict=False)}
    ids = revised_ids(original, written, words_left, usual)
    chapters = chapters_to_come(original, written)
    known = {s.id: s for s in original.scenes}
    briefs = [
        known.get(i) or original.scenes[0].model_copy(update={"id": i, "chapter": c.id})
        for c, chapter_ids in zip(chapters, ids, strict=True)
        for i in chapter_ids
    ]
    return revise_plan(original, written, briefs, [])


@given(st.integers(2, 8), st.integers(1, 5), st.integers(1, 7), st.integers(-500, 9000))
def test_a_revised_plan_keeps_what_is_written_and_its_rules(
    chapters: int, scenes_each: int, chapters_done: int, left: int
) -> None:
    original = plan(chapters, scenes_each)
    words_left = min(left, original.target_words - 100)
    done = min(chapters_done, chapters - 1) * scenes_each
    revised = revise(original, done, words_left)
    assert [s.id for s in revised.scenes[:done]] == [s.id for s in original.scenes[:done]]
    assert revised.parent == original.version
    coming = revised.scenes[done:]
    assert sum(s.target_words for s in coming) == max(words_left, len(coming))
    assert {s.chapter for s in coming} == {c.id for c in original.chapters[done // scenes_each :]}
    assert len({s.id for s in revised.scenes}) == len(revised.scenes)
    order = [s.id for s in revised.scenes]
    for hook in revised.hooks:
        assert order.index(hook.plant_scene) < order.index(hook.payoff_scene)
        assert hook.id in revised.scene(hook.plant_scene).plants
        assert hook.id in revised.scene(hook.payoff_scene).pays


def test_a_short_book_gets_more_scenes_and_a_long_one_fewer() -> None:
    original = plan(4, 3)
    assert len(revise(original, 3, 2700).scenes) == 12
    longer = revise(original, 3, 3600)
    assert len(longer.scenes) == 15
    assert {"s013", "s014", "s015"} <= {s.id for s in longer.scenes}
    shorter = revise(original, 3, 1800)
    assert len(shorter.scenes) == 9
    assert shorter.scenes[-1].id == original.scenes[-1].id


def test_targets_cannot_be_shared_by_more_scenes_than_words() -> None:
    with pytest.raises(ValueError, match="3 words cannot be shared by 4 scenes"):
        with_targets(plan(2, 2).scenes, 3)


def test_a_plan_made_here_has_no_blocking_fault() -> None:
    assert blocks(plan(3, 2)) == []


@pytest.mark.parametrize(
    ("gone", "plant", "payoff"), [("s004", "s005", "s012"), ("s012", "s004", "s011")]
)
def test_a_hook_whose_scene_is_dropped_moves_within_its_chapter(
    gone: str, plant: str, payoff: str
) -> None:
    original = plan(4, 3)
    hook = original.hooks[0].model_copy(update={"plant_scene": "s004", "payoff_scene": "s012"})
    original = original.model_copy(update={"hooks": (hook,)})
    coming = [s for s in original.scenes[3:] if s.id != gone]
    revised = revise_plan(original, {s.id: 300 for s in original.scenes[:3]}, coming, [])
    (moved,) = revised.hooks
    assert (moved.plant_scene, moved.payoff_scene) == (plant, payoff)


def test_a_hook_of_a_chapter_that_is_gone_moves_to_the_end_of_the_book() -> None:
    original = plan(3, 2)
    hook = original.hooks[0].model_copy(update={"payoff_scene": "s004"})
    original = original.model_copy(update={"hooks": (hook,)})
    coming = original.scenes[4:]
    (moved,) = revise_plan(original, {"s001": 300, "s002": 300}, coming, []).hooks
    assert (moved.plant_scene, moved.payoff_scene) == ("s001", "s006")


def test_a_hook_that_can_no_longer_be_paid_after_it_is_planted_goes() -> None:
    original = plan(2, 2)
    hook = original.hooks[0].model_copy(update={"plant_scene": "s003", "payoff_scene": "s004"})
    original = original.model_copy(update={"hooks": (hook,)})
    written = {s.id: 300 for s in original.scenes[:2]}
    assert revise_plan(original, written, original.scenes[2:3], ["m"]).hooks == ()
    assert revise_plan(original, written, original.scenes[2:], ["m"]).mends == ("m",)
