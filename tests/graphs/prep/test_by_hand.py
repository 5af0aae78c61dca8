"""What a person corrects in the data folder is kept, and what follows from it is made anew."""

from __future__ import annotations

import json
from collections.abc import Callable

from novelcraft.tools.books.folder import model_text, read_text, write_text
from novelcraft.tools.books.rows.row_reader import read_rows
from tests.fakes.server import FakeServer
from tests.graphs.prep.conftest import Bench, OpenBench

Serve = Callable[..., FakeServer]


async def prepared(serve: Serve, open_bench: OpenBench) -> tuple[Bench, FakeServer]:
    server = serve()
    bench = open_bench(server, books=1)
    await bench.prepare()
    return bench, server


async def test_a_corrected_chapter_is_cut_again_and_the_others_are_not(
    serve: Serve, open_bench: OpenBench
) -> None:
    bench, server = await prepared(serve, open_bench)
    before = bench.scenes("book-1").scenes
    path = bench.project.folder.narrative("book-1")
    text = read_text(path)
    head, _, rest = text.partition("# Chapter 2")
    write_text(path, head + "# Chapter 2" + rest.replace(".", "!", 40))
    calls = len(server.requests)
    await bench.prepare()
    assert read_text(path).count("!") >= 40
    after = bench.scenes("book-1").scenes
    assert [s for s in after if s.chapter_index == 1] == [s for s in before if s.chapter_index == 1]
    assert [s.text for s in after if s.chapter_index == 2] != [
        s.text for s in before if s.chapter_index == 2
    ]
    purposes = [request.schema_name for request in server.requests[calls:]]
    assert purposes.count("BreaksAnswer") <= 2
    assert "RolledAnswer" in purposes


async def test_a_corrected_brief_reaches_its_row(serve: Serve, open_bench: OpenBench) -> None:
    bench, server = await prepared(serve, open_bench)
    path = bench.project.folder.scenes("book-1")
    book = bench.scenes("book-1")
    changed = book.scenes[1].model_copy(update={"instruction": "She burns the letter."})
    scenes = (book.scenes[0], changed, *book.scenes[2:])
    write_text(path, model_text(book.model_copy(update={"scenes": scenes})))
    calls = len(server.requests)
    await bench.prepare()
    assert len(server.requests) == calls
    assert bench.scenes("book-1").scenes == scenes
    row = _row(bench, f"book-1/{changed.scene_id}")
    assert "She burns the letter." in row


async def test_a_corrected_summary_is_what_the_next_one_starts_from(
    serve: Serve, open_bench: OpenBench
) -> None:
    bench, server = await prepared(serve, open_bench)
    path = bench.project.folder.scenes("book-1")
    book = bench.scenes("book-1")
    said = "Ada Brandt has lost the key, and only Jonas Vehl knows."
    changed = book.scenes[2].model_copy(update={"recursive_summary": said})
    scenes = (*book.scenes[:2], changed, *book.scenes[3:])
    write_text(path, model_text(book.model_copy(update={"scenes": scenes})))
    calls = len(server.requests)
    await bench.prepare()
    after = bench.scenes("book-1").scenes
    assert after[:3] == scenes[:3]
    asked = [r for r in server.requests[calls:] if r.schema_name == "RolledAnswer"]
    assert said in asked[0].user
    assert said in _row(bench, f"book-1/{changed.scene_id}")


async def test_a_corrected_world_reaches_every_row(serve: Serve, open_bench: OpenBench) -> None:
    bench, _ = await prepared(serve, open_bench)
    path = bench.project.folder.base("book-1")
    given = json.loads(read_text(path))
    given["meta"]["world_context"] = "A harbour town where the tide keeps accounts."
    write_text(path, json.dumps(given))
    await bench.prepare()
    texts = [
        row.messages[1].content for row in read_rows(bench.project.folder.rows / "train.jsonl")
    ]
    assert all("where the tide keeps accounts" in text for text in texts)


async def test_a_corrected_title_stays(serve: Serve, open_bench: OpenBench) -> None:
    bench, _ = await prepared(serve, open_bench)
    path = bench.project.folder.base("book-1")
    given = json.loads(read_text(path))
    given["meta"]["title"] = "The Tide"
    write_text(path, json.dumps(given))
    await bench.prepare()
    assert bench.project.folder.read_book(path).meta.title == "The Tide"


async def test_a_corrected_raw_text_is_cleaned_again(serve: Serve, open_bench: OpenBench) -> None:
    bench, _ = await prepared(serve, open_bench)
    path = bench.project.folder.raw("book-1")
    write_text(path, read_text(path).replace("Ada", "Eda"))
    await bench.prepare("clean")
    assert "Ada" not in read_text(bench.project.folder.narrative("book-1"))
    assert "Eda" in read_text(path)


async def test_corrected_cuts_stay_when_the_text_does(serve: Serve, open_bench: OpenBench) -> None:
    bench, _ = await prepared(serve, open_bench)
    path = bench.project.folder.scenes("book-1")
    book = bench.scenes("book-1")
    first, second = book.scenes[:2]
    joined = first.model_copy(update={"text": first.text + second.text})
    write_text(path, model_text(book.model_copy(update={"scenes": (joined, *book.scenes[2:])})))
    await bench.prepare("briefs")
    after = bench.scenes("book-1").scenes
    assert after[0].text == joined.text
    assert len(after) == len(book.scenes) - 1
    assert all(scene.instruction for scene in after)


async def test_corrected_rows_stay(serve: Serve, open_bench: OpenBench) -> None:
    bench, _ = await prepared(serve, open_bench)
    path = bench.project.folder.rows / "train.jsonl"
    lines = read_text(path).splitlines(keepends=True)
    write_text(path, "".join(lines[1:]))
    await bench.prepare()
    assert read_text(path) == "".join(lines[1:])
    assert any("changed by hand" in event.text for event in bench.of("book_notice"))


async def test_a_lost_file_is_made_again(serve: Serve, open_bench: OpenBench) -> None:
    bench, server = await prepared(serve, open_bench)
    files, calls = bench.files(), len(server.requests)
    for path in (bench.project.folder.narrative("book-1"), bench.project.folder.scenes("book-1")):
        path.unlink()
    await bench.prepare()
    assert bench.files() == files
    assert len(server.requests) == calls, "what the models said is in the log"


def _row(bench: Bench, row_id: str) -> str:
    folder = bench.project.folder.rows
    rows = [r for n in ("train", "validation") for r in read_rows(folder / f"{n}.jsonl")]
    return next(r for r in rows if r.row_id == row_id).messages[1].content


async def test_cuts_by_hand_are_kept_and_said_to_be_old(
    serve: Serve, open_bench: OpenBench
) -> None:
    bench, _ = await prepared(serve, open_bench)
    path = bench.project.folder.scenes("book-1")
    book = bench.scenes("book-1")
    first, second = book.scenes[:2]
    joined = first.model_copy(update={"text": first.text + second.text})
    write_text(path, model_text(book.model_copy(update={"scenes": (joined, *book.scenes[2:])})))
    narrative = bench.project.folder.narrative("book-1")
    write_text(narrative, read_text(narrative).replace("Ada Brandt", "Ida Brandt", 1))
    await bench.prepare("scenes")
    assert bench.scenes("book-1").scenes[0].text == joined.text
    assert any("chapter 1 was cut by hand" in event.text for event in bench.of("book_notice"))


async def test_counts_follow_the_text_below_a_corrected_title(
    serve: Serve, open_bench: OpenBench
) -> None:
    bench, _ = await prepared(serve, open_bench)
    path = bench.project.folder.base("book-1")
    write_text(path, read_text(path).replace('"title": "Book 1"', '"title": "The Tide"'))
    narrative = bench.project.folder.narrative("book-1")
    write_text(narrative, read_text(narrative).partition("# Chapter 3")[0])
    await bench.prepare("base")
    meta = bench.project.folder.read_book(path).meta
    assert (meta.title, meta.total_chapters) == ("The Tide", 2)


async def test_a_broken_file_stops_its_own_book_only(serve: Serve, open_bench: OpenBench) -> None:
    bench = open_bench(serve(), books=2)
    await bench.prepare()
    write_text(bench.project.folder.scenes("book-1"), "{")
    outcome = await bench.prepare()
    assert [failed["book_id"] for failed in outcome.failed] == ["book-1"]
    assert outcome.failed[0]["exit_code"] == 29
    assert {row.book_id for row in read_rows(bench.project.folder.rows / "train.jsonl")} == {
        "book-2"
    }
