"""The names of steps are a format: old logs are replayed by them."""

from __future__ import annotations

import pytest

from novelcraft.state.steps import (
    DraftStep,
    DrawStep,
    call_step,
    plan_step,
    replan_step,
    retell_step,
)

PARENT = "5939c346aaac06fdbca619f37deeae49c91b10e09dc04c0eba3f63547e9150b5"


def test_names_are_those_of_the_logs_that_there_are() -> None:
    draw = DrawStep.of("main", PARENT, "s005", 0)
    assert str(draw) == "main/5939c346aaac/s005/0"
    assert str(DrawStep.of("main", None, "s001", 2).draft(1)) == "main/root/s001/2/1"
    assert call_step(str(draw.draft(2)), 0) == "main/5939c346aaac/s005/0/2/0"
    assert plan_step(1, "outline") == "plan/1/outline"
    assert replan_step("main", PARENT, 0) == "replan/main/5939c346aaac/0"
    assert replan_step("main", None, 1) == "replan/main/root/1"
    assert retell_step("main", PARENT, "s006") == f"main/retell/{PARENT}/s006"


@pytest.mark.parametrize("tail", ["", "/0"])
def test_a_draft_is_read_from_its_id_and_from_its_calls(tail: str) -> None:
    draft = DrawStep.of("dark.er", PARENT, "s005", "ab12").draft(3)
    assert DraftStep.parse(f"{draft}{tail}") == draft
    assert draft.draw.follows(PARENT)
    assert not draft.draw.follows(None)


def test_the_first_scene_follows_nothing() -> None:
    assert DrawStep.of("main", None, "s001", 0).follows(None)


@pytest.mark.parametrize("name", ["plan/0/story", "main/root/s001/0/x"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|int"):
        DraftStep.parse(name)
