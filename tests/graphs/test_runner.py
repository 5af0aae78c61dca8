"""Where a run starts that has no checkpoint: the chain alone says it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from novelcraft.graphs.routes import at_start
from novelcraft.graphs.runner import resumable, start_state, thread
from novelcraft.graphs.write import build_write_graph
from novelcraft.state.acts import EditBrief, Effect
from novelcraft.state.events import Decided, Gate, Waiting
from novelcraft.state.plan import Plan
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories

PLAN = factories.plan(chapters=2, scenes_each=2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ManuscriptStore]:
    with ManuscriptStore.create(tmp_path / "novel.db") as opened:
        opened.create_branch("main", head=None, plan_version=None)
        yield opened


def write(store: ManuscriptStore, scenes: int) -> None:
    """A plan of two chapters of two scenes, and that many of them written."""
    assert store.add_plan("main", PLAN) == 1
    parent = None
    for brief in PLAN.scenes[:scenes]:
        number = PLAN.scenes.index(brief) + 1
        parent = factories.commit(
            number, parent, scene_id=brief.id, chapter_id=brief.chapter, plan_version=1
        )
        store.commit("main", parent)


def replan(store: ManuscriptStore, plan: Plan) -> None:
    assert store.add_plan("main", plan.model_copy(update={"version": 2})) == 2


def test_a_branch_without_a_plan_starts_with_the_story(store: ManuscriptStore) -> None:
    state = start_state(store, "main", None)
    assert (state["branch"], state["head"], state["plan_version"]) == ("main", None, None)
    assert (state["position"], state["total"], state["plan_draw"]) == (0, 0, 0)
    assert not state["chapter_ended"]
    assert at_start(state) == "story"


@pytest.mark.parametrize(
    ("scenes", "ended", "goes_to"),
    [(0, False, "steer"), (1, False, "steer"), (2, True, "replan"), (3, False, "steer"),
     (4, False, "steer")],
)  # fmt: skip
def test_it_goes_on_after_the_last_scene_by_way_of_the_planner_between_chapters(
    store: ManuscriptStore, scenes: int, ended: bool, goes_to: str
) -> None:
    write(store, scenes)
    state = start_state(store, "main", None)
    assert state["head"] == store.branch("main").head
    assert (state["head"] is None) == (scenes == 0)
    assert (state["position"], state["total"], state["plan_version"]) == (scenes, 4, 1)
    assert state["chapter_ended"] is ended
    assert at_start(state) == goes_to


def test_a_chapter_that_was_planned_anew_is_not_planned_once_more(store: ManuscriptStore) -> None:
    write(store, 2)
    changed = PLAN.scenes[2].model_copy(update={"goal": "to burn the letters"})
    replan(store, PLAN.model_copy(update={"scenes": (*PLAN.scenes[:2], changed, PLAN.scenes[3])}))
    state = start_state(store, "main", None)
    assert (state["plan_version"], state["chapter_ended"]) == (2, False)
    assert at_start(state) == "steer"


def test_a_book_given_another_length_is_still_planned_anew_between_chapters(
    store: ManuscriptStore,
) -> None:
    write(store, 2)
    replan(store, PLAN.model_copy(update={"target_words": 9_000}))
    state = start_state(store, "main", None)
    assert (state["plan_version"], state["chapter_ended"]) == (2, True)


def test_the_scenes_that_a_plan_gained_are_counted(store: ManuscriptStore) -> None:
    write(store, 4)
    more = (*PLAN.scenes, factories.brief(5, "ch02"))
    replan(store, PLAN.model_copy(update={"scenes": more}))
    state = start_state(store, "main", None)
    assert (state["position"], state["total"]) == (4, 5)
    assert at_start(state) == "steer"


def test_another_branch_starts_from_its_own_head(store: ManuscriptStore) -> None:
    write(store, 3)
    first = store.chain(store.branch("main").head)[0]
    store.create_branch("darker", head=first.id, plan_version=1)
    state = start_state(store, "darker", 2)
    assert (state["branch"], state["head"], state["position"]) == ("darker", first.id, 1)
    assert state["until"] == 2
    assert start_state(store, "main", None)["position"] == 3


def edited(store: ManuscriptStore, parent: int, version: int, plan: Plan) -> None:
    """A plan version that a person made by hand."""
    act = EditBrief(scene="3", changes={"goal": "x"})
    assert store.add_plan("main", plan.model_copy(update={"parent": parent})) == version
    left = store.put_act(act, branch="main", by="")
    store.finish_act(left.id, "idle", Effect(plan_version=version))


def with_goal(goal: str) -> Plan:
    third = PLAN.scenes[2].model_copy(update={"goal": goal})
    return PLAN.model_copy(update={"scenes": (*PLAN.scenes[:2], third, PLAN.scenes[3])})


def test_what_a_person_edited_is_no_planning_by_the_planner(store: ManuscriptStore) -> None:
    write(store, 2)
    edited(store, 1, 2, with_goal("to burn the letters"))
    edited(store, 2, 3, with_goal("to keep the letters"))
    assert start_state(store, "main", None)["chapter_ended"] is True
    revised = with_goal("to swim").model_copy(update={"parent": 3})
    assert store.add_plan("main", revised) == 4
    assert start_state(store, "main", None)["chapter_ended"] is False


@pytest.mark.parametrize("gate", ["plan", "chapter", "scene"])
def test_a_branch_that_waited_at_a_gate_waits_on(store: ManuscriptStore, gate: Gate) -> None:
    write(store, 2)
    assert start_state(store, "main", None)["gate"] == ""
    store.log_event(Waiting(gate=gate, about="x"), "main")
    assert start_state(store, "main", None)["gate"] == gate
    assert at_start(start_state(store, "main", None)) == f"gate_{gate}"
    store.log_event(Decided(gate=gate, about="x", action="accept", commit=""), "main")
    assert start_state(store, "main", None)["gate"] == ""


async def test_a_step_in_flight_is_gone_on_with_where_it_fits_the_chain(
    store: ManuscriptStore,
) -> None:
    graph = build_write_graph(InMemorySaver())
    assert not await resumable(graph, store, "main")
    write(store, 3)
    chain = store.chain(store.branch("main").head)
    fits = []
    for head in (None, *(commit.id for commit in chain)):
        state = {**start_state(store, "main", None), "head": head}
        await graph.aupdate_state(thread("main"), state, as_node="brief")
        fits.append(await resumable(graph, store, "main"))
    # The head, and its parent: the commit may just have been made.
    assert fits == [False, False, True, True]
    await graph.aupdate_state(thread("main"), {}, as_node="finish")
    assert not await resumable(graph, store, "main")


async def test_before_the_first_scene_a_step_fits_a_branch_without_a_head(
    store: ManuscriptStore,
) -> None:
    graph = build_write_graph(InMemorySaver())
    write(store, 0)
    state = start_state(store, "main", None)
    await graph.aupdate_state(thread("main"), state, as_node="brief")
    assert await resumable(graph, store, "main")
    edited(store, 1, 2, with_goal("to burn the letters"))
    assert not await resumable(graph, store, "main")
    # What was kept after the edit knows of it.
    await graph.aupdate_state(thread("main"), state, as_node="brief")
    assert await resumable(graph, store, "main")
