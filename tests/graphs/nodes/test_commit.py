"""A reviewed draft becomes a commit: what is told of it, and what the state has then."""

from __future__ import annotations

import pytest

from novelcraft.graphs.nodes.commit import commit_scene, derive
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import Fact
from tests import factories
from tests.graphs.bench import Bench, OpenBench

BLOCK = Finding(check="prose.loop", severity="block", message="It loops.")
WARN = Finding(check="prose.names", severity="warn", message="Who is that?")
FACTS = (Fact(subject="Elias Marrow", statement="He has a key."),)


def put(bench: Bench, **changes: object) -> str:
    """A draft of the next scene, with what its readers said."""
    state = bench.state()
    name = f"main/x/{state['scene_id']}/0/1"
    draft = factories.draft(
        id=name, parent=state["head"], scene_id=state["scene_id"], prose="Elias Marrow waited."
    )
    bench.store.put_draft(draft)
    said = {"summary": "Elias Marrow waits.", "facts": FACTS, "continuity": (), **changes}
    bench.store.update_draft(name, **said)  # type: ignore[arg-type]
    return name


async def test_a_commit_is_the_draft_with_what_its_readers_said(open_bench: OpenBench) -> None:
    async with open_bench(1, write={"attend": ("scene",)}) as bench:
        parent = bench.store.branch("main").head
        draft = put(bench, findings=(WARN,), summary="He waits.")
        state = bench.state(draft=draft, attempt=2, capped_in_row=2, draw=3, note="Sun.")
        came = await commit_scene(state, bench.waiting(until=3))
        head = bench.store.branch("main").head or ""
        made, (told,) = bench.store.get(head), bench.of("scene_committed")
    assert came == {
        "head": head, "position": 2, "total": 4, "chapter_ended": True, "draw": 0, "note": "",
        "attempt": 1, "capped_in_row": 0, "until": 3, "attend": ["scene"],
    }  # fmt: skip
    assert (made.parent, made.position, made.scene_id) == (parent, 2, "s002")
    assert (made.chapter_id, made.plan_version, made.prose) == ("ch01", 1, "Elias Marrow waited.")
    assert (made.summary, made.facts, made.accepted_by) == ("He waits.", FACTS, "checks")
    assert [finding.check for finding in made.findings] == ["prose.names", "summary.names"]
    assert (told.commit, told.scene_id, told.position, told.scenes) == (head, "s002", 2, 4)
    assert (told.words, told.words_total, told.target_words) == (3, 12, 1_200)
    assert (told.accepted_by, told.attempts) == ("checks", 2)
    assert [event.step for event in bench.of("step_started")] == ["commit"]


async def test_the_first_scene_ends_no_chapter_and_may_state_nothing(
    open_bench: OpenBench,
) -> None:
    async with open_bench(0) as bench:
        state = bench.state(draft=put(bench, facts=None, summary=None))
        came = await commit_scene(state, bench.runtime)
        made = bench.store.get(came["head"])
        assert await commit_scene(state, bench.runtime) == came
    assert (made.parent, made.position, made.facts, made.summary) == (None, 1, (), "")
    assert (came["chapter_ended"], came["position"]) == (False, 1)


@pytest.mark.parametrize(
    ("by_person", "findings", "accepted_by", "in_row"),
    [(False, (BLOCK,), "cap", 3), (False, (WARN,), "checks", 0), (True, (BLOCK,), "person", 0)],
)
async def test_who_let_it_in_and_how_many_were_capped_before(
    open_bench: OpenBench,
    by_person: bool,
    findings: tuple[Finding, ...],
    accepted_by: str,
    in_row: int,
) -> None:
    async with open_bench() as bench:
        draft = put(bench, findings=findings)
        state = bench.state(draft=draft, by_person=by_person, capped_in_row=2)
        came = await commit_scene(state, bench.runtime)
        assert bench.store.get(came["head"]).accepted_by == accepted_by
    assert came["capped_in_row"] == in_row


async def test_a_reader_that_blocks_counts_like_a_check(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        came = await commit_scene(bench.state(draft=put(bench, continuity=(BLOCK,))), bench.runtime)
        assert bench.store.get(came["head"]).accepted_by == "cap"
    assert came["capped_in_row"] == 1


async def test_what_is_derived_is_renewed_and_only_the_last_scenes_drafts_are_kept(
    open_bench: OpenBench,
) -> None:
    async with open_bench(1) as bench:
        kept = put(bench)
        old = factories.draft(id="main/root/s001/0/1")
        bench.store.put_draft(old)
        bench.write(prose="Elias Marrow rowed.")
        assert await derive(bench.state(), bench.runtime) == {}
        await bench.context.background.finished()
        assert bench.store.draft(old.id) is None
        assert bench.store.draft(kept) is not None
        text = (bench.context.folder / "manuscript.md").read_text(encoding="utf-8")
    assert "Elias Marrow rowed." in text
