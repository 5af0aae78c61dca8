"""The nodes that make a draft, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from novelcraft.errors import CappedScenesError, UnfitSceneError
from novelcraft.graphs.attempts import draw_step
from novelcraft.graphs.nodes.scene import (
    check_draft,
    choose_draft,
    narrate_scene,
    scene_prompt,
    set_brief,
)
from novelcraft.state.acts import Effect, Note, PinFact
from novelcraft.state.findings import Finding
from tests import factories
from tests.graphs.bench import Bench, OpenBench

LOOP = Finding(
    check="prose.loop", severity="block", message="It loops.", constraint="Do not repeat yourself."
)
NAMES = Finding(
    check="prose.names", severity="block", message="Who is Bo?", constraint="Do not name Bo."
)
WARN = Finding(check="prose.x", severity="warn", message="Hm.", constraint="Never told.")
REFUSAL = Finding(check="prose.refusal", severity="block", message="It refuses.")


def put(bench: Bench, attempt: int, *findings: Finding, **changes: Any) -> str:
    """A draft of the next scene, that its checks found this in."""
    state = bench.state()
    given = {
        "id": str(draw_step(state).draft(attempt)),
        "parent": state["head"],
        "scene_id": state["scene_id"],
        "findings": findings,
        **changes,
    }
    bench.store.put_draft(factories.draft(attempt, **{**given, "findings": None}))
    bench.store.update_draft(given["id"], findings=findings)
    return str(given["id"])


async def test_the_brief_of_the_next_scene_is_set_with_the_words_that_are_left(
    open_bench: OpenBench,
) -> None:
    async with open_bench(0, write={"attend": ("plan",)}) as bench:
        bench.write(prose="word " * 500)
        bench.write(prose="word " * 500)
        came = await set_brief(bench.state(), bench.waiting(until=3))
        assert [event.step for event in bench.of("step_started")] == ["brief"]
    assert came == {
        # Of 1,200 words 200 are left for two scenes.
        "scene_id": "s003", "position": 2, "total": 4, "target_words": 100, "attempt": 1,
        "by_person": False, "until": 3, "attend": ["plan"],
    }  # fmt: skip


async def test_a_run_whose_last_scenes_were_all_kept_at_the_cap_is_stopped(
    open_bench: OpenBench,
) -> None:
    async with open_bench(1, write={"stop_after_capped": 2}) as bench:
        for finding in (LOOP, NAMES):
            bench.write(findings=(finding, WARN), accepted_by="cap")
        await set_brief(bench.state(capped_in_row=1), bench.runtime)
        with pytest.raises(CappedScenesError) as raised:
            await set_brief(bench.state(capped_in_row=2), bench.runtime)
    assert raised.value.message.splitlines()[1:] == [
        "  scene 2: It loops.",
        "  scene 3: Who is Bo?",
    ]


async def test_a_run_may_be_told_never_to_stop_for_that(open_bench: OpenBench) -> None:
    async with open_bench(write={"stop_after_capped": 0}) as bench:
        came = await set_brief(bench.state(capped_in_row=9), bench.runtime)
    assert came["scene_id"] == "s003"


async def test_a_draft_is_kept_under_its_step_and_told_of(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        state = bench.state(attempt=2)
        came = await narrate_scene(state, bench.runtime)
        draft = bench.store.draft(came["draft"])
        assert draft is not None
        calls = [bench.store.find_call(key) for key in draft.provenance.calls]
        (told,) = bench.of("scene_started")
        grown = bench.of("drafting")[-1]
    assert draft.id == str(draw_step(state).draft(2))
    assert [call and call.step for call in calls] == [f"{draft.id}/0"]
    assert (draft.branch, draft.parent, draft.scene_id) == ("main", state["head"], "s003")
    assert (draft.attempt, draft.provenance.attempt) == (2, 2)
    assert (told.scene_id, told.chapter_id, told.position, told.scenes) == ("s003", "ch02", 3, 4)
    assert (told.attempt, told.target_words) == (2, 120)
    assert told.goal == "Elias wants answer number 3."
    assert (grown.scene_id, grown.target_words) == ("s003", 120)
    assert draft.prose.endswith(grown.text)


async def test_what_a_person_left_is_taken_before_the_draft(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        left = bench.leave(Note(text="Let it rain.", scene="3"))
        await narrate_scene(bench.state(attempt=2), bench.runtime)
        record = bench.act(left)
        assert (record.point, record.target, record.attempt) == ("draft", "s003", 2)
        prompt = scene_prompt(bench.state(attempt=2), bench.context, None)
        assert "Let it rain." in prompt.messages[-1].content


async def test_what_a_person_wrote_and_the_prompt_has_no_room_for_is_told_once_a_scene(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        long = PinFact(subject="Anna", statement="is blind. " * 400)
        bench.store.finish_act(bench.leave(long), "brief", Effect())
        fact = f"{long.subject}: {long.statement}"
        for attempt in (1, 2):
            bench.store.put_recalled(
                str(draw_step(bench.state())),
                [fact],
                branch="main",
                parent=bench.state()["head"],
            )
            await narrate_scene(bench.state(attempt=attempt), bench.runtime)
            (told,) = bench.of("notice")
            assert told.text.startswith("The prompt of s003 has ")
            assert "your pinned facts" in told.text


async def test_a_wish_comes_first_then_what_the_last_draft_did_wrong_each_once(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        put(bench, 1, NAMES, LOOP, WARN)
        put(bench, 2, LOOP)
        bench.store.finish_act(
            bench.leave(Note(text="Let it rain.")), "brief", Effect(target="s003", attempt=1)
        )
        said = {}
        for attempt in (1, 2, 3):
            state = bench.state(attempt=attempt, note="Darker.")
            content = scene_prompt(state, bench.context, None).messages[-1].content
            lines = ("Darker.", "Let it rain.", LOOP.constraint, NAMES.constraint, "Never told.")
            found = [line for line in lines if line and content.count(line) == 1]
            said[attempt] = sorted(found, key=content.index)
    wishes = ["Darker.", "Let it rain."]
    assert said == {
        1: wishes,
        2: [*wishes, NAMES.constraint, LOOP.constraint],
        3: [*wishes, LOOP.constraint, NAMES.constraint],
    }


@pytest.mark.parametrize(
    ("attempt", "by_person", "verdict", "then"),
    [(1, False, "redraft", 2), (2, False, "cap", 2), (1, True, "review", 1)],
)
async def test_a_draft_that_its_checks_block_is_drawn_again_while_attempts_are_left(
    open_bench: OpenBench, attempt: int, by_person: bool, verdict: str, then: int
) -> None:
    async with open_bench() as bench:
        draft = put(bench, attempt, prose="He waits.")
        state = bench.state(draft=draft, attempt=attempt, by_person=by_person)
        came = await check_draft(state, bench.runtime)
        kept, (told,) = bench.store.draft(draft), bench.of("draft_checked")
    assert came == {"verdict": verdict, "attempt": then}
    assert (told.scene_id, told.attempt, told.words, told.verdict) == ("s003", attempt, 2, verdict)
    assert "prose.short" in told.blocks
    assert kept is not None
    blocks = [f.check for f in kept.findings or () if f.severity == "block"]
    assert list(told.blocks) == blocks
    assert told.warns == len(kept.findings or ()) - len(blocks)
    assert [event.step for event in bench.of("step_started")] == ["checks"]


async def test_the_draft_that_passed_is_reviewed_and_at_the_cap_the_best(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        worse, best = put(bench, 1, LOOP, NAMES), put(bench, 2, LOOP)
        for draft in (worse, best):
            state = bench.state(draft=draft, verdict="review")
            assert await choose_draft(state, bench.runtime) == {"draft": draft}
        capped = bench.state(draft=worse, verdict="cap")
        assert await choose_draft(capped, bench.runtime) == {"draft": best}


async def test_a_scene_is_not_kept_where_no_attempt_gave_one(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        put(bench, 1, REFUSAL, prose="I cannot\nwrite this.")
        draft = put(bench, 2, REFUSAL, LOOP, prose="No.")
        with pytest.raises(UnfitSceneError) as raised:
            await choose_draft(bench.state(draft=draft, verdict="cap"), bench.runtime)
    assert raised.value.message.splitlines() == [
        "None of 2 attempts at scene 3 (s003) gave a scene, and none was kept:",
        "  attempt 1: It refuses. 'I cannot write this.'",
        "  attempt 2: It refuses. 'No.'",
    ]
    assert raised.value.fix is not None
    assert raised.value.fix.endswith("give the role narrator another model than test-model.")
