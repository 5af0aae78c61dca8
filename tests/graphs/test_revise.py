"""Editing, redrawing and forking what is in the chain already."""

from __future__ import annotations

import json

import pytest

from novelcraft.errors import InputError, UnknownTargetError
from novelcraft.state.acts import (
    Act,
    ActRecord,
    ChooseDraft,
    EditScene,
    EditWorld,
    Effect,
    Redraw,
    Replay,
)
from tests.fakes import script as s
from tests.fakes.chat import ChatRequest
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Desk, OpenDesk

OWN = "Elias Marrow sold the boat that morning.\n\nHe did not look back."


def about_elias(request: ChatRequest) -> str:
    """Every scene says a fact of its own about whoever it begins with."""
    fact = {"about": "Elias Marrow", "fact": f"Elias has thing {request.key[:6]}.", "quote": "x"}
    return json.dumps({"facts": [fact]})


async def written(serve: type[FakeServer], open_desk: OpenDesk, scenes: int = 4) -> Desk:
    script = s.Script()
    script.on(s.with_schema("FactsAnswer"), s.say(about_elias))
    script.on(s.prose, s.edit(lambda text: f"Elias stood up. {text}"))
    desk = open_desk(serve(script=script))
    await desk.write(until=scenes)
    return desk


async def test_an_edit_replaces_a_scene_and_lists_what_became_stale(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk)
    before = desk.chain()
    await desk.do(EditScene(scene="2", prose=OWN))
    after = desk.chain()
    stale = [c for c in after if c.stale]
    assert [c.prose for c in after] == [before[0].prose, OWN, before[2].prose, before[3].prose]
    assert after[0] == before[0]
    assert after[1].accepted_by == "person"
    assert after[1].provenance.role == "person"
    assert [c.position for c in after] == [1, 2, 3, 4]
    assert [c.position for c in stale] == [3, 4]
    lost = before[1].facts[0].statement
    assert any(lost in reason for reason in stale[0].stale)
    assert any("ends otherwise" in reason for reason in stale[0].stale)
    assert not any("ends otherwise" in reason for reason in stale[1].stale)


async def test_the_old_chain_keeps_a_branch_of_its_own(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk)
    before = desk.chain()
    await desk.do(EditScene(scene="2", prose=OWN))
    kept = f"main@{before[-1].id[:8]}"
    assert desk.chain(kept) == before


async def test_summaries_after_an_edit_are_told_anew(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk)
    before = desk.chain()
    await desk.do(EditScene(scene="1", prose=OWN))
    assert all(old.summary != new.summary for old, new in zip(before, desk.chain(), strict=True))


async def test_writing_goes_on_after_an_edit(serve: type[FakeServer], open_desk: OpenDesk) -> None:
    desk = await written(serve, open_desk, 2)
    await desk.do(EditScene(scene="1", prose=OWN))
    finished = await desk.write()
    assert finished is not None
    assert desk.chain()[0].prose == OWN


async def test_the_same_edit_twice_changes_nothing(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 2)
    await desk.do(EditScene(scene="1", prose=OWN))
    once = desk.chain()
    await desk.do(EditScene(scene="1", prose=OWN))
    assert [c.prose for c in desk.chain()] == [c.prose for c in once]


async def test_a_redraw_gives_other_prose_and_heeds_the_note(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 3)
    before = desk.chain()
    await desk.do(Redraw(scene="2", note="Let it rain."))
    once = desk.chain()
    assert once[1].prose != before[1].prose
    assert once[2].prose == before[2].prose
    messages, _ = desk.novel.prompt("2")
    assert "Let it rain." in messages[1].content
    await desk.do(Redraw(scene="2"))
    assert len({before[1].prose, once[1].prose, desk.chain()[1].prose}) == 3


async def test_a_branch_can_be_forked_from_any_scene(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 4)
    desk.novel.fork("2", "darker")
    assert desk.chain("darker") == desk.chain()[:2]
    finished = await desk.write(branch="darker")
    assert finished is not None
    assert len(desk.chain()) == 4
    assert desk.chain("darker")[:2] == desk.chain()[:2]
    assert [c.position for c in desk.chain("darker")] == list(range(1, finished.scenes + 1))
    exports = desk.novel.folder / "exports"
    assert [p.suffix for p in exports.glob("*.*")] == []
    assert list((exports / "darker").glob("*.epub"))


async def test_a_branch_can_be_forked_before_the_first_scene(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 1)
    made = desk.novel.fork("0", "again")
    assert (made.head, made.plan_version) == (None, desk.chain()[0].plan_version)
    finished = await desk.write(branch="again")
    assert finished is not None
    assert [c.position for c in desk.chain("again")] == list(range(1, finished.scenes + 1))
    assert len(desk.of("plan_ready")) == sum(e.replan for e in desk.of("plan_ready")) + 1
    assert len(desk.chain()) == 1


async def test_a_fork_needs_a_scene_that_is_there_and_a_name_that_is_free(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 2)
    with pytest.raises(UnknownTargetError, match="no scene '9'"):
        desk.novel.fork("9", "other")
    with pytest.raises(InputError, match="main"):
        desk.novel.fork("1", "main")
    with pytest.raises(InputError, match="cannot be a branch's name"):
        desk.novel.fork("1", "../elsewhere")


async def settled(desk: Desk, act: Act) -> ActRecord:
    """An act as it stands after it was done, or refused, and told of once."""
    desk.events.clear()
    left = await desk.do(act)
    (told,) = desk.of("act_settled")
    record = desk.novel.store.act(left.id)
    assert (told.act, told.status, told.reason) == (left.id, record.status, record.reason)
    return record


async def test_a_draft_that_was_passed_over_can_be_put_back(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 3)
    before = desk.chain()
    await desk.do(Redraw(scene="2"))
    calls = len(desk.novel.store.calls())
    done = await settled(desk, ChooseDraft(scene="s002", draft=before[1].id))
    after = desk.chain()
    assert [c.prose for c in after] == [c.prose for c in before]
    assert (after[1].accepted_by, after[1].provenance) == ("person", before[1].provenance)
    assert (done.target, done.commit, done.point) == ("s002", after[1].id, "idle")
    asked = {call.purpose for call in desk.novel.store.calls()[calls:]}
    assert "scene.narrate" not in asked
    wrong = await settled(desk, ChooseDraft(scene="2", draft=before[0].id))
    assert wrong.status == "refused"
    assert f"{before[0].id} is a draft of s001, not of s002." in wrong.reason


async def test_a_draft_of_the_last_scene_can_be_chosen_by_its_name(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 1)
    (kept,) = desk.novel.store.drafts("main", None, "s001")
    await desk.do(EditScene(scene="1", prose=OWN))
    await desk.do(ChooseDraft(scene="1", draft=kept.id))
    assert desk.chain()[0].prose == kept.prose


async def test_what_may_no_longer_fit_is_narrated_again_in_order(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk)
    none = await settled(desk, Replay())
    assert "No scene is marked as one that may no longer fit." in none.reason
    await desk.do(EditScene(scene="2", prose=OWN))
    before = desk.chain()
    assert [c.position for c in before if c.stale] == [3, 4]
    fits = await settled(desk, Replay(scene="1"))
    assert "Scene 1 is not marked as one that may no longer fit." in fits.reason
    assert (await settled(desk, Replay(scene="4"))).status == "applied"
    once = desk.chain()
    assert [a.prose == b.prose for a, b in zip(before, once, strict=True)] == [
        *(True, True, True),
        False,
    ]
    assert [c.position for c in once if c.stale] == [3]
    assert (await settled(desk, Replay())).status == "applied"
    assert [event.scene_id for event in desk.of("scene_started")][:1] == ["s003"]
    assert desk.chain()[2].prose != once[2].prose
    assert not desk.chain()[2].stale


async def test_a_scene_of_no_words_and_a_wish_that_is_too_long_are_refused(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 2)
    before = desk.chain()
    empty = await settled(desk, EditScene(scene="2", prose="— …"))
    assert "The new prose of scene 2 holds no words." in empty.reason
    long = await settled(desk, Redraw(scene="2", note="rain " * 5_000))
    assert "Say it shorter." in long.reason
    missing = await settled(desk, Redraw(scene="7"))
    assert "no scene '7'" in missing.reason
    assert {a.status for a in (empty, long, missing)} == {"refused"}
    assert desk.chain() == before


async def test_a_scene_is_made_again_from_the_plan_that_a_person_has_edited(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 2)
    store = desk.novel.store
    plan = store.plan(1)
    await desk.do(Redraw(scene="2"))
    assert desk.chain()[1].plan_version == 1
    edit = store.put_act(EditWorld(changes={"text": "It always rains."}), branch="main", by="")
    version = store.add_plan(
        "main",
        plan.model_copy(
            update={
                "parent": 1,
                "world": plan.world.model_copy(update={"text": "It always rains."}),
            }
        ),
    )
    store.finish_act(edit.id, "idle", Effect(plan_version=version))
    await desk.do(Redraw(scene="2"))
    assert desk.chain()[1].plan_version == version
    assert "It always rains." in desk.novel.prompt("2")[0][1].content
    (started,) = desk.of("scene_started")[-1:]
    assert (started.position, started.scenes) == (2, 2)
    assert started.target_words == plan.scenes[1].target_words


async def test_a_scene_that_is_told_again_is_given_those_who_are_named_in_it(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = await written(serve, open_desk, 2)
    calls = len(desk.novel.store.calls())
    await desk.do(EditScene(scene="1", prose=OWN))
    first, second = desk.chain()
    retold = [c for c in desk.novel.store.calls()[calls:] if c.purpose == "scene.summarize"][-1]
    asked = retold.messages[-1].content
    assert second.prose in asked
    assert first.summary in asked
    cast = desk.novel.store.plan(1).cast
    named = [c.name for c in cast if c.name.split()[0] in second.prose]
    block = asked.split("Keep these names:")[1].split('"""')[1].strip() if named else ""
    assert block == ", ".join(named)
