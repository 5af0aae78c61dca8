"""A long book's chapters and acts in short: told once, kept, and given to the narrator."""

from __future__ import annotations

from itertools import groupby

import pytest

from novelcraft.config.layouts import LAYOUTS
from novelcraft.config.resolve import resolve
from novelcraft.config.root import Settings
from novelcraft.graphs.history import with_history
from novelcraft.graphs.part_summaries import LONG_PAGES
from novelcraft.graphs.prompt_forecast import forecast_prompts
from novelcraft.present.views import summary
from novelcraft.state.acts import EditScene
from novelcraft.state.layout import TOKENS_PER_WORD
from novelcraft.tools.models.preflight import SPARE_TOKENS
from tests.fakes.server import FakeServer
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
    scenes = 2 * preset.chapter_words * TOKENS_PER_WORD
    told = preset.layout.summary - layout.summary - scenes
    assert preset.history == "summary"
    assert told >= chapters * preset.part_words * TOKENS_PER_WORD - 2
    assert preset.summary_words == bare.summary_words
