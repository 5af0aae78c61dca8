from __future__ import annotations

import pytest
from langgraph.graph import END

from novelcraft.graphs import routes
from novelcraft.state.graph import Verdict, WriteState


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"plan_version": None}, "story"),
        ({"plan_version": 1, "position": 0, "total": 4}, "steer"),
        ({"plan_version": 1, "position": 2, "total": 4, "chapter_ended": True}, "replan"),
        ({"plan_version": 1, "position": 4, "total": 4, "chapter_ended": True}, "steer"),
        ({"plan_version": 1, "position": 0, "total": 4, "gate": "plan"}, "gate_plan"),
        ({"plan_version": 1, "position": 2, "total": 4, "gate": "scene"}, "gate_scene"),
        ({"plan_version": 1, "position": 2, "total": 4, "gate": "chapter"}, "gate_chapter"),
    ],
)
def test_at_start(state: WriteState, expected: str) -> None:
    assert routes.at_start(state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"action": "accept"}, "steer"),
        ({"action": "accept", "until": 0}, "__end__"),
        ({"action": "accept", "until": 3}, "steer"),
        ({"action": "redraw", "until": 0}, "story"),
        ({"action": "again"}, "gate_plan"),
        ({"action": "wait"}, "__end__"),
        ({"action": "stop"}, "__end__"),
    ],
)
def test_after_plan(state: WriteState, expected: str) -> None:
    assert routes.after_plan(state) == expected


@pytest.mark.parametrize(
    ("verdict", "after_check", "after_judge"),
    [
        ("redraft", "narrate", "narrate"),
        ("review", "choose", "commit"),
        ("cap", "choose", "commit"),
        ("commit", "choose", "commit"),
    ],
)
def test_after_check_and_judge(verdict: Verdict, after_check: str, after_judge: str) -> None:
    assert routes.after_check({"verdict": verdict}) == after_check
    assert routes.after_judge({"verdict": verdict}) == after_judge


MIDDLE: WriteState = {"position": 2, "total": 4, "chapter_ended": False}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "steer"),
        ({"chapter_ended": True}, "replan"),
        ({"until": 2}, "__end__"),
        ({"until": 3}, "steer"),
        ({"position": 4, "until": 4}, "steer"),
        ({"attend": ["scene"]}, "gate_scene"),
        ({"attend": ["chapter"]}, "steer"),
    ],
)
def test_after_derive(changes: WriteState, expected: str) -> None:
    assert routes.after_derive(MIDDLE | changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"action": "accept"}, "steer"),
        ({"action": "again"}, "gate_scene"),
        ({"action": "wait"}, "__end__"),
        ({"action": "accept", "chapter_ended": True}, "replan"),
        ({"action": "redraw"}, "steer"),
        ({"action": "stop"}, "__end__"),
    ],
)
def test_after_scene_gate(changes: WriteState, expected: str) -> None:
    assert routes.after_scene_gate(MIDDLE | changes) == expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("accept", "steer"),
        ("redraw", "replan"),
        ("again", "gate_chapter"),
        ("wait", "__end__"),
        ("stop", "__end__"),
    ],
)
def test_after_chapter_gate(action: str, expected: str) -> None:
    assert routes.after_chapter_gate({"action": action}) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"action": "go_on"}, "brief"),
        ({"action": "go_on", "position": 4}, "finish"),
        ({"action": "stop", "position": 4}, "__end__"),
        ({"action": "reopen"}, "__end__"),
    ],
)
def test_after_steer(changes: WriteState, expected: str) -> None:
    assert routes.after_steer(MIDDLE | changes) == expected


def test_stop_is_the_end_of_the_graph() -> None:
    assert routes.STOP == END
