"""`novelcraft prep` as a person types it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fakes.server import FakeServer
from tests.graphs.prep.conftest import novel
from tests.tools.books.bases import CHATML, tokenizer

BUDGET = """
[prep]
base_model = "base"
embedding = "hash"
layout = "lean"
scene_low = 1000
scene_high = 1500
max_row_tokens = 2100
[prep.budget]
system = 150
world = 150
summary = 150
brief = 80
spare = 60
"""


@pytest.fixture
def book(here: Path) -> Path:
    """A book, and a user file that lays small rows out for a base model beside it."""
    (here / "base").mkdir()
    tokenizer().save(str(here / "base" / "tokenizer.json"))
    (here / "base" / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    path = here / "The Book.md"
    path.write_text(novel("book"), encoding="utf-8")
    return path


@pytest.fixture
def user_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = here / "config.toml"
    path.write_text(BUDGET, encoding="utf-8")
    monkeypatch.setenv("NOVELCRAFT_CONFIG", str(path))
    return path


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no-such.epub"], 10, "no-such.epub: there is no such file"),
        (["The Book.md", "--until", "noon"], 2, "'noon' is no stage"),
        (["The Book.md", "--redo", "noon"], 2, "'noon' is no stage"),
        (["The Book.md", "--strategy", "zigzag"], 11, "--strategy = zigzag"),
        (["The Book.md", "--base", "./nothing"], 11, "'./nothing' is neither a folder"),
        (["The Book.md", "--style", "nothing"], 50, "nothing is no folder"),
        (["The Book.md", "--redo", "rows", "--until", "clean"], 10, "rows cannot be done again"),
        (["The Book.md", "--split", "row"], 11, "--split = row: must be"),
        ([], 21, "data holds no prepared books"),
        (["--inspect", "data"], 21, "data holds no prepared books"),
        (["base"], 10, "base holds no book"),
        (["The Book.md", "--out", "base"], 21, "base holds files that are no data of ours"),
    ],
)
def test_wrong_input(
    run: Run, book: Path, user_file: Path, arguments: list[str], code: int, words: str
) -> None:
    told = run("prep", *arguments)
    assert told.code == code
    assert words in told.err


def test_a_book_becomes_rows(run: Run, book: Path, user_file: Path, here: Path) -> None:
    told = run("prep", book, "--no-models")
    assert told.code == 0, told.err
    rows = Path(told.out.splitlines()[-1])
    assert rows.is_file()
    assert json.loads(rows.read_text("utf-8").splitlines()[0])["messages"][0]["role"] == "system"
    assert "1 book prepared in data, as far as rows." in told.out
    assert "cut into scenes" in told.err
    assert (
        tomllib.loads((here / "data" / "prep.toml").read_text("utf-8"))["prep"]["models"] is False
    )


def test_the_choices_of_the_first_run_hold(run: Run, book: Path, user_file: Path) -> None:
    run("prep", book, "--no-models", "--until", "clean", "--quiet")
    told = run("prep")
    assert told.code == 0, told.err
    assert "converted" not in told.err


def test_what_is_chosen_is_written_down(run: Run, book: Path, user_file: Path, here: Path) -> None:
    run("prep", book, "--no-models", "--quiet", "--strategy", "overlap50", "--split", "book")
    told = run("prep", "--quiet", "--think", "beats")
    assert told.code == 0, told.err
    chosen = tomllib.loads((here / "data" / "prep.toml").read_text("utf-8"))["prep"]
    assert (chosen["strategy"], chosen["split"], chosen["think"]) == ("overlap50", "book", "beats")
    manifest = json.loads((here / "data" / "rows" / "manifest.json").read_text("utf-8"))
    assert manifest["settings"]["strategy"] == "overlap50"


def test_the_card(run: Run, book: Path, user_file: Path, here: Path) -> None:
    run("prep", book, "--no-models", "--quiet")
    told = run("prep", "--inspect", "data")
    assert told.code == 0
    assert "Data card: 1 book" in told.out
    assert (here / "data" / "card.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_bad_book_among_good_ones(run: Run, book: Path, user_file: Path, here: Path) -> None:
    bad = here / "bad.epub"
    bad.write_bytes(b"PK no")
    told = run("prep", bad, book, "--no-models")
    assert told.code >= 50
    assert "bad.epub" in told.err
    assert "1 book prepared" in told.out
    assert (here / "data" / "rows" / "train.jsonl").is_file()


def test_style_rows(run: Run, book: Path, user_file: Path, here: Path) -> None:
    samples = here / "samples"
    samples.mkdir()
    for number in range(3):
        (samples / f"{number}.txt").write_text(novel(f"sample {number}", 1), encoding="utf-8")
    told = run("prep", "--style", samples, "--no-models")
    assert told.code == 0, told.err
    lines = (here / "data" / "rows" / "train.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["kind"] for line in lines} == {"style"}


def test_a_budget_that_cannot_hold(run: Run, book: Path, here: Path) -> None:
    (here / "data").mkdir()
    (here / "data" / "prep.toml").write_text("[prep]\nmax_row_tokens = 500\n", encoding="utf-8")
    told = run("prep", book)
    assert told.code == 15
    assert "max_row_tokens is 500" in told.err


def test_an_unreachable_server_loses_nothing(
    run: Run, book: Path, user_file: Path, monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    monkeypatch.setenv("REASONING", "openai:fake-model")
    monkeypatch.setenv("NARRATOR", "openai:fake-model")
    monkeypatch.setenv("REASONING_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("NARRATOR_BASE_URL", "http://127.0.0.1:9/v1")
    told = run("prep", book)
    assert told.code == 31
    assert "novelcraft prep --out data" in told.err
    with FakeServer() as server:
        monkeypatch.setenv("REASONING_BASE_URL", server.base_url)
        monkeypatch.setenv("NARRATOR_BASE_URL", server.base_url)
        assert run("prep", book).code == 0
    assert (here / "data" / "rows" / "manifest.json").is_file()
