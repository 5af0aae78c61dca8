"""The safe point before a scene: what a person left is taken, and decides how the run goes on."""

from __future__ import annotations

import pytest

from novelcraft.graphs.nodes.steer import steer
from novelcraft.state.acts import Act, EditWorld, Note, Redraw, SetRole, Stop
from novelcraft.state.events import WriteEvent
from tests.graphs.bench import OpenBench


async def test_where_nothing_waits_the_run_goes_on_as_the_branch_stands(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        head = bench.store.branch("main").head
        # What the state has may be older than the branch.
        came = await steer(bench.state(head=None, plan_version=None), bench.runtime)
    assert came == {"action": "go_on", "head": head, "plan_version": 1}


@pytest.mark.parametrize(
    ("act", "action"),
    [
        (Stop(), "stop"),
        (SetRole(role="narrator", changes={"sampling": {"top_p": 0.5}}), "reopen"),
        (Note(text="Rain."), "go_on"),
        (EditWorld(changes={"text": "It rains."}), "go_on"),
    ],
)
async def test_a_run_stops_opens_its_models_anew_or_goes_on(
    open_bench: OpenBench, act: Act, action: str
) -> None:
    async with open_bench() as bench:
        left = bench.leave(act)
        came = await steer(bench.state(), bench.runtime)
        branch, record = bench.store.branch("main"), bench.act(left)
    assert came == {
        "action": action,
        "head": branch.head,
        "plan_version": 2 if act.kind == "edit_world" else 1,
    }
    assert (record.status, record.point) == ("applied", "brief")
    assert record.target == {"note": "s003", "set_role": "narrator"}.get(act.kind, "")
    assert [event.act for event in bench.of("act_settled")] == [left]


async def test_a_role_that_is_set_to_what_it_is_needs_no_models_anew(
    open_bench: OpenBench,
) -> None:
    role = SetRole(role="narrator", changes={"sampling": {"top_p": 0.5}})
    async with open_bench() as bench:
        actions = []
        for _ in range(2):
            bench.leave(role)
            actions.append((await steer(bench.state(), bench.runtime))["action"])
    assert actions == ["reopen", "go_on"]


async def test_what_is_set_on_another_branch_leaves_this_ones_models(
    open_bench: OpenBench,
) -> None:
    role = SetRole(role="narrator", changes={"sampling": {"top_p": 0.5}})
    async with open_bench() as bench:
        bench.store.create_branch("other", head=None, plan_version=1)
        other = bench.store.put_act(role, branch="other", by="").id

        def listen(_event: WriteEvent) -> None:
            # While this branch takes its own, somebody steers the other one.
            if bench.act(other).status == "pending":
                bench.store.finish_act(other, "idle")

        own = bench.leave(Note(text="Rain."))
        came = await steer(bench.state(), bench.waiting(emit=listen))
        assert bench.act(own).status == bench.act(other).status == "applied"
    assert came["action"] == "go_on"


async def test_a_scene_is_made_again_before_the_next_one(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        old = bench.store.branch("main").head
        left = bench.leave(Redraw(scene="2"))
        came = await steer(bench.state(), bench.runtime)
        assert bench.act(left).status == "applied"
        assert came["head"] == bench.act(left).commit != old
        assert bench.of("scene_started")[0].position == 2
