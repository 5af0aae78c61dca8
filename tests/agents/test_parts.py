"""Plans for models whose context or longest answer does not hold a whole level at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from novelcraft.agents.planner import (
    BookRequest,
    ChapterInput,
    OutlineInput,
    PlanTask,
    plan_chapter_scenes,
    plan_outline,
    plan_story,
)
from novelcraft.agents.planner.compose import chapter_requests
from novelcraft.config.presets import STANDARD, SizePreset
from tests.agents.requests import BOOK
from tests.agents.test_readers import session_on
from tests.fakes import script as s
from tests.fakes.server import FakeServer

Serve = Callable[..., FakeServer]
WORDS_PER_PAGE = 250


async def planned(server: FakeServer, preset: SizePreset, pages: int) -> tuple[int, int]:
    """Persons and chapters of a plan, whose first chapter has its scenes."""
    book = BookRequest.model_validate({**BOOK, "target_words": pages * WORDS_PER_PAGE})
    async with session_on(server, preset) as session:
        story = await plan_story(book, session.part("story"))
        given = OutlineInput(book=book, story=story)
        outline = await plan_outline(given, session.part("outline"))
        task = PlanTask(book, session)
        first = chapter_requests(task, story, outline)[0]
        scenes = await plan_chapter_scenes(
            ChapterInput(book=book, request=first), session.part("scenes")
        )
        assert len(outline.chapters) == task.chapters
        assert tuple(brief.id for brief in scenes.briefs) == first.scene_ids
    return len(story.cast), len(outline.chapters)


def talkative() -> s.Script:
    script = s.Script()
    script.on(s.structured, s.at_its_bounds())
    return script


@pytest.mark.parametrize("pages", [100, 2_000])
@pytest.mark.parametrize("context", [4_096, 6_000, 8_192, 16_384])
@pytest.mark.parametrize("flavour", ["vllm", "llamacpp"])
async def test_a_plan_fits_a_short_context(
    serve: Serve, flavour: str, context: int, pages: int
) -> None:
    server = serve(flavour=flavour, context=context, script=talkative())
    size = await planned(server, STANDARD, pages)
    assert size == (STANDARD.cast_size, round(pages * WORDS_PER_PAGE / STANDARD.chapter_words))
    assert all(e.answer.status == 200 for e in server.exchanges)
    assert all(e.answer.finish_reason == "stop" for e in server.exchanges)
