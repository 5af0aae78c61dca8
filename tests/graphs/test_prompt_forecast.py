"""What the prompts of scenes to come will take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.config.settings import ROLES
from novelcraft.errors import UnknownTargetError
from novelcraft.graphs.prompt_forecast import Forecast, forecast_prompts
from novelcraft.present.prompt_forecast import forecast_lines
from novelcraft.tools.models.embedded.library import ModelLibrary
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Desk, OpenDesk


async def coming(desk: Desk, library: ModelLibrary | None = None) -> Forecast:
    return await forecast_prompts(desk.novel, environ={}, library=library)


async def test_the_next_scene_is_told_as_it_is_written_then(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=2)
    asked = len(fake_server.requests)
    told = await coming(desk)
    assert len(fake_server.requests) == asked
    await desk.write(until=3)
    written = {s.name: s for s in desk.chain()[2].provenance.sections}
    following, *later = told.prompts
    assert (following.position, following.scene_id) == (3, desk.chain()[2].scene_id)
    for name in ("system", "world", "summary", "tail"):
        assert following.parts[name].exact
        assert following.parts[name].tokens == written[name].tokens
    assert written["canon"].tokens <= following.parts["canon"].tokens
    # The words that are asked for follow what the narrator makes of them.
    assert abs(written["brief"].tokens - following.parts["brief"].tokens) <= 2
    assert len(later) == 6
    assert not any(scene.parts["tail"].exact for scene in later)
    assert all(scene.parts["world"].exact for scene in later)
    assert told.counted


async def test_no_prompt_takes_more_than_was_told(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = open_desk(fake_server, write={"replan": False})
    await desk.write(until=0)
    told = {scene.scene_id: scene for scene in (await coming(desk)).prompts}
    await desk.write()
    for commit in desk.chain():
        taken = sum(section.tokens for section in commit.provenance.sections)
        assert taken + commit.provenance.completion_tokens <= told[commit.scene_id].total


async def test_without_a_plan(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    with pytest.raises(UnknownTargetError, match="no plan"):
        await coming(open_desk(fake_server))


async def test_a_server_that_is_gone_is_said_and_tokens_are_estimated(
    open_desk: OpenDesk, serve: Callable[..., FakeServer]
) -> None:
    server = serve()
    desk = open_desk(server)
    await desk.write(until=1)
    server.close()
    told = await coming(desk)
    assert (told.counted, told.context) == (False, 0)
    assert "No server answers" in told.notice
    lines = list(forecast_lines(told))
    assert "context is not known" in lines[-1]
    assert len(lines) == 1 + len(told.prompts) + 3


async def test_what_a_person_reads(open_desk: OpenDesk, serve: Callable[..., FakeServer]) -> None:
    desk = open_desk(serve(context=8_192))
    await desk.write(until=1)
    head, following, later, *_, verdict = forecast_lines(await coming(desk))
    assert head.split() == [
        *("scene", "system", "world", "summary", "canon", "tail", "brief"),
        *("text", "together", "cut"),
    ]
    assert following.split()[0] == "2"
    assert following.count("<") == 2
    assert later.count("<") == 4
    assert verdict.startswith("All fit its context of 8,192")


async def test_what_does_not_fit_is_said(open_desk: OpenDesk, tmp_path: Path) -> None:
    roles = {role: {"model": "embedded:auto"} for role in ROLES}
    with FakeServer() as server:
        desk = open_desk(server, "other")
        await desk.write(until=0)
        told = await coming(desk)
    tight = Forecast(told.prompts, told.layout, told.model, 700, told.counted)
    assert "may not fit its context of 700" in list(forecast_lines(tight))[-1]
    desk.novel.settings = desk.novel.settings.model_validate(
        {**desk.novel.settings.model_dump(), "roles": roles}
    )
    embedded = await coming(desk, ModelLibrary(tmp_path / "none"))
    assert (embedded.context, embedded.counted) == (0, False)


async def test_a_finished_book_has_none(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    await desk.write()
    assert list(forecast_lines(await coming(desk))) == ["No scene is to come: the book is written."]
