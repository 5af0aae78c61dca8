"""What is never let into a book, how a run stops for it, and how the same command goes on."""

from __future__ import annotations

import re

import pytest

from novelcraft.errors import CappedScenesError, UnfitSceneError
from novelcraft.state.acts import EditScene, Redraw
from novelcraft.state.manuscript import SceneCommit, count_words
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Desk, OpenDesk

NO_SCENES = {
    "nothing": (s.nothing(), "no words"),
    "a refusal": (s.refuse(), "refuses"),
    "filtered": (s.nothing("content_filter"), "no words"),
    "filtered half-way": (s.say("She waited. " * 50, "content_filter"), "content filter"),
    "only reasoning, in a field": (s.only_thinking("reasoning_content"), "only thought"),
    "a think block without end": (s.only_thinking(), "only thought"),
    "thinking aloud": (s.say("The user wants a scene. " * 60), "thinks about the scene"),
    "another script": (s.in_cyrillic(), "script"),
    "a word without end": (s.wordless(), "has 1 word, its target"),
    "a few words": (s.say("Elias waited."), "words, its target"),
    "half words": (s.cut_off(30), "words, its target"),
}


def same_again(server: FakeServer) -> bool:
    """Whether any narration was asked for twice in the same words with the same seed."""
    asked = [r.key for r in server.requests if s.prose(r)]
    return len(set(asked)) != len(asked)


CARRIED_ON = ("nothing", "a refusal", "thinking aloud", "half words")
"""Staged against a server that carries on a completion as well."""


@pytest.mark.parametrize(
    ("answer", "flavour"),
    [*((a, "openai") for a in NO_SCENES), *((a, "llamacpp") for a in CARRIED_ON)],
)
async def test_what_is_no_scene_is_never_committed_and_the_run_can_go_on(
    serve: type[FakeServer], open_desk: OpenDesk, answer: str, flavour: str
) -> None:
    effect, why = NO_SCENES[answer]
    script = s.Script()
    rule = script.on(s.prose, effect, after=2)
    server = serve(script=script, flavour=flavour)
    desk = open_desk(server, write={"scene_words": 240})
    with pytest.raises(UnfitSceneError, match=why) as raised:
        await desk.write()
    before = desk.chain()
    assert all(c.accepted_by == "checks" for c in before)
    assert re.search(f"scene {len(before) + 1}|s00{len(before) + 1}", raised.value.message)
    with pytest.raises(UnfitSceneError):
        await desk.write()
    assert desk.chain() == before
    assert not same_again(server)
    rule.count = 0
    await desk.write(until=len(before) + 1)
    assert desk.chain()[:-1] == before


async def test_a_finished_redraw_that_gives_no_scene_leaves_the_book_as_it_was(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    desk = open_desk(serve(script=script))
    await desk.write(until=3)
    before, branches = desk.chain(), desk.novel.store.branches()
    refusing = script.on(s.prose, s.refuse())
    for _ in range(2):
        refused = await desk.do(Redraw(scene="2"))
        assert refused.status == "refused"
        assert "The narrator refuses" in refused.reason
    assert desk.chain() == before
    assert desk.novel.store.branches() == branches
    refusing.count = 0
    await desk.do(Redraw(scene="2"))
    assert desk.chain()[1].prose != before[1].prose


async def test_a_person_may_not_put_nothing_in_a_scenes_place(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=1)
    refused = await desk.do(EditScene(scene="1", prose=" * * * "))
    assert (refused.status, "no words" in refused.reason) == ("refused", True)
    assert desk.chain()[0].accepted_by == "checks"


async def test_an_exempted_finding_lets_a_short_scene_in(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.say("Elias Marrow waited by the sea until it was dark."))
    desk = open_desk(serve(script=script, flavour="openai"))
    with pytest.raises(UnfitSceneError):
        await desk.write(until=1)
    desk.novel.store.exempt("prose.short:s001", "a short scene is meant")
    await desk.write(until=1)
    assert len(desk.chain()) == 1


def looping(serve: type[FakeServer]) -> tuple[FakeServer, s.Rule]:
    script = s.Script()
    rule = script.on(s.prose, s.loop(), after=1)
    return serve(script=script), rule


def capped(desk: Desk) -> list[SceneCommit]:
    return [c for c in desk.chain() if c.accepted_by == "cap"]


async def test_three_scenes_in_a_row_at_the_cap_stop_the_run(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    server, _ = looping(serve)
    desk = open_desk(server)
    with pytest.raises(CappedScenesError, match="3 scenes in a row") as raised:
        await desk.write()
    assert "The scene loops" in raised.value.message
    assert raised.value.message.count("scene ") >= 3
    assert [c.position for c in capped(desk)] == [2, 3, 4]
    assert count_words((desk.novel.folder / "manuscript.md").read_text()) > 300
    with pytest.raises(CappedScenesError):
        await desk.write()
    assert [c.position for c in capped(desk)] == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("setting", "scenes"), [(0, 6), (1, 2), (5, 6)])
async def test_how_many_is_a_setting_and_none_never_stops(
    serve: type[FakeServer], open_desk: OpenDesk, setting: int, scenes: int
) -> None:
    server, _ = looping(serve)
    desk = open_desk(server, write={"stop_after_capped": setting})
    if setting == 1:
        with pytest.raises(CappedScenesError):
            await desk.write(until=6)
    else:
        await desk.write(until=6)
    assert len(desk.chain()) == scenes


async def test_a_good_scene_between_begins_the_count_anew(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.loop(), count=4)
    script.on(s.prose, s.edit(lambda text: text), count=1)
    script.on(s.prose, s.loop(), count=4)
    desk = open_desk(serve(script=script, flavour="openai"))
    await desk.write(until=5)
    assert [c.accepted_by for c in desk.chain()] == ["cap", "cap", "checks", "cap", "cap"]


async def test_a_replaced_scene_has_the_plans_target(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    server = serve()
    desk = open_desk(server)
    await desk.write(until=2)
    await desk.do(EditScene(scene="2", prose="Elias Marrow said no."))
    assert "prose.short" in {f.check for f in desk.chain()[1].findings}
    await desk.do(Redraw(scene="2"))
    new = desk.chain()[1]
    plan = desk.novel.store.plan(new.plan_version)
    target = plan.scene(new.scene_id).target_words
    started = desk.of("scene_started")[-1]
    assert started.target_words == target
    assert abs(new.words - target) < 0.5 * target
