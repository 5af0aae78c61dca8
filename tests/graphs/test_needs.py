"""The longest calls of a run, as its own agents make them before anything is asked."""

from __future__ import annotations

from typing import Any

from novelcraft.config.layouts import LAYOUTS
from novelcraft.config.presets import SMALL, STANDARD
from novelcraft.config.settings import NovelSettings
from novelcraft.graphs.rehearsal import longest_calls, narrator_call
from novelcraft.state.authored import NOTHING, Authored, AuthoredChapter
from novelcraft.state.plan import Plan
from novelcraft.tools.models.preflight import Need
from tests.graphs.bench import PLAN, Bench, OpenBench

READERS = {"scene.summarize", "scene.extract", "scene.continuity"}


def test_the_narrators_call_is_its_whole_layout_and_may_be_cut_where_a_scene_is_one() -> None:
    """Of 600 words a scene has 300 at least, and 960 where the book has fallen behind."""
    layout = LAYOUTS["small"]
    need = narrator_call(SMALL)
    assert need == Need(
        "narrator", "scene.narrate", layout.prompt + 64, layout.scene, cut=405, bound=need.bound
    )
    assert 960 * 1.35 * 1.3 <= need.bound <= 960 * 1.35 * 2
    standard = narrator_call(STANDARD)
    assert standard.prompt == LAYOUTS["standard"].prompt + 64
    assert standard.cut == round(990 * 1.35)


async def needs(
    bench: Bench,
    plan: Plan | None = None,
    authored: Authored = NOTHING,
    premise: str = PLAN.premise,
    **novel: Any,
) -> dict[str, Need]:
    given = NovelSettings.model_validate({"premise": premise, "pages": 20, **novel})
    chat = bench.context.caller.models
    found = await longest_calls(given, bench.context.preset, chat, plan, authored)
    assert found[0] == narrator_call(bench.context.preset)
    by_purpose = {need.purpose: need for need in found}
    assert len(by_purpose) == len(found)
    return by_purpose


async def test_before_there_is_a_plan_all_of_it_is_asked_for(open_bench: OpenBench) -> None:
    async with open_bench(0) as bench:
        found, planned = await needs(bench), await needs(bench, PLAN)
        layout = bench.context.preset.layout
    assert set(planned) < set(found)
    assert READERS & set(found) == READERS & set(planned)
    assert {need.role for name, need in found.items() if name.startswith("plan.")} == {"reasoning"}
    assert any(name.startswith("plan.") for name in planned)
    assert not any("cast" in name or "outline" in name for name in planned)
    # Who reads a scene is shown all of it, and the summary before; and may say less than allowed.
    assert found["scene.summarize"].prompt >= 0.9 * (layout.scene + layout.summary)
    for name, need in found.items():
        assert name == "scene.narrate" or 0 < need.answer <= need.bound, name


async def test_a_long_premise_is_asked_with_and_that_of_a_plan_is_the_plans(
    open_bench: OpenBench,
) -> None:
    async with open_bench(0) as bench:
        short, long = await needs(bench), await needs(bench, premise="The sea. " * 200)
        planned = await needs(bench, PLAN, premise="The sea. " * 200)
        other = PLAN.model_copy(update={"premise": "The sea. " * 200})
        wordy = await needs(bench, other, premise="The sea.")
    longer = [name for name in short if long[name].prompt > short[name].prompt + 300]
    assert longer
    assert all(name.startswith("plan.") for name in longer)
    # Readers are asked the same, whatever the premise.
    assert {name: planned[name] for name in READERS} == {name: short[name] for name in READERS}
    assert max(need.prompt for need in wordy.values()) >= max(
        need.prompt for need in planned.values()
    )


async def test_letters_of_more_bytes_take_more_tokens(open_bench: OpenBench) -> None:
    async with open_bench(0) as bench:
        latin, cyrillic = await needs(bench), await needs(bench, premise="Смотритель маяка и море")
    assert all(cyrillic[name].answer > latin[name].answer for name in READERS)


async def test_what_the_author_has_is_not_asked_for(open_bench: OpenBench) -> None:
    told = (AuthoredChapter(title=f"Chapter {n}", summary="It rains.") for n in range(12))
    async with open_bench(0) as bench:
        bare = await needs(bench, chapters=12)
        own = await needs(bench, chapters=12, authored=Authored(chapters=tuple(told)))
    assert own != bare
    assert {name: own[name] for name in READERS} == {name: bare[name] for name in READERS}


async def test_the_longest_chapter_of_a_plan_is_rehearsed(open_bench: OpenBench) -> None:
    first, second = PLAN.chapters
    long = second.model_copy(update={"summary": "They burn letters. " * 60})
    async with open_bench(0) as bench:
        usual = await needs(bench, PLAN)
        wordy = await needs(bench, PLAN.model_copy(update={"chapters": (first, long)}))
    assert max(n.prompt for n in wordy.values()) > max(n.prompt for n in usual.values())
