from __future__ import annotations

import pytest

from novelcraft.agents.planner.scaffold import (
    BRIDGES,
    STAGES,
    cast_in,
    move_of,
    stage_of,
    turn_of_stage,
)

NAMES = ("Alec Thorne", "Edith Wilder", "Clara Ingram", "Felix Rowan")


@pytest.mark.parametrize("chapters", [2, 3, 7, 12, 40])
def test_a_book_begins_and_ends_where_the_scaffold_does(chapters: int) -> None:
    stages = [stage_of(n, chapters) for n in range(1, chapters + 1)]
    assert stages[0] is STAGES[0]
    assert stages[-1] is STAGES[-1]
    order = [STAGES.index(s) for s in stages]
    assert order == sorted(order)


@pytest.mark.parametrize("scenes", [1, 2, 4, 7])
def test_a_chapter_ends_with_the_move_that_leads_on(scenes: int) -> None:
    moves = [move_of(STAGES[3], n, scenes) for n in range(1, scenes + 1)]
    assert moves[-1] is STAGES[3].moves[-1]
    assert len(set(moves)) == scenes
    assert all(m in STAGES[3].moves or m in BRIDGES for m in moves)


@pytest.mark.parametrize("chapters", [12, 24, 36])
def test_no_two_scenes_of_a_book_are_the_same(chapters: int) -> None:
    goals = [
        cast_in(move_of(stage_of(n, chapters), k, 4).goal, NAMES, turn_of_stage(n, chapters))
        for n in range(1, chapters + 1)
        for k in range(1, 5)
    ]
    assert len(set(goals)) == len(goals)


def test_every_line_of_the_scaffold_takes_a_cast() -> None:
    for stage in STAGES:
        lines = [stage.summary, *(x for m in stage.moves for x in (m.goal, m.turn, m.outcome))]
        for line in lines:
            assert "{" not in cast_in(line, NAMES)
            assert "{" not in cast_in(line, NAMES[:1])
