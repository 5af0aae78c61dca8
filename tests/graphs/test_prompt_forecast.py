"""What the prompts of scenes to come will take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.config.settings import ROLES, RoleSettings
from novelcraft.errors import UnknownTargetError
from novelcraft.graphs.nodes.scene import scene_prompt
from novelcraft.graphs.novel import Novel
from novelcraft.graphs.prompt_forecast import Forecast, PartForecast, forecast_prompts
from novelcraft.present.prompt_forecast import forecast_lines
from novelcraft.state.layout import PARTS, TOKENS_PER_WORD
from novelcraft.tools.metrics.draft_length import LengthRule
from novelcraft.tools.models.embedded.engine import EngineSpec
from novelcraft.tools.models.embedded.library import ModelLibrary
from novelcraft.tools.models.preflight import SPARE_TOKENS
from tests.fakes.server import FakeServer
from tests.graphs.bench import Bench, OpenBench
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


def novel_of(bench: Bench) -> Novel:
    return Novel(bench.context.folder, bench.context.settings, bench.store)


@pytest.mark.parametrize("scenes", [0, 1])
async def test_the_parts_of_the_next_prompt_are_those_that_its_narrator_is_asked_with(
    open_bench: OpenBench, scenes: int
) -> None:
    async with open_bench(scenes) as bench:
        # The plan has 1,200 words for four scenes.
        asked = scene_prompt(bench.state(target_words=300), bench.context, None)
        told = await forecast_prompts(novel_of(bench), environ={})
        preset = bench.context.preset
    following, *later = told.prompts
    known = {
        part.name: PartForecast(part.tokens, part.budget, exact=True, trimmed=part.trimmed)
        for part in asked.sections
        if part.name in PARTS
    }
    room = preset.layout.canon
    if scenes:
        known["canon"] = PartForecast(room, room, exact=False)
    assert following.parts == known
    most = LengthRule.of(preset, 300).tokens(TOKENS_PER_WORD)
    assert following.scene == most
    assert following.total == sum(part.tokens for part in known.values()) + SPARE_TOKENS + most
    assert [(one.position, one.scene_id) for one in told.prompts] == [
        (n, f"s{n:03}") for n in range(scenes + 1, 5)
    ]
    for one in later:
        for name in ("summary", "tail", "canon"):
            tokens = preset.layout.of(name)
            assert one.parts[name] == PartForecast(tokens, tokens, exact=False)
        assert one.parts["world"] == known["world"]
        assert one.parts["brief"].exact
    assert (told.model, told.context, told.notice) == ("fake-model", 8_192, "")
    assert (told.layout, told.history) == (preset.layout.note, ())


async def test_of_another_branch_what_that_has_to_come_is_told(open_bench: OpenBench) -> None:
    async with open_bench(3) as bench:
        first = bench.store.commit_ids(bench.store.branch("main").head)[0]
        bench.store.create_branch("darker", head=first, plan_version=1)
        told = await forecast_prompts(novel_of(bench), "darker", environ={})
        assert [one.position for one in told.prompts] == [2, 3, 4]
        bench.store.create_branch("new", head=None, plan_version=None)
        with pytest.raises(UnknownTargetError) as refused:
            await forecast_prompts(novel_of(bench), "new", environ={})
    assert refused.value.message == "Branch 'new' has no plan yet."
    assert refused.value.fix == (f"Make one: novelcraft write {bench.context.folder} --until plan")


async def test_in_a_long_book_a_chapter_that_ends_is_told_before_the_next_scene(
    open_bench: OpenBench,
) -> None:
    async with open_bench(1, novel={"pages": 101}) as bench:
        within = (await forecast_prompts(novel_of(bench), environ={})).prompts[0]
        bench.write()
        begins = (await forecast_prompts(novel_of(bench), environ={})).prompts[0]
    assert [one.parts["summary"].exact for one in (within, begins)] == [True, False]
    assert [one.parts["canon"].exact for one in (within, begins)] == [False, False]


async def test_without_a_server_the_context_is_the_settings_or_the_embedded_models(
    open_bench: OpenBench, serve: Callable[..., FakeServer], tmp_path: Path
) -> None:
    library = ModelLibrary(tmp_path / "cache")
    library.folder.mkdir(parents=True)
    for name, size in (("mag-mell-12b", 2_000_000_000), ("tiny-135m", 10)):
        with (library.folder / f"{name}.gguf").open("wb") as file:
            file.truncate(size)
    gone = serve()
    gone.close()
    large, small = (
        EngineSpec.of("x", library.folder / f"{name}.gguf").context
        for name in ("mag-mell-12b", "tiny-135m")
    )
    assert large != small
    async with open_bench() as bench:
        novel = novel_of(bench)
        for narrator, context in (
            ({"model": "embedded:auto"}, large),
            ({"model": "embedded:tiny-135m"}, small),
            ({"model": "embedded:not-there"}, large),
            ({"model": "embedded:auto", "context": 3_000}, 3_000),
            ({"model": "openai:x", "base_url": gone.base_url, "context": 5_000}, 5_000),
        ):
            role = RoleSettings.model_validate(narrator)
            roles = novel.settings.roles.model_copy(update={"narrator": role})
            novel.settings = novel.settings.model_copy(update={"roles": roles})
            told = await forecast_prompts(novel, environ={}, library=library)
            assert (told.context, told.counted) == (context, False)
            assert bool(told.notice) is (role.provider == "openai")
            assert told.model == role.name
