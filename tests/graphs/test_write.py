"""The real write graph against a scripted server."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from novelcraft.errors import ModelError
from novelcraft.graphs.checkpoints import open_file
from novelcraft.graphs.novel import Novel
from novelcraft.graphs.runner import thread
from novelcraft.graphs.write import build_write_graph
from novelcraft.prompts.narrator import prompt_hash
from novelcraft.state.manuscript import count_words
from novelcraft.tools.metrics.draft_length import cut_at_sentence
from novelcraft.tools.metrics.text import sentences
from tests.fakes import script as s
from tests.fakes.chat import ChatRequest
from tests.fakes.server import FakeServer
from tests.graphs.conftest import CAST, NAMES, OpenDesk
from tests.tools.checks.test_talk import ADVICE


async def test_a_premise_becomes_a_book(fake_server: FakeServer, open_desk: OpenDesk) -> None:
    desk = open_desk(fake_server)
    finished = await desk.write()
    assert finished is not None
    chain = desk.chain()
    plan = desk.novel.store.plan(chain[-1].plan_version)
    assert [c.scene_id for c in chain] == [b.id for b in plan.scenes]
    assert finished.words == sum(c.words for c in chain)
    assert abs(finished.words - 1100) <= 0.05 * 1100
    assert finished.chapters == 3
    assert finished.at_cap == 0
    names = {path.suffix for path in (desk.novel.folder / "exports").iterdir()}
    assert {".epub", ".docx", ".html"} <= names
    assert desk.novel.is_finished()
    manuscript = (desk.novel.folder / "manuscript.md").read_text(encoding="utf-8")
    assert abs(count_words(manuscript) - finished.words) < 60


async def test_a_finished_book_is_not_written_again(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    await desk.write()
    calls, chain = len(fake_server.requests), desk.chain()
    await desk.write()
    assert len(fake_server.requests) == calls
    assert desk.chain() == chain


async def test_every_scene_can_be_traced_to_its_calls(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=3)
    for commit in desk.chain():
        messages, provenance = desk.novel.prompt(commit.scene_id)
        assert prompt_hash(messages[:2]) == provenance.prompt_hash
        assert provenance.sections[0].name == "system"
        assert all(x.tokens <= x.budget for x in provenance.sections)
        for key in provenance.calls:
            record = desk.novel.store.find_call(key)
            assert record is not None
            assert record.text in commit.prose or commit.prose in record.text + commit.prose


async def test_a_draft_that_loops_is_drawn_again_with_a_constraint(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.loop(), count=1)
    server = serve(script=script)
    desk = open_desk(server)
    await desk.write(until=1)
    (commit,) = desk.chain()
    assert commit.accepted_by == "checks"
    assert commit.provenance.attempt == 2
    first, second = desk.of("draft_checked")
    assert first.verdict == "redraft"
    assert "prose.loop" in first.blocks
    assert second.verdict == "review"
    drawn = [r for r in server.requests if s.prose(r)]
    assert "Take care:" not in drawn[0].user
    assert "Take care:" in drawn[-1].user


async def test_a_draft_that_talks_about_the_story_is_drawn_again(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.edit(lambda text: "\n\n".join([*ADVICE, text])), count=1)
    desk = open_desk(serve(script=script), write={"embedding": "minilm"})
    await desk.write(until=1)
    assert "prose.talk" in desk.of("draft_checked")[0].blocks
    assert desk.chain()[0].provenance.attempt == 2


async def test_running_out_of_attempts_keeps_the_best_and_says_so(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    refused = script.on(s.prose, s.refuse(), count=1)
    script.on(s.prose, s.loop("He waited by the grey sea for a long time, said Elias."), count=1)
    # A hosted server carries no completion on, so each draft is one answer.
    desk = open_desk(serve(script=script, flavour="openai"))
    await desk.write(until=1)
    assert refused.spent
    (commit,) = desk.chain()
    assert commit.accepted_by == "cap"
    assert any(f.severity == "block" for f in commit.findings)
    refusal, loop = desk.of("draft_checked")
    assert (refusal.verdict, loop.verdict) == ("redraft", "cap")
    # The refusal has fewer findings, and is no scene.
    assert len(refusal.blocks) < len(loop.blocks)
    assert commit.provenance.attempt == 2


async def test_half_a_sentence_behind_a_whole_scene_is_left_out(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.edit(lambda text: f"{text}\n\nAnd then the"))
    desk = open_desk(serve(script=script, flavour="openai"))
    await desk.write(until=1)
    (commit,) = desk.chain()
    assert commit.accepted_by == "checks"
    assert not commit.prose.endswith("And then the")
    assert commit.provenance.finish_reason == "length_reached"


async def test_an_answer_cut_off_by_the_server_is_drawn_again(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.cut_off(40), count=1)
    desk = open_desk(serve(script=script, flavour="openai"))
    await desk.write(until=1)
    assert "prose.cut_off" in desk.of("draft_checked")[0].blocks
    assert desk.chain()[0].accepted_by == "checks"


async def test_an_answer_cut_off_above_its_lower_bound_ends_at_its_last_sentence(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.cut_off(110))
    desk = open_desk(serve(script=script, flavour="openai"))
    await desk.write(until=1)
    (commit,) = desk.chain()
    assert commit.accepted_by == "checks"
    assert commit.provenance.attempt == 1
    assert commit.provenance.finish_reason == "length_reached"
    assert commit.prose == cut_at_sentence(commit.prose)


async def test_an_answer_cut_off_below_it_is_carried_on_where_the_server_can(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.cut_off(40), count=1)
    desk = open_desk(serve(script=script))
    await desk.write(until=1)
    (commit,) = desk.chain()
    assert commit.accepted_by == "checks"
    assert commit.provenance.attempt == 1
    assert len(commit.provenance.calls) > 1


async def test_rejected_drafts_cost_no_reading(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.loop(), count=1)
    server = serve(script=script)
    desk = open_desk(server)
    await desk.write(until=1)
    purposes = [c.purpose for c in desk.novel.store.calls()]
    assert purposes.count("scene.extract") == 1
    assert purposes.count("scene.summarize") <= 2


async def test_a_chapters_end_brings_a_new_plan_that_keeps_what_is_written(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    await desk.write()
    plans = [desk.novel.store.plan(v.version) for v in desk.novel.store.plans()]
    assert len(plans) == 3
    for old, new in pairwise(plans):
        assert new.parent == old.version
        assert new.core == old.core
    first_chapter = [b.id for b in plans[0].scenes_of("ch01")]
    assert [b.id for b in plans[1].scenes[: len(first_chapter)]] == first_chapter
    versions = [c.plan_version for c in desk.chain()]
    assert versions == sorted(versions)
    assert set(versions) == {1, 2, 3}


async def test_scenes_are_added_when_the_narrator_is_brief(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.edit(shorter))
    desk = open_desk(serve(script=script), novel={"seed": 2}, write={"attempts": 1})
    finished = await desk.write()
    assert finished is not None
    assert finished.scenes > 9
    chain = desk.chain()
    assert finished.words > 9 * chain[0].words


def shorter(text: str) -> str:
    """The sentences of somewhat more than the first half."""
    kept: list[str] = []
    for sentence in sentences(text):
        if 2 * count_words(" ".join(kept)) > count_words(text):
            break
        kept.append(sentence)
    return " ".join(kept)


async def test_the_same_seed_and_server_give_the_same_book_byte_for_byte(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    books = []
    for folder in ("one", "two"):
        desk = open_desk(serve(), folder)
        await desk.write()
        exports = desk.novel.folder / "exports"
        chain = [c.id for c in desk.chain()]
        files = [next(exports.glob(f"*.{kind}")).read_bytes() for kind in ("epub", "docx")]
        books.append((chain, (desk.novel.folder / "manuscript.md").read_bytes(), *files))
    assert books[0] == books[1]
    other = open_desk(serve(), "three", novel={"seed": 2})
    await other.write(until=1)
    assert other.chain()[0].id != books[0][0][0]


async def test_a_lost_checkpoint_costs_no_scene(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=4)
    before = desk.chain()
    for path in desk.novel.folder.glob("checkpoints.db*"):
        path.unlink()
    await desk.write()
    assert desk.chain()[:4] == before
    assert [c.position for c in desk.chain()] == list(range(1, len(desk.chain()) + 1))


async def test_a_broken_checkpoint_is_replaced(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=1)
    for path in desk.novel.folder.glob("checkpoints.db*"):
        path.write_bytes(b"this is no database " * 500)
    await desk.write(until=2)
    assert len(desk.chain()) == 2


async def test_derived_files_come_back(fake_server: FakeServer, open_desk: OpenDesk) -> None:
    import shutil

    desk = open_desk(fake_server)
    await desk.write(until=2)
    shutil.rmtree(desk.novel.folder / "canon")
    (desk.novel.folder / "manuscript.md").unlink()
    await desk.write(until=3)
    assert (desk.novel.folder / "manuscript.md").exists()
    assert len(desk.chain()) == 3


async def test_summary_tail_and_canon_reach_the_next_prompt(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.with_schema("CastAnswer"), s.say(json.dumps({"cast": CAST})))
    script.on(s.with_schema("FactsAnswer"), s.say(a_fact))
    desk = open_desk(serve(script=script))
    await desk.write(until=3)
    first, second, _ = desk.chain()
    user = desk.novel.prompt("3")[0][1]
    assert second.summary.rstrip(".") in user.content
    assert second.prose.rstrip()[-40:] in user.content
    assert first.facts[0].statement in user.content


def a_fact(request: ChatRequest) -> str:
    """A fact about everybody, another one in each scene."""
    fact = f"They all saw the lamp {request.key[:5]}."
    return json.dumps({"facts": [{"about": ", ".join(NAMES)[:40], "fact": fact, "quote": "x"}]})


@pytest.mark.parametrize("scenes", [1, 60])
async def test_a_checkpoint_stays_small(
    serve: type[FakeServer], open_desk: OpenDesk, scenes: int
) -> None:
    desk = open_desk(
        serve(),
        novel={"pages": 40, "words_per_page": 110, "chapters": 20},
        write={"scene_words": 40, "attempts": 1, "replan": False, "preset": "small"},
        budget={"scene": 200},
    )
    await desk.write(until=scenes)
    assert len(desk.chain()) == scenes
    assert await largest_checkpoint(desk.novel) < 64 * 1024


async def largest_checkpoint(novel: Novel) -> int:
    """Bytes of the largest checkpoint with the writes that belong to it."""
    file = open_file(novel.folder / "checkpoints.db", JsonPlusSerializer())
    async with file as saver:
        graph = build_write_graph(saver)
        assert (await graph.aget_state(thread("main"))).values["position"] > 0
        rows = await saver.conn.execute_fetchall(
            "SELECT length(checkpoint) + coalesce((SELECT sum(length(value)) FROM writes w "
            "WHERE w.checkpoint_id = c.checkpoint_id), 0) FROM checkpoints c"
        )
    return max(int(row[0]) for row in rows)


async def test_a_run_says_how_it_ended(serve: type[FakeServer], open_desk: OpenDesk) -> None:
    script = s.Script()
    script.on(s.prose, s.fail(401), after=3)
    desk = open_desk(serve(script=script))
    await desk.write(until=2)
    with pytest.raises(ModelError):
        await desk.write()
    asked, failed = desk.of("run_stopped")
    assert (asked.reason, asked.scenes_done, asked.error) == ("asked", 2, "")
    assert (failed.reason, failed.scenes_done) == ("failed", 3)
    assert "wants a key" in failed.error
    logged = [entry.event for entry in desk.novel.store.events()]
    assert logged == [e for e in desk.events if e.kind not in ("drafting", "step_started")]
