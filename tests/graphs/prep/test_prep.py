"""The prep graph on a real server of fakes: every stage, every file, nothing done twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import BudgetError, ContextOverflowError, InputError, ProjectBusyError
from novelcraft.prompts.narrator import NarratorInput, assemble
from novelcraft.state.prep import STAGES, Stage
from novelcraft.state.rows import TrainingRow
from novelcraft.tools.books.cleaning.chapters import split_chapters
from novelcraft.tools.books.folder import read_text
from novelcraft.tools.books.rows.row_reader import read_rows
from novelcraft.tools.books.rows.tokenizers import open_tokenizer
from novelcraft.tools.books.rows.variety import Draws
from novelcraft.tools.canon.ranking import fact_note
from novelcraft.tools.storage.lock import ProjectLock
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.prep.conftest import CAST, Bench, OpenBench

Serve = Callable[..., FakeServer]

WITH_CANON: dict[str, Any] = {
    "max_row_tokens": 2_500,
    "budget": {
        "system": 150,
        "world": 150,
        "summary": 150,
        "canon": 150,
        "tail": 150,
        "brief": 150,
        "spare": 60,
    },
}


def rows(bench: Bench) -> list[TrainingRow]:
    folder = bench.project.folder.rows
    return [r for name in ("train", "validation") for r in read_rows(folder / f"{name}.jsonl")]


async def test_a_small_model_s_context_is_enough_for_the_rows_that_are_usual(
    serve: Serve, open_bench: OpenBench
) -> None:
    usual: dict[str, Any] = {
        "scene_low": 2_000,
        "scene_high": 2_450,
        "max_row_tokens": 4_096,
        "layout": "standard",
        "budget": {},
    }
    outcome = await open_bench(serve(context=4_096), "usual", books=1, **usual).prepare()
    assert outcome.rows
    with pytest.raises(ContextOverflowError, match="has a context of 2,048"):
        await open_bench(serve(context=2_048), "small", books=1, **usual).prepare()


async def test_a_shelf_becomes_rows(serve: Serve, open_bench: OpenBench) -> None:
    bench = open_bench(serve())
    outcome = await bench.prepare()
    assert not outcome.failed
    made = rows(bench)
    assert outcome.rows == len(made) > 10
    for book_id in ("book-1", "book-2"):
        book = bench.scenes(book_id)
        assert book.meta.total_chapters == 3
        assert book.meta.total_scenes == len(book.scenes) > 5
        assert book.meta.world_context
        for scene in book.scenes:
            assert scene.instruction
            assert scene.recursive_summary
            assert scene.brief is not None


async def test_scenes_joined_are_the_cleaned_chapters(serve: Serve, open_bench: OpenBench) -> None:
    bench = open_bench(serve())
    await bench.prepare("scenes")
    narrative = read_text(bench.project.folder.narrative("book-1"))
    for chapter in split_chapters(narrative):
        scenes = [x for x in bench.scenes("book-1").scenes if x.chapter_index == chapter.index]
        assert "".join(scene.text for scene in scenes) == chapter.text


async def test_lengths_hold(serve: Serve, open_bench: OpenBench) -> None:
    bench = open_bench(serve())
    await bench.prepare()
    scenes = bench.scenes("book-1").scenes
    assert all(1_000 <= scene.tokens <= 1_500 for scene in scenes if not scene.remainder)
    assert all(row.tokens <= 2_100 for row in rows(bench))


async def test_a_row_is_the_narrators_prompt(serve: Serve, open_bench: OpenBench) -> None:
    bench = open_bench(serve())
    await bench.prepare()
    book = bench.scenes("book-1")
    scene = book.scenes[2]
    row = next(r for r in rows(bench) if r.row_id == f"book-1/{scene.scene_id}")
    prep = bench.project.settings.prep
    assert scene.brief
    given = NarratorInput(
        world=book.meta.world_context,
        summary=scene.recursive_summary,
        notes=(),
        tail="",
        brief=tuple(scene.instruction.splitlines()),
        present=scene.brief.present,
        constraints=Draws(prep.seed, row.row_id).cautions(scene.text, scene.brief.pov),
    )
    budget, count = prep.row_layout, open_tokenizer(prep.base_model).count
    asked = assemble(given, budget, count).messages
    assert row.messages[:-1] == asked
    assert row.messages[-1].content == scene.text.strip()


async def test_the_same_again_does_nothing(serve: Serve, open_bench: OpenBench) -> None:
    server = serve()
    bench = open_bench(server)
    await bench.prepare()
    calls, files = len(server.requests), bench.files()
    await bench.prepare()
    assert len(server.requests) == calls
    assert bench.files() == files
    assert all(event.fresh for event in bench.of("stage_done"))


@pytest.mark.parametrize("until", STAGES)
async def test_any_stage_can_be_the_last(until: Stage, serve: Serve, open_bench: OpenBench) -> None:
    server = serve()
    bench = open_bench(server, books=1, **WITH_CANON)
    await bench.prepare(until)
    done = {event.stage for event in bench.of("stage_done")} | ({"rows"} & {until})
    assert done == set(STAGES[: STAGES.index(until) + 1])
    stepwise = bench.files()
    await bench.prepare()
    whole = bench.files()
    for name, content in stepwise.items():
        if not name.startswith("json"):  # later stages write into the books' JSON
            assert whole[name] == content
    once = open_bench(server, "at once", books=1, **WITH_CANON)
    await once.prepare()
    assert once.files() == whole


async def test_without_models_scenes_are_cut_by_likeness(open_bench: OpenBench) -> None:
    bench = open_bench(None)
    await bench.prepare()
    scenes = bench.scenes("book-1").scenes
    assert {scene.cut_by for scene in scenes} <= {"embedding", "length"}
    assert "embedding" in {scene.cut_by for scene in scenes}
    assert rows(bench)


async def test_without_models_rows_have_all_their_parts_by_rule(open_bench: OpenBench) -> None:
    bench = open_bench(None, books=1, **WITH_CANON)
    await bench.prepare()
    assert all(event.fresh is False for event in bench.of("stage_done"))
    book = bench.scenes("book-1")
    assert bench.project.folder.read_book(bench.project.folder.base("book-1")).meta.world_context
    assert any(scene.facts for scene in book.scenes)
    for scene in book.scenes:
        assert scene.brief
        assert scene.brief.pov in CAST or scene.brief.pov in " ".join(CAST)
        for fact in scene.facts or ():
            assert fact.quote in scene.text
    for scene in book.scenes[1:]:
        assert scene.recursive_summary
    prompts = [row.messages[1].content for row in rows(bench)]
    assert any("The scene before ended" in prompt for prompt in prompts)
    facts = [fact_note(fact) for scene in book.scenes for fact in scene.facts or ()]
    assert any(f"- {fact}" in prompt for prompt in prompts for fact in facts)
    before = bench.files()
    await bench.prepare()
    assert bench.files() == before


async def test_models_make_anew_what_was_made_by_rule_and_not_the_other_way(
    serve: Serve, open_bench: OpenBench
) -> None:
    bench = open_bench(None, books=1, **WITH_CANON)
    await bench.prepare()
    by_rule = bench.scenes("book-1").scenes
    bench = open_bench(serve(), books=1, **WITH_CANON)
    await bench.prepare()
    by_model = bench.scenes("book-1").scenes
    known = {scene.text: scene for scene in by_rule}
    for scene in by_model:
        assert scene.instruction != (known[scene.text].instruction if scene.text in known else "")
    again = open_bench(None, books=1, **WITH_CANON)
    await again.prepare()
    assert again.scenes("book-1").scenes == by_model


async def test_a_layout_without_canon_asks_for_no_facts(
    serve: Serve, open_bench: OpenBench
) -> None:
    server = serve()
    bench = open_bench(server, books=1)
    await bench.prepare("facts")
    assert all(scene.facts is None for scene in bench.scenes("book-1").scenes)
    assert "FactsAnswer" not in {request.schema_name for request in server.requests}


JUNK = {
    "empty": [],
    "all": list(range(1, 200)),
    "reversed": [9, 7, 5, 3],
    "out of range": [-4, 0, 5_000],
    "repeated": [4, 4, 4, 4],
}


@pytest.mark.parametrize("kind", JUNK)
async def test_no_answer_can_change_the_text(
    kind: str, serve: Serve, open_bench: OpenBench
) -> None:
    script = s.Script()
    script.on(s.with_schema("BreaksAnswer"), s.say(json.dumps({"breaks": JUNK[kind]})))
    bench = open_bench(serve(script=script), books=1)
    await bench.prepare("scenes")
    narrative = read_text(bench.project.folder.narrative("book-1"))
    joined: dict[int, str] = {}
    for scene in bench.scenes("book-1").scenes:
        joined[scene.chapter_index] = joined.get(scene.chapter_index, "") + scene.text
    assert joined == {c.index: c.text for c in split_chapters(narrative)}


async def test_an_answer_of_no_use_is_said_on_the_scene(
    serve: Serve, open_bench: OpenBench
) -> None:
    script = s.Script()
    script.on(s.with_schema("BreaksAnswer"), s.say("I would rather not."))
    bench = open_bench(serve(script=script), books=1)
    await bench.prepare("scenes")
    assert {x.cut_by for x in bench.scenes("book-1").scenes} <= {"embedding", "length"}


async def test_a_model_that_fails_its_schema_stops_no_book(
    serve: Serve, open_bench: OpenBench
) -> None:
    script = s.Script()
    script.on(lambda request: request.schema is not None, s.say("Certainly!"))
    bench = open_bench(serve(script=script), books=1)
    outcome = await bench.prepare()
    assert not outcome.failed
    scenes = bench.scenes("book-1").scenes
    assert all("brief: the model gave no brief" in " ".join(x.repairs) for x in scenes)
    assert all("summary: the model gave no summary" in " ".join(x.repairs) for x in scenes[1:])


async def test_chapters_run_as_wide_as_the_server(serve: Serve, open_bench: OpenBench) -> None:
    script = s.Script()
    script.on(s.anything, s.wait(0.05))
    server = serve(script=script)
    bench = open_bench(server, books=2)
    await bench.prepare("briefs")
    assert server.most_at_once == 8


async def test_two_runs_on_one_folder(serve: Serve, open_bench: OpenBench) -> None:
    bench = open_bench(serve())
    bench.project.folder.root.mkdir()
    with ProjectLock(bench.project.folder.root), pytest.raises(ProjectBusyError, match="in use by"):
        await bench.prepare()


async def test_a_bad_book_leaves_the_others_unharmed(
    serve: Serve, open_bench: OpenBench, tmp_path: Path
) -> None:
    bench = open_bench(serve())
    bad = tmp_path / "Not a book.epub"
    bad.write_bytes(b"this is no archive")
    outcome = await bench.prepare(books=[bad, *bench.books])
    assert [failed["book_id"] for failed in outcome.failed] == ["not-a-book"]
    assert outcome.failed[0]["exit_code"] >= 50
    assert {row.book_id for row in rows(bench)} == {"book-1", "book-2"}
    assert "Not a book.epub" in bench.of("book_failed")[0].error


async def test_the_same_file_twice_is_one_book(
    serve: Serve, open_bench: OpenBench, tmp_path: Path
) -> None:
    bench = open_bench(serve(), books=1)
    copy = tmp_path / "Copy.md"
    copy.write_bytes(bench.books[0].read_bytes())
    outcome = await bench.prepare("base", books=[*bench.books, copy])
    assert len(outcome.results) == 1
    assert "the same file as" in bench.of("book_notice")[0].text


async def test_a_budget_that_cannot_hold(open_bench: OpenBench) -> None:
    with pytest.raises(BudgetError, match="max_row_tokens is 900"):
        open_bench(None, max_row_tokens=900)


async def test_copies_are_dropped_when_asked(
    serve: Serve, open_bench: OpenBench, tmp_path: Path
) -> None:
    bench = open_bench(serve(), books=1, drop_duplicates=True)
    other = tmp_path / "Other edition.md"
    other.write_text(bench.books[0].read_text("utf-8").replace("The", "A"), encoding="utf-8")
    await bench.prepare(books=[*bench.books, other])
    assert {row.book_id for row in rows(bench)} == {"book-1"}


async def test_rows_are_one_table(serve: Serve, open_bench: OpenBench) -> None:
    bench = open_bench(serve())
    await bench.prepare()
    text = (bench.project.folder.rows / "train.jsonl").read_text("utf-8")
    shapes: set[Any] = {tuple(json.loads(line)) for line in text.splitlines()}
    assert len(shapes) == 1


async def test_no_copy_of_what_is_validated_is_trained_on(
    serve: Serve, open_bench: OpenBench, tmp_path: Path
) -> None:
    bench = open_bench(serve(), books=1)
    other = tmp_path / "Other edition.md"
    other.write_text(bench.books[0].read_text("utf-8").replace("Mira", "Mara"), "utf-8")
    await bench.prepare(books=[*bench.books, other])
    folder = bench.project.folder.rows
    trained = {row.messages[-1].content[:60] for row in read_rows(folder / "train.jsonl")}
    held = {row.messages[-1].content[:60] for row in read_rows(folder / "validation.jsonl")}
    assert held
    assert not trained & held
    skipped = json.loads((folder / "manifest.json").read_text("utf-8"))["skipped"]
    assert all("is kept back for validation" in row["reason"] for row in skipped)
    assert skipped


@pytest.mark.parametrize(
    ("redo", "until", "named"), [("rows", "clean", True), ("convert", "rows", False)]
)
async def test_what_cannot_be_done_again(
    open_bench: OpenBench, redo: Stage, until: Stage, named: bool
) -> None:
    bench = open_bench(None)
    await bench.prepare("base")
    with pytest.raises(InputError, match="again"):
        await bench.prepare(until, redo=redo, books=None if named else [])


async def test_plain_files_beside_ebooks_are_no_books(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("A.epub", "README.md", "notes.txt"):
        (project / name).write_bytes(b"x")
    bench = open_bench(None)
    outcome = await bench.prepare("convert", books=[project])
    assert [result["book_id"] for result in outcome.results] == ["a"]
