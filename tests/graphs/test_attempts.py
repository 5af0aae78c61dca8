"""What the attempts at a scene came to, and how much is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from novelcraft.graphs.attempts import (
    drafts_of,
    draw_step,
    next_draw,
    plan_text,
    prompt_bound,
    shorter_bound,
    token_room,
    unfit_scene,
    usual_words,
    words_to_ask,
)
from novelcraft.graphs.nodes.scene import scene_prompt
from novelcraft.state.calls import ONLY_THOUGHT
from novelcraft.state.findings import Finding
from novelcraft.tools.models.preflight import SPARE_TOKENS
from tests import factories
from tests.fakes.server import FakeServer
from tests.graphs.bench import PLAN, Bench, OpenBench

REFUSAL = Finding(check="prose.refusal", severity="block", message="It refuses.")
SHORT = Finding(check="prose.short", severity="block", message="It is short.")
LENGTH = Finding(check="prose.length", severity="block", message="It is long.")
LOOP = Finding(check="prose.loop", severity="block", message="It loops.")
WARN = Finding(check="prose.x", severity="warn", message="Hm.")


def put(bench: Bench, attempt: int, *findings: Finding, draw: int = 0, **changes: Any) -> None:
    """A draft of the next scene, that its checks found this in."""
    state = bench.state(draw=draw)
    step = str(draw_step(state).draft(attempt))
    given = {"parent": state["head"], "scene_id": state["scene_id"], "findings": None, **changes}
    bench.store.put_draft(factories.draft(attempt, id=step, **given))
    bench.store.update_draft(step, findings=findings)


async def test_the_drafts_of_a_draw_are_its_own_in_order(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        for attempt in (2, 1):
            put(bench, attempt)
        put(bench, 1, draw=1)
        drafts = drafts_of(draw_step(bench.state()), bench.context)
        assert [draft.attempt for draft in drafts] == [1, 2]
        assert len(drafts_of(draw_step(bench.state(draw=1)), bench.context)) == 1
        assert drafts_of(draw_step(bench.state(draw=2)), bench.context) == []


async def test_a_draw_that_came_to_nothing_is_passed_over(open_bench: OpenBench) -> None:
    async with open_bench(write={"attempts": 2}) as bench:
        put(bench, 1, REFUSAL)
        assert next_draw(bench.state(), bench.context) == 0
        put(bench, 2, REFUSAL, LOOP)
        assert next_draw(bench.state(), bench.context) == 1
        for draw in (1, 2):
            put(bench, 1, REFUSAL, draw=draw)
        put(bench, 2, SHORT, draw=1)
        # One of the two that were made in the last draw is a scene, though not a good one.
        put(bench, 2, LOOP, draw=2)
        assert next_draw(bench.state(), bench.context) == 2
        assert next_draw(bench.state(draw=3), bench.context) == 3


@pytest.mark.parametrize(
    ("words", "findings", "advice"),
    [
        (100, (SHORT,), ", or set [write] scene_words to the 100 words that it wrote"),
        (99, (SHORT,), ""),
        (100, (SHORT, REFUSAL), ""),
        (100, (REFUSAL,), ""),
    ],
)
async def test_a_narrator_that_writes_less_may_be_asked_for_less(
    open_bench: OpenBench, words: int, findings: tuple[Finding, ...], advice: str
) -> None:
    async with open_bench() as bench:
        put(bench, 1, *findings, prose="word " * words)
        drafts = drafts_of(draw_step(bench.state()), bench.context)
        error = unfit_scene(bench.state(), drafts, bench.context)
    assert error.fix is not None
    assert error.fix.endswith(f"another model than test-model{advice}.")
    assert error.message.splitlines()[1].count("word") == 20  # the first 100 characters


async def test_a_narrator_that_does_not_think_is_not_told_to_think_less(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        only = factories.provenance(finish_reason=ONLY_THOUGHT)
        put(bench, 1, REFUSAL, prose="", provenance=only)
        drafts = drafts_of(draw_step(bench.state()), bench.context)
        error = unfit_scene(bench.state(), drafts, bench.context)
    assert error.message.splitlines()[1] == "  attempt 1: It refuses."
    assert error.fix is not None
    assert "think" not in error.fix


async def written(bench: Bench, *paces: float) -> None:
    for pace in paces:
        bench.write(prose="word " * 90, provenance=factories.provenance(pace=pace))


async def test_a_narrator_is_asked_for_more_by_what_its_scenes_came_to(
    open_bench: OpenBench,
) -> None:
    async with open_bench(0) as bench:
        assert words_to_ask(bench.state(), bench.context) == 120
        await written(bench, 0.8, 0.8)
        assert words_to_ask(bench.state(), bench.context) == 150
        assert words_to_ask(bench.state(head=None), bench.context) == 120


@pytest.mark.parametrize(
    ("findings", "pace", "asked"),
    [
        ((LENGTH,), 1.25, 96),
        ((SHORT, WARN), 0.8, 150),
        # A draft that failed for something else says nothing of its pace, nor does one without.
        ((LENGTH, LOOP), 1.25, 120),
        ((WARN,), 1.25, 120),
        ((LENGTH,), 0.0, 120),
    ],
)
async def test_after_a_draft_that_failed_for_its_length_it_is_asked_by_that_draft(
    open_bench: OpenBench, findings: tuple[Finding, ...], pace: float, asked: int
) -> None:
    async with open_bench() as bench:
        put(bench, 1, *findings, provenance=factories.provenance(pace=pace))
        assert words_to_ask(bench.state(attempt=2), bench.context) == asked
        assert words_to_ask(bench.state(attempt=1), bench.context) == 120
        assert words_to_ask(bench.state(attempt=3), bench.context) == 120


async def test_scenes_to_come_are_planned_for_what_the_narrator_comes_to_at_the_end(
    open_bench: OpenBench,
) -> None:
    async with open_bench(0) as bench:
        await written(bench, 0.9, 0.9, 0.9)
        head = bench.store.branch("main").head
        assert usual_words(head, bench.context) == 120
        assert usual_words(head, bench.context, last_chapter=True) == 90
        assert usual_words(None, bench.context, last_chapter=True) == 120


async def test_a_prompt_is_bound_only_where_the_layout_does_not_fit(
    serve: type[FakeServer], open_bench: OpenBench
) -> None:
    async with open_bench(server=serve(context=8_192)) as bench:
        assert prompt_bound(bench.context) is None
        prompt = scene_prompt(bench.state(), bench.context, None)
        taken = sum(section.tokens for section in prompt.sections)
        assert shorter_bound(prompt, bench.context) == taken * 3 // 4
        learned = bench.context.caller.models.endpoint("narrator").learned
        layout = bench.context.preset.layout
        learned.context = layout.total + SPARE_TOKENS
        assert prompt_bound(bench.context) is None
        learned.context -= 1
        bound = prompt_bound(bench.context)
        assert bound == layout.total - 1 - layout.scene
        assert shorter_bound(prompt, bench.context) == taken * 3 // 4
        learned.context = layout.scene + SPARE_TOKENS + taken - 1
        assert shorter_bound(prompt, bench.context) == taken - 1
        learned.context = layout.scene
        assert prompt_bound(bench.context) == 0


async def test_a_scene_may_have_what_its_narrator_and_its_readers_have_room_for(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        context = bench.context
        prompt = scene_prompt(bench.state(), context, None)
        narrator = context.caller.models.endpoint("narrator").learned
        reader = context.caller.models.endpoint("cheap").learned
        narrator.context, reader.context = 8_192, context.beside_scene + 500
        per_word, room = token_room(bench.state(), context, prompt)
        head = bench.store.get(bench.state()["head"] or "").prose
        assert per_word == context.count(head) / len(head.split())
        assert room == 500
        reader.context = context.beside_scene
        assert token_room(bench.state(), context, prompt)[1] == 1
        reader.context = 0
        most = token_room(bench.state(), context, prompt)[1]
        assert 0 < 8_192 - most < 2_000
        narrator.context = 0
        assert token_room(bench.state(), context, prompt) == (per_word, 0)
        planned = token_room(bench.state(head=None), context, prompt)[0]
        text = plan_text(PLAN)
        assert planned == context.count(text) / len(text.split())


def test_before_the_first_scene_the_plan_is_the_books_prose() -> None:
    lines = plan_text(factories.plan(chapters=6, scenes_each=4)).splitlines()
    assert lines[:2] == ["A keeper writes to the sea.", "He stops writing."]
    assert lines[2] == ("Elias wants answer number 1. The hand is his wife's. He writes back.")
    assert len(lines) == 2 + 20
