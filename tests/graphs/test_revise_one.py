"""One act on what is written, done alone: the draft it makes, the commit, and what is told."""

from __future__ import annotations

import pytest

from novelcraft.graphs.revise import build_revise_graph, revise
from novelcraft.state.acts import Act, ActRecord, ChooseDraft, EditScene, Redraw, Replay
from novelcraft.state.base import content_hash
from novelcraft.state.manuscript import Provenance, SceneCommit
from novelcraft.state.steps import DrawStep
from tests import factories
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.bench import Bench, OpenBench

OWN = "Elias sold the boat.\n\nHe did not look back."
BY_PERSON = Provenance(
    role="person",
    model="person",
    prompt_hash="",
    template_hash="",
    sampling={},
    seed=0,
    prompt_tokens=0,
    completion_tokens=0,
    finish_reason="stop",
    attempt=1,
    calls=(),
)


async def done(bench: Bench, act: Act) -> ActRecord:
    number = bench.leave(act)
    await revise(bench.context, bench.act(number), bench.context.place("main", "idle"))
    return bench.act(number)


def chain(bench: Bench) -> list[SceneCommit]:
    return bench.store.chain(bench.store.branch("main").head)


async def test_a_persons_words_are_a_draft_by_nobody_else(open_bench: OpenBench) -> None:
    async with open_bench(3) as bench:
        old = chain(bench)
        record = await done(bench, EditScene(scene="2", prose=f"\n{OWN} \n"))
        new = chain(bench)
        name = DrawStep.of("main", old[1].parent, "s002", content_hash(OWN)[:12]).draft(1)
        draft = bench.store.draft(str(name))
        text = (bench.context.folder / "manuscript.md").read_text(encoding="utf-8")
    assert draft is not None
    assert (draft.branch, draft.parent, draft.scene_id, draft.attempt) == (
        *("main", old[0].id, "s002"),
        1,
    )
    assert draft.provenance == new[1].provenance == BY_PERSON
    assert (new[1].prose, new[1].accepted_by, new[1].position) == (OWN, "person", 2)
    assert (new[1].parent, new[1].plan_version, new[1].chapter_id) == (old[0].id, 1, "ch01")
    assert (record.status, record.point) == ("applied", "idle")
    assert (record.target, record.commit) == ("s002", new[1].id)
    assert [event.act for event in bench.of("act_settled")] == [record.id]
    assert new[2].prose == old[2].prose
    assert "He did not look back." in text


async def test_a_persons_words_are_checked_and_never_sent_back(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        await done(bench, EditScene(scene="1", prose="He waits."))
        (told,) = bench.of("draft_checked")
        assert bench.of("scene_started") == []
    assert (told.verdict, told.attempt, told.words) == ("review", 1, 2)
    # The plan's scene has 300 words.
    assert "prose.short" in told.blocks


async def test_a_scene_is_drawn_again_under_a_name_of_its_own_for_the_plans_words(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        old = chain(bench)
        for draw in (1, 2):
            bench.events.clear()
            await done(bench, Redraw(scene="2", note="Let it rain."))
            started = bench.of("scene_started")[0]
            assert (started.position, started.scenes, started.attempt) == (2, 2, 1)
            assert started.target_words == 300
            step = DrawStep.of("main", old[0].id, "s002", draw)
            first = bench.store.draft(str(step.draft(1)))
            assert first is not None
            call = bench.store.find_call(first.provenance.calls[0])
            assert call is not None
            assert "Let it rain." in call.messages[1].content
        kept = {branch.name for branch in bench.store.branches()} - {"main"}
    assert f"main@{old[1].id[:8]}" in kept
    assert len(kept) == 2


async def test_of_a_chain_that_was_changed_outside_no_branch_is_kept(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        bench.store.trust(chain(bench)[0].id)
        await done(bench, EditScene(scene="1", prose=OWN))
        new = chain(bench)
        assert [branch.name for branch in bench.store.branches()] == ["main"]
    assert new[1].stale[0] == "scene 1 now ends otherwise than this scene's opening knew"


async def test_a_scene_that_cannot_be_drawn_is_refused_and_stays(
    open_bench: OpenBench, serve: type[FakeServer]
) -> None:
    script = s.Script()
    script.on(s.prose, s.refuse())
    async with open_bench(server=serve(script=script)) as bench:
        old = chain(bench)
        record = await done(bench, Redraw(scene="2"))
        assert chain(bench) == old
        (told,) = bench.of("act_settled")
    assert (record.status, record.point) == ("refused", "idle")
    assert "attempts at scene 2 (s002) gave a scene" in record.reason
    assert (told.status, told.reason) == ("refused", record.reason)


async def test_a_replay_is_done_when_the_last_of_its_scenes_is(open_bench: OpenBench) -> None:
    async with open_bench(1) as bench:
        for _ in range(2):
            bench.write(stale=("It rests on what is gone.",))
        record = await done(bench, Replay())
        assert [c.position for c in chain(bench) if c.stale] == []
        assert [event.scene_id for event in bench.of("scene_started")] == ["s002", "s003"]
    assert (record.status, record.point, record.target) == ("applied", "idle", "")


@pytest.mark.parametrize("scene", ["2", "3"])
async def test_one_scene_may_be_replayed_alone(open_bench: OpenBench, scene: str) -> None:
    async with open_bench(1) as bench:
        for _ in range(2):
            bench.write(stale=("It rests on what is gone.",))
        await done(bench, Replay(scene=scene))
        assert {event.position for event in bench.of("scene_started")} == {int(scene)}


async def test_a_draft_is_put_in_its_scenes_place_with_the_account_of_who_wrote_it(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        first = chain(bench)[0]
        by = factories.provenance(model="other", attempt=2)
        bench.store.put_draft(
            factories.draft(id="x", parent=first.id, scene_id="s002", prose=OWN, provenance=by)
        )
        record = await done(bench, ChooseDraft(scene="2", draft="x"))
        assert record.status == "applied"
        assert (chain(bench)[1].prose, chain(bench)[1].provenance) == (OWN, by)
        wrong = await done(bench, ChooseDraft(scene="1", draft="x"))
    assert wrong.status == "refused"
    assert [line.strip() for line in wrong.reason.splitlines()] == [
        "x is a draft of s002, not of s001.",
        "Name a draft of the scene, or a commit of it, from: novelcraft log NOVEL",
    ]


def test_the_graph_has_a_name_and_keeps_no_checkpoints() -> None:
    graph = build_revise_graph()
    assert (graph.name, graph.checkpointer) == ("revise", False)
