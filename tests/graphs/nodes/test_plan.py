"""The planner's nodes, level by level: their steps' names, what is told, and what is refused."""

from __future__ import annotations

import pytest

from novelcraft.errors import PlanError
from novelcraft.graphs.nodes.plan import store_plan, write_briefs, write_outline, write_story
from tests.graphs.bench import PLAN, OpenBench


@pytest.mark.parametrize("draw", [0, 1])
async def test_a_plan_is_made_level_by_level_under_the_names_of_its_steps(
    open_bench: OpenBench, draw: int
) -> None:
    async with open_bench(0) as bench:
        state = bench.state(plan_draw=draw, note="More rain.")
        for node in (write_story, write_outline):
            assert await node(state, bench.runtime) == {"plan_draw": draw}
        came = await write_briefs(state, bench.runtime)
        plan = bench.store.plan(came["plan_version"])
        told, (ready,) = bench.of("planning"), bench.of("plan_ready")
        calls = bench.store.calls()
    assert came == {"plan_version": 2, "total": len(plan.scenes), "note": ""}
    # A log is replayed by these names, so they stay from version to version.
    assert {"/".join(call.step.split("/")[:3]) for call in calls} == {
        f"plan/{draw}/{level}" for level in ("story", "outline", "scenes")
    }
    wished = {call.step.split("/")[2] for call in calls if "More rain." in str(call.messages)}
    assert wished == {"story", "outline", "scenes"}
    chapters = len(plan.chapters)
    assert [(event.step, event.done, event.total) for event in told] == [
        ("story and cast", 0, 2),
        ("chapters", 1, 2),
        *(("scenes of a chapter", 3 + n, 2 + chapters) for n in range(chapters)),
    ]
    assert (ready.version, ready.title, ready.replan) == (2, "The Sea", False)
    assert (ready.chapters, ready.scenes, ready.mends) == (
        chapters,
        len(plan.scenes),
        len(plan.mends),
    )


async def test_a_level_that_is_missing_is_named(open_bench: OpenBench) -> None:
    async with open_bench(0) as bench:
        with pytest.raises(PlanError, match="The plan's story is missing"):
            await write_outline(bench.state(), bench.runtime)
        await write_story(bench.state(), bench.runtime)
        with pytest.raises(PlanError, match="The plan's outline is missing"):
            await write_briefs(bench.state(), bench.runtime)


async def test_a_plan_that_breaks_a_rule_is_not_stored_and_a_revised_one_may_drift(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        drifted = PLAN.model_copy(update={"target_words": 90_000})
        with pytest.raises(PlanError, match="The plan breaks its rules: "):
            store_plan(bench.state(), bench.runtime, drifted)
        revised = drifted.model_copy(update={"parent": 1})
        assert store_plan(bench.state(), bench.runtime, revised)["plan_version"] == 2
        (ready,) = bench.of("plan_ready")
        assert ready.replan
        nobody = PLAN.scenes[0].model_copy(update={"pov": "c9"})
        wrong = revised.model_copy(update={"scenes": (nobody, *PLAN.scenes[1:])})
        with pytest.raises(PlanError, match="c9"):
            store_plan(bench.state(), bench.runtime, wrong)
        assert bench.store.branch("main").plan_version == 2
