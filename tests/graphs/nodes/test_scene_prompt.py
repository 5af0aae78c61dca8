"""What a scene is drawn from: what is looked up for it, its prompt, and what checks are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from novelcraft.errors import ContextOverflowError
from novelcraft.graphs.attempts import draw_step, shorter_bound, token_room
from novelcraft.graphs.nodes.scene import check_draft, look_up, narrate_scene, scene_prompt
from novelcraft.prompts.opening import opening_of
from novelcraft.state.acts import Effect, PinFact
from novelcraft.state.base import derive_seed
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import Fact
from novelcraft.tools.canon.ranking import MOST_NOTES
from novelcraft.tools.metrics.draft_length import LengthRule
from tests import factories
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.bench import PLAN, Bench, OpenBench

REFUSAL = Finding(check="prose.refusal", severity="block", message="It refuses.")
TOO_LONG = {"error": {"message": "Prompt exceeds the context window", "code": "exceed_context"}}
LONG_BOOK = {"pages": 101}


def recalled(bench: Bench, draw: int = 0) -> list[str]:
    return list(bench.store.recalled(str(draw_step(bench.state(draw=draw)))))


def put(bench: Bench, attempt: int, *findings: Finding, **changes: Any) -> str:
    """A draft of the next scene, that its checks found this in."""
    state = bench.state()
    name = str(draw_step(state).draft(attempt))
    given = {"parent": state["head"], "scene_id": state["scene_id"], "findings": None, **changes}
    bench.store.put_draft(factories.draft(attempt, id=name, **given))
    bench.store.update_draft(name, findings=findings)
    return name


async def test_what_is_known_is_looked_up_after_what_a_person_pinned(
    open_bench: OpenBench,
) -> None:
    async with open_bench(3) as bench:
        pin = PinFact(subject="Anna", statement="is blind")
        bench.store.finish_act(bench.leave(pin), "brief", Effect())
        assert await look_up(bench.state(attempt=2), bench.runtime) == {"attempt": 1, "draw": 0}
        notes = recalled(bench)
        assert [event.step for event in bench.of("step_started")] == ["recall"]
    assert notes[0] == "Anna: is blind"
    told = "\n".join(notes[1:])
    assert all(f"He has letter {n}." in told for n in (1, 2, 3))
    # Passages of the scene right before are left out: its end is in the prompt.
    assert "Elias Marrow read letter 1." in told
    assert "Elias Marrow read letter 3." not in told


async def test_a_narrator_that_was_trained_without_passages_is_told_facts_only(
    open_bench: OpenBench,
) -> None:
    async with open_bench(3) as bench:
        await look_up(bench.state(), bench.waiting(passages=False))
        told = "\n".join(recalled(bench))
    assert "He has letter 1." in told
    assert "Elias Marrow read letter" not in told


async def test_of_many_facts_no_more_are_looked_up_than_a_prompt_may_have(
    open_bench: OpenBench,
) -> None:
    facts = tuple(Fact(subject="Elias Marrow", statement=f"He has coin {n}.") for n in range(60))
    async with open_bench(0) as bench:
        bench.write(facts=facts)
        await look_up(bench.state(), bench.waiting(passages=False))
        assert len(recalled(bench)) == MOST_NOTES


async def test_before_the_first_scene_nothing_is_known_and_the_index_is_opened_meanwhile(
    open_bench: OpenBench,
) -> None:
    async with open_bench(0) as bench:
        assert await look_up(bench.state(), bench.runtime) == {"attempt": 1, "draw": 0}
        assert recalled(bench) == []


async def test_a_draw_that_came_to_nothing_is_not_looked_up_for_again(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        for attempt in (1, 2):
            put(bench, attempt, REFUSAL)
        assert await look_up(bench.state(), bench.runtime) == {"attempt": 1, "draw": 1}
        assert recalled(bench) == []
        assert recalled(bench, 1)
        assert (await look_up(bench.state(draw=3), bench.runtime))["draw"] == 3


async def test_what_ended_before_the_scene_is_told_in_a_long_book(open_bench: OpenBench) -> None:
    async with open_bench(novel=LONG_BOOK) as bench:
        await look_up(bench.state(), bench.runtime)
        assert [call.purpose for call in bench.store.calls()] == ["part.summarize"]
        prompt = scene_prompt(bench.state(), bench.context, None).messages[-1].content
        (call,) = bench.store.calls()
        assert call.text.split('"')[3].split(".")[0] in prompt


async def test_a_prompt_has_the_world_the_story_the_notes_the_end_before_and_the_brief(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        state = bench.state()
        bench.store.put_recalled(
            str(draw_step(state)), ["Anna: is blind."], branch="main", parent=state["head"]
        )
        content = scene_prompt(state, bench.context, None).messages[-1].content
        other = scene_prompt(bench.state(draw=1), bench.context, None).messages[-1].content
    parts = [
        PLAN.world.text.split(".")[0],
        "Elias has read 2 letters.",
        "Anna: is blind.",
        "Elias Marrow read letter 2.",
        "Elias wants answer number 3.",
    ]
    places = [content.index(part) for part in parts]
    assert places == sorted(places)
    assert "120 words" in content
    assert "Anna Veil" in content[places[-1] :]
    assert "is blind" not in other


async def test_the_first_scenes_prompt_begins_the_story(open_bench: OpenBench) -> None:
    async with open_bench(0) as bench:
        content = scene_prompt(bench.state(), bench.context, None).messages[-1].content
    assert "The story begins with Elias Marrow" in content
    assert "The scene before ended" not in content


async def test_the_narrator_is_asked_for_what_makes_it_write_its_target(
    open_bench: OpenBench,
) -> None:
    async with open_bench(0) as bench:
        for _ in range(2):
            bench.write(provenance=factories.provenance(pace=0.8))
        content = scene_prompt(bench.state(), bench.context, None).messages[-1].content
    assert "150 words" in content


async def test_a_prompt_that_may_have_less_has_less(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        whole = scene_prompt(bench.state(), bench.context, None)
        taken = sum(section.tokens for section in whole.sections)
        less = scene_prompt(bench.state(), bench.context, taken - 10)
    assert sum(section.tokens for section in less.sections) <= taken - 10


async def test_a_story_that_has_no_room_in_a_shorter_prompt_is_told_in_short_and_not_cut(
    open_bench: OpenBench,
) -> None:
    async with open_bench(3) as bench:
        preset = replace(bench.context.preset, history="full", history_tokens=2_000)
        context = replace(bench.context, preset=preset)
        whole, less = (
            scene_prompt(bench.state(), context, most)
            for most in (None, preset.layout.prompt - preset.layout.summary)
        )
    assert "Elias Marrow read letter 1." in whole.messages[1].content
    assert "Elias Marrow read letter 1." not in less.messages[1].content
    assert [section.name for section in less.sections if section.trimmed] == []


async def test_a_prompt_that_is_refused_is_asked_once_more_with_less_and_what_is_told(
    open_bench: OpenBench, serve: type[FakeServer]
) -> None:
    script = s.Script()
    script.on(s.prose, s.fail(400, TOO_LONG), count=1)
    server = serve(script=script)
    async with open_bench(server=server) as bench:
        state = bench.state()
        prompt = scene_prompt(state, bench.context, None)
        shorter = scene_prompt(state, bench.context, shorter_bound(prompt, bench.context))
        await narrate_scene(state, bench.runtime)
        (notice,) = bench.of("notice")
    pairs = zip(prompt.sections, shorter.sections, strict=True)
    less = [(a.name, a.tokens - b.tokens) for a, b in pairs if a.tokens > b.tokens]
    told = ", ".join(f"{name} {tokens:,}" for name, tokens in less)
    assert less
    assert notice.text.endswith(f" It is asked once more with less of it, in tokens: {told}.")
    assert "context window" in notice.text
    asked = [request for request in server.requests if s.prose(request)]
    assert [request.messages[1]["content"] for request in asked[:2]] == [
        prompt.messages[1].content,
        shorter.messages[1].content,
    ]


async def test_a_prompt_that_cannot_be_shortened_is_asked_once(
    open_bench: OpenBench, serve: type[FakeServer]
) -> None:
    script = s.Script()
    rule = script.on(s.prose, s.fail(400, TOO_LONG))
    async with open_bench(server=serve(script=script)) as bench:
        with pytest.raises(ContextOverflowError):
            await narrate_scene(bench.state(), bench.runtime)
        assert rule.seen == 2
        assert len(bench.of("notice")) == 1


async def test_a_small_narrator_is_given_the_first_words_by_the_drafts_name(
    open_bench: OpenBench, fake_server: FakeServer
) -> None:
    async with open_bench() as bench:
        for attempt in (1, 2):
            state = bench.state(attempt=attempt)
            asked = len(fake_server.requests)
            await narrate_scene(state, bench.runtime)
            seed = derive_seed(1, "opening", str(draw_step(state).draft(attempt)))
            opening = opening_of(PLAN.scenes[2], PLAN, seed)
            assert fake_server.requests[asked].prefill == opening


async def test_a_narrator_may_write_what_its_rule_of_length_allows(
    open_bench: OpenBench, fake_server: FakeServer
) -> None:
    async with open_bench() as bench:
        state = bench.state(target_words=80)
        prompt = scene_prompt(state, bench.context, None)
        per_word, _ = token_room(state, bench.context, prompt)
        asked = len(fake_server.requests)
        await narrate_scene(state, bench.runtime)
        most = LengthRule.of(bench.context.preset, 80).tokens(per_word)
        request = fake_server.requests[asked]
    # The first words, which it is given, are some of them.
    assert most - 20 < (request.max_tokens or 0) < most
    assert "80 words" in request.user


async def checked(bench: Bench, prose: str, **changes: Any) -> tuple[str, ...]:
    draft = put(bench, 1, prose=prose, **changes)
    await check_draft(bench.state(draft=draft), bench.runtime)
    (told,) = bench.of("draft_checked")
    return tuple(told.blocks)


PROSE = " ".join(
    f"Elias carried lamp {n} down to the grey water and set it upon the stones." for n in range(8)
)


async def test_a_draft_is_held_against_the_scenes_before(open_bench: OpenBench) -> None:
    async with open_bench(1) as bench:
        bench.write(prose=PROSE)
        assert "prose.copied" in await checked(bench, PROSE)


async def test_a_draft_is_held_against_how_it_ended_and_how_long_it_should_be(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        cut = factories.provenance(finish_reason="length")
        assert "prose.cut_off" in await checked(bench, f"{PROSE} And then the", provenance=cut)


@pytest.mark.parametrize(("target", "short"), [(120, False), (400, True)])
async def test_a_draft_is_held_against_its_target(
    open_bench: OpenBench, target: int, short: bool
) -> None:
    async with open_bench() as bench:
        draft = put(bench, 1, prose=PROSE)
        await check_draft(bench.state(draft=draft, target_words=target), bench.runtime)
        (told,) = bench.of("draft_checked")
    assert ("prose.short" in told.blocks) is short


async def test_what_a_person_means_is_not_found(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        draft = put(bench, 1, prose="He waits.")
        await check_draft(bench.state(draft=draft), bench.runtime)
        kept = bench.store.draft(draft)
        assert kept is not None
        keys = [finding.key for finding in kept.findings or ()]
        bench.store.exempt(keys[0], "It is meant.")
        await check_draft(bench.state(draft=draft), bench.runtime)
        again = bench.store.draft(draft)
        assert again is not None
    assert [finding.key for finding in again.findings or ()] == keys[1:]
