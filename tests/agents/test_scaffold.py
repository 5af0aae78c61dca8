"""Story shapes as data: each is whole, and two premises give two stories."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from novelcraft.agents.planner.scaffold import PARTS, Scaffold, Shape, shapes

NAMES = ("Alec Thorne", "Edith Wilder", "Clara Ingram", "Felix Rowan")
PREMISES = sorted(Path("examples").glob("*.txt"))
SCAFFOLD = Scaffold.of("A lighthouse keeper finds that the sea answers letters.")
each_shape = pytest.mark.parametrize("shape", shapes().values(), ids=shapes())


def lines(shape: Shape) -> list[str]:
    """All its lines, as a person wrote them."""
    moves = [*shape.bridges, *(m for stage in shape.stages for m in stage.moves)]
    return [
        shape.ending,
        *shape.hooks,
        *(line for member in shape.cast for _, line in member),
        *(stage.summary for stage in shape.stages),
        *(line for move in moves for _, line in move),
    ]


def plan_of(path: Path, chapters: int = 12, scenes: int = 4) -> list[str]:
    """Every line of the plan that a model of no use leads to."""
    scaffold = Scaffold.of(path.read_text("utf-8"))
    names = [f"{path.stem} {n}" for n in range(4)]
    return [
        scaffold.shape.tone,
        scaffold.shape.style,
        *(line for n in range(4) for _, line in scaffold.member(n, names)),
        *(scaffold.fill(hook, names) for hook in scaffold.shape.hooks),
        *(
            scaffold.fill(line, names, scaffold.turn(chapter, chapters))
            for chapter in range(1, chapters + 1)
            for scene in range(1, scenes + 1)
            for _, line in scaffold.move(scene, scenes, chapter, chapters)
        ),
    ]


@each_shape
def test_every_line_takes_a_cast_and_a_premise(shape: Shape) -> None:
    scaffold = Scaffold(shape, SCAFFOLD.words)
    for line in lines(shape):
        for names in (NAMES, NAMES[:1]):
            filled = scaffold.fill(line, names)
            assert not re.search(r"[{}|]", filled), filled
            assert filled[0] == filled[0].upper()


@each_shape
def test_a_shape_is_whole(shape: Shape) -> None:
    assert len(shape.stages) >= 10
    assert all(len(stage.moves) == 4 for stage in shape.stages)
    assert len(shape.cast) >= len(PARTS)
    assert len(shape.bridges) >= 4
    assert len(set(lines(shape))) == len(lines(shape))
    assert sum("{thing}" in line for line in lines(shape)) >= 8
    assert sum("{place}" in line for line in lines(shape)) >= 8


@each_shape
def test_a_goal_says_whose_it_is(shape: Shape) -> None:
    """Chapters that share a stage are told apart by their people."""
    moves = [*shape.bridges, *(m for stage in shape.stages for m in stage.moves)]
    assert all(re.search(r"\{(hero|ally|rival)\}", move.goal) for move in moves)


def test_no_two_shapes_share_a_line() -> None:
    for one, other in itertools.combinations(shapes().values(), 2):
        assert set(lines(one)) & set(lines(other)) == {"{who}"}
        assert one.tone != other.tone
        assert one.style != other.style


@pytest.mark.parametrize("chapters", [2, 3, 7, 12, 40])
def test_a_book_begins_and_ends_where_the_shape_does(chapters: int) -> None:
    stages = [SCAFFOLD.stage(n, chapters) for n in range(1, chapters + 1)]
    assert stages[0] is SCAFFOLD.shape.stages[0]
    assert stages[-1] is SCAFFOLD.shape.stages[-1]
    order = [SCAFFOLD.shape.stages.index(s) for s in stages]
    assert order == sorted(order)


@pytest.mark.parametrize("scenes", [1, 2, 4, 7])
def test_a_chapter_ends_with_the_move_that_leads_on(scenes: int) -> None:
    moves = [SCAFFOLD.move(n, scenes, 4, 12) for n in range(1, scenes + 1)]
    stage = SCAFFOLD.stage(4, 12)
    assert moves[-1] is stage.moves[-1]
    assert len(set(moves)) == scenes
    assert all(m in stage.moves or m in SCAFFOLD.shape.bridges for m in moves)


@each_shape
@pytest.mark.parametrize("chapters", [10, 12, 24, 30])
def test_no_two_scenes_of_a_book_are_the_same(shape: Shape, chapters: int) -> None:
    scaffold = Scaffold(shape, SCAFFOLD.words)
    goals = [
        scaffold.fill(scaffold.move(k, 4, n, chapters).goal, NAMES, scaffold.turn(n, chapters))
        for n in range(1, chapters + 1)
        for k in range(1, 5)
    ]
    assert len(set(goals)) == len(goals)


def test_the_examples_give_different_stories() -> None:
    assert len(PREMISES) >= 5
    for one, other in itertools.combinations(PREMISES, 2):
        shared = set(plan_of(one)) & set(plan_of(other))
        assert not shared, (one.name, other.name, shared)


def test_a_premise_always_gives_the_same_scaffold() -> None:
    premise = "It rains upward."
    assert Scaffold.of(premise) == Scaffold.of(premise)
    other = {Scaffold.of(f"It rains upward, {n} times.").shape.tone for n in range(60)}
    assert len(other) == len(shapes())
