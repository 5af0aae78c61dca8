"""A long book's chapters and acts in short: told once, kept, and given to the narrator."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import groupby

import pytest

from novelcraft.config.layouts import LAYOUTS
from novelcraft.config.resolve import resolve
from novelcraft.config.root import Settings
from novelcraft.config.settings import NovelSettings
from novelcraft.graphs.history import LAST_SCENES, with_history
from novelcraft.graphs.part_summaries import LONG_PAGES, part_summaries, summarize_parts
from novelcraft.graphs.prompt_forecast import forecast_prompts
from novelcraft.present.views import summary
from novelcraft.state.acts import EditScene
from novelcraft.state.base import content_hash
from novelcraft.state.calls import CallRecord
from novelcraft.state.layout import TOKENS_PER_WORD
from novelcraft.state.plan import Plan
from novelcraft.tools.models.preflight import SPARE_TOKENS
from tests.fakes.server import FakeServer
from tests.graphs.bench import PLAN, Bench, OpenBench
from tests.graphs.conftest import Desk, OpenDesk
from tests.graphs.test_history import asked

LONG = {"pages": LONG_PAGES + 1, "words_per_page": 50, "chapters": 16}
"""Some forty scenes in sixteen chapters, of which four are the first act."""


def long_book(open_desk: OpenDesk, server: FakeServer) -> Desk:
    return open_desk(server, novel=LONG, write={"replan": False})


def told(desk: Desk) -> list[str]:
    """What the summarizer said of parts, in order."""
    return [c.text for c in desk.novel.store.calls() if c.purpose == "part.summarize"]


def chapters(desk: Desk) -> list[int]:
    """Positions of the last scenes of chapters, counted from 1."""
    plan = desk.novel.store.plan(1)
    sizes = [len([*group]) for _, group in groupby(plan.scenes, key=lambda scene: scene.chapter)]
    return [sum(sizes[: n + 1]) for n in range(len(sizes))]


async def test_a_chapter_is_told_once_and_an_act_by_what_its_chapters_tell(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = long_book(open_desk, fake_server)
    await desk.write(until=0)
    ends = chapters(desk)
    assert [desk.novel.store.plan(1).chapters[n].act for n in (3, 4)] == [1, 2]
    await desk.write(until=ends[0])
    assert told(desk) == []
    await desk.write(until=ends[1])
    assert len(told(desk)) == 1
    await desk.write(until=ends[3] + 1)
    assert len(told(desk)) == 5
    question = next(r.user for r in fake_server.requests if "Retell this chapter" in r.user)
    assert all(commit.prose in question for commit in desk.chain()[: ends[0]])
    act = next(r.user for r in fake_server.requests if "Retell this act" in r.user)
    parts = summary(desk.novel, "main", str(ends[3])).splitlines()[:-1]
    assert len(parts) == 1
    assert desk.chain()[0].prose not in act
    prompt = asked(desk, ends[3] + 1)
    assert parts[0] in prompt
    assert prompt.index(parts[0]) < prompt.index(desk.chain()[ends[3] - 1].summary.split(".")[0])


async def test_an_edited_scene_has_its_own_chapter_told_again_and_no_other(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = long_book(open_desk, fake_server)
    await desk.write(until=0)
    ends = chapters(desk)
    await desk.write(until=ends[2] + 1)
    before = told(desk)
    assert len(before) == 3
    await desk.do(EditScene(scene="1", prose="Elias wrote to the sea."))
    await desk.write(until=ends[2] + 2)
    assert len(told(desk)) == 4
    newest = [r.user for r in fake_server.requests if "Retell this chapter" in r.user][-1]
    assert "Elias wrote to the sea." in newest


async def test_a_book_of_a_hundred_pages_has_its_rolling_summary_alone(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = open_desk(fake_server, novel={**LONG, "pages": LONG_PAGES}, write={"replan": False})
    await desk.write(until=0)
    await desk.write(until=chapters(desk)[1] + 1)
    assert told(desk) == []


async def test_the_context_command_counts_what_is_told(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = long_book(open_desk, fake_server)
    await desk.write(until=0)
    end = chapters(desk)[0]
    await desk.write(until=end)
    assert not (await forecast_prompts(desk.novel, environ={})).prompts[0].parts["summary"].exact
    await desk.write(until=end + 1)
    part = (await forecast_prompts(desk.novel, environ={})).prompts[0].parts["summary"]
    await desk.write(until=end + 2)
    written = {s.name: s for s in desk.chain()[-1].provenance.sections}["summary"]
    assert (part.exact, part.tokens) == (True, written.tokens)


@pytest.mark.parametrize(("pages", "share"), [(LONG_PAGES, 1), (1_000, 2)])
def test_without_room_the_rolling_summary_leaves_half_of_its_own(pages: int, share: int) -> None:
    given = Settings.model_validate({"novel": {"pages": pages}})
    layout = LAYOUTS["standard"]
    preset = with_history(resolve(given, "big"), given, layout.total, None)
    assert preset.layout == layout
    assert preset.summary_words <= layout.summary / share / TOKENS_PER_WORD


def test_a_thousand_pages_have_room_for_every_chapter_where_the_context_has_it() -> None:
    given = Settings.model_validate({"novel": {"pages": 1_000}})
    layout = LAYOUTS["standard"]
    bare = resolve(given, "big")
    preset = with_history(bare, given, layout.total + SPARE_TOKENS + 40_000, None)
    chapters = 1_000 * 275 / preset.chapter_words
    scenes = LAST_SCENES * layout.scene
    told = preset.layout.summary - layout.summary - scenes
    assert preset.history == "summary"
    assert told >= chapters * preset.part_words * TOKENS_PER_WORD - 2
    assert preset.summary_words == bare.summary_words


def parted() -> Plan:
    """Two chapters of two scenes, each an act of its own."""
    first, second = PLAN.chapters
    return PLAN.model_copy(update={"chapters": (first, second.model_copy(update={"act": 2}))})


def parts(bench: Bench) -> list[CallRecord]:
    return [call for call in bench.store.calls() if call.purpose == "part.summarize"]


def so_far(bench: Bench, coming: str, plan: Plan) -> tuple[str, ...]:
    chain = bench.store.chain(bench.store.branch("main").head)
    return part_summaries(bench.context.novel, bench.store, chain, plan, coming)


async def test_an_act_that_ended_is_told_by_its_chapter_and_stands_for_it(
    open_bench: OpenBench,
) -> None:
    plan = parted()
    async with open_bench(plan=plan, novel=LONG) as bench:
        head = bench.store.branch("main").head
        await summarize_parts(bench.context, head, plan, "s003")
        chapter, act = parts(bench)
        told = so_far(bench, "s003", plan)
        first, second = bench.store.chain(head)
        await summarize_parts(bench.context, head, plan, "s003")
        assert len(parts(bench)) == 2
    assert f"{first.prose}\n\n{second.prose}" in chapter.messages[-1].content
    chapter_says, act_says = (json.loads(call.text)["summary"] for call in (chapter, act))
    assert chapter_says in act.messages[-1].content
    assert first.prose not in act.messages[-1].content
    assert told == (act_says,)
    keys = [content_hash(["chapter", first.prose, second.prose])]
    keys.append(content_hash(["act", keys[0]]))
    assert [call.step.split("/")[:2] for call in (chapter, act)] == [
        ["part", key[:12]] for key in keys
    ]


async def test_an_act_that_goes_on_stands_there_by_its_chapters(open_bench: OpenBench) -> None:
    async with open_bench(novel=LONG) as bench:
        head = bench.store.branch("main").head
        assert so_far(bench, "s003", PLAN) == ()
        await summarize_parts(bench.context, head, PLAN, "s003")
        (chapter,) = parts(bench)
        assert so_far(bench, "s003", PLAN) == (json.loads(chapter.text)["summary"],)
        # Within the chapter it has not ended.
        assert so_far(bench, "s002", PLAN) == ()


async def test_a_chapter_that_goes_on_and_a_short_book_are_not_told(open_bench: OpenBench) -> None:
    async with open_bench(1, novel=LONG) as bench:
        await summarize_parts(bench.context, bench.store.branch("main").head, PLAN, "s002")
        assert parts(bench) == []
        bench.write()
        short = replace(bench.context, novel=NovelSettings(pages=LONG_PAGES))
        head = bench.store.branch("main").head
        await summarize_parts(short, head, PLAN, "s003")
        assert parts(bench) == []
        await summarize_parts(bench.context, head, PLAN, "s003")
        chain = bench.store.chain(head)
        assert part_summaries(short.novel, bench.store, chain, PLAN, "s003") == ()


async def test_of_a_long_chapter_each_scene_is_given_an_even_share(open_bench: OpenBench) -> None:
    async with open_bench(0, novel=LONG) as bench:
        for name in ("Elias", "Anna"):
            bench.write(prose=" ".join(f"{name} came to step {n}." for n in range(2_000)))
        await summarize_parts(bench.context, bench.store.branch("main").head, PLAN, "s003")
        (call,) = parts(bench)
        most = bench.context.preset.reading_tokens // 2
        given = call.messages[-1].content.split('"""')[1].replace("\n", " ").split(". ")
        for name in ("Elias", "Anna"):
            own = [sentence.strip() for sentence in given if name in sentence]
            assert own[0] == f"{name} came to step 0"
            assert own[-1].rstrip(".") == f"{name} came to step 1999"
            assert 0.8 * most < bench.context.count(". ".join(own)) <= 1.1 * most


@pytest.mark.parametrize(("served", "tokens"), [(2_000, 1_000), (0, 2_048)])
async def test_a_summarizer_with_a_short_context_is_given_half_of_it(
    open_bench: OpenBench, serve: type[FakeServer], served: int, tokens: int
) -> None:
    # A hosted server tells no context.
    server = serve(context=served) if served else serve(flavour="openai")
    roles = {"cheap": {"model": "openai:fake-model", "base_url": server.base_url}}
    async with open_bench(0, novel=LONG, roles=roles) as bench:
        for _ in range(2):
            bench.write(prose=" ".join(f"Elias came to step {n}." for n in range(2_000)))
        await summarize_parts(bench.context, bench.store.branch("main").head, PLAN, "s003")
        (call,) = parts(bench)
        count = bench.context.caller.models.token_counter("cheap")
        given = call.messages[-1].content.split('"""')[1]
        assert 0.8 * tokens < count(given) <= 1.1 * tokens
