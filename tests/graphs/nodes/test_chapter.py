"""The node at a chapter's end: what the planner is asked, and what of its answer is taken."""

from __future__ import annotations

from typing import Any

from novelcraft.graphs.nodes.chapter import hook_ideas, replan
from novelcraft.state.authored import Authored, AuthoredChapter
from novelcraft.state.calls import CallRecord
from novelcraft.state.plan import Plan
from tests import factories
from tests.graphs.bench import PLAN, Bench, OpenBench

AS_PLANNED = {"scene_words": 300}
"""With it a chapter of two scenes stays one of two."""


def asked(bench: Bench) -> list[CallRecord]:
    return [call for call in bench.store.calls() if call.step.startswith("replan/")]


def text(call: CallRecord) -> str:
    return "\n".join(message.content for message in call.messages)


async def planned(bench: Bench, **state: Any) -> Plan:
    came = await replan(bench.state(**state), bench.runtime)
    plan = bench.store.plan(came["plan_version"])
    assert came == {"plan_version": plan.version, "total": len(plan.scenes), "note": ""}
    return plan


async def test_the_next_chapter_is_planned_by_what_was_written(open_bench: OpenBench) -> None:
    async with open_bench(0, write=AS_PLANNED) as bench:
        for _ in range(2):
            bench.write(prose="word " * 300)
        plan = await planned(bench, note="More rain.", draw=1)
        head = bench.store.branch("main").head or ""
        calls, (ready,) = asked(bench), bench.of("plan_ready")
    assert (plan.version, plan.parent, ready.replan) == (2, 1, True)
    assert plan.scenes[:2] == PLAN.scenes[:2]
    assert [scene.id for scene in plan.scenes] == ["s001", "s002", "s003", "s004"]
    assert plan.scenes[2].goal != PLAN.scenes[2].goal
    assert [scene.target_words for scene in plan.scenes[2:]] == [300, 300]
    assert {call.step.split("/")[1] for call in calls} == {"main"}
    assert {tuple(call.step.split("/")[2:4]) for call in calls} == {(head[:12], "1")}
    told = text(calls[0])
    for part in ("More rain.", "Elias has read 2 letters.", "Letter 1 is answered.",
                 "Letter 2 is answered.", PLAN.core.ending, PLAN.core.logline,
                 *PLAN.world.places, "Elias Marrow", "Anna Veil"):  # fmt: skip
        assert part in told, part


async def test_a_wish_is_one_of_its_own(open_bench: OpenBench) -> None:
    async with open_bench(write=AS_PLANNED) as bench:
        await planned(bench)
        (first, *_) = asked(bench)
    assert first.step.split("/")[3] == "0"
    assert "More rain." not in text(first)


async def test_a_chapter_in_the_middle_is_told_what_comes_before_and_after(
    open_bench: OpenBench,
) -> None:
    longer = factories.plan(chapters=3, scenes_each=2)
    async with open_bench(0, plan=longer, write=AS_PLANNED) as bench:
        for _ in range(2):
            bench.write(prose="word " * 300)
        plan = await planned(bench)
        calls = asked(bench)
    # Only the next chapter: the one after it keeps its briefs.
    assert plan.scenes[4].goal == longer.scenes[4].goal
    assert plan.scenes[2].goal != longer.scenes[2].goal
    assert len(calls) == 1
    told = text(calls[0])
    assert "Letter 1 is answered." in told
    assert "Letter 3 is answered." in told


async def test_without_replanning_only_chapters_with_new_scenes_are_asked_for(
    open_bench: OpenBench,
) -> None:
    async with open_bench(0, write={**AS_PLANNED, "replan": False}) as bench:
        for _ in range(2):
            bench.write(prose="word " * 300)
        kept = await planned(bench)
        assert asked(bench) == []
    assert [scene.goal for scene in kept.scenes] == [scene.goal for scene in PLAN.scenes]


async def test_a_narrator_that_was_brief_gets_more_scenes(open_bench: OpenBench) -> None:
    async with open_bench(0, write={**AS_PLANNED, "replan": False}) as bench:
        for _ in range(2):
            bench.write(prose="word " * 100)
        plan = await planned(bench)
        calls = asked(bench)
    # Of 1,200 words 1,000 are left.
    assert [scene.id for scene in plan.scenes] == ["s001", "s002", "s003", "s005", "s004"]
    assert sum(scene.target_words for scene in plan.scenes[2:]) == 1_000
    assert calls
    assert {scene.chapter for scene in plan.scenes[2:]} == {"ch02"}


async def test_in_the_last_chapter_scenes_are_as_long_as_the_narrator_makes_them(
    open_bench: OpenBench,
) -> None:
    slow = factories.provenance(pace=0.9)
    async with open_bench(0, write=AS_PLANNED) as bench:
        for _ in range(2):
            bench.write(prose="word " * 200, provenance=slow)
        plan = await planned(bench)
    # 800 words are left: four scenes of 200, and not three of 300.
    assert len(plan.scenes_of("ch02")) == 4


async def test_what_is_the_authors_own_stays(open_bench: OpenBench) -> None:
    async with open_bench(write=AS_PLANNED) as bench:
        own = PLAN.model_copy(update={"parent": 1, "by_author": ("s003",)})
        bench.store.add_plan("main", own)
        plan = await planned(bench)
    assert plan.scene("s003").goal == PLAN.scene("s003").goal
    assert plan.scene("s004").goal != PLAN.scene("s004").goal
    assert plan.by_author == ("s003",)


async def test_the_authors_outline_is_told_with_its_chapter(open_bench: OpenBench) -> None:
    outline = (
        AuthoredChapter(title="Letter 1", summary="It rains."),
        AuthoredChapter(title="Letter 2", summary="It snows.", scenes=("Anna burns the boat.",)),
    )
    async with open_bench(write=AS_PLANNED) as bench:
        authored = Authored(chapters=outline)
        bench.store.add_plan("main", PLAN.model_copy(update={"parent": 1, "authored": authored}))
        plan = await planned(bench)
        assert any("Anna burns the boat." in text(call) for call in asked(bench))
    assert "Anna burns the boat." in [scene.goal for scene in plan.scenes_of("ch02")]


def test_hooks_are_told_by_chapters() -> None:
    (idea,) = hook_ideas(PLAN)
    assert (idea.text, idea.plant_chapter, idea.payoff_chapter) == (
        *("The lamp goes out at midnight.", 1),
        2,
    )


async def test_what_was_mended_before_is_kept(open_bench: OpenBench) -> None:
    async with open_bench(write={**AS_PLANNED, "replan": False}) as bench:
        mended = PLAN.model_copy(update={"parent": 1, "mends": ("A name was given.",)})
        bench.store.add_plan("main", mended)
        plan = await planned(bench)
    assert plan.mends[0] == "A name was given."
