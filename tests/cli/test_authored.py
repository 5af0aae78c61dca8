"""What the author has in the novel's folder, from a shell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fakes.server import FakeServer

PREMISE = "A doctor finds a ledger that nobody wrote"
CAST = "## Mara Quint\n\nHarbour doctor. She counts stairs.\n"
OUTLINE = "## The Tide\n\nMara finds a ledger.\n\n- Mara reads it.\n\n## Ice\n\nThe ice comes.\n"


@pytest.fixture
def folder(here: Path) -> Path:
    """A folder with nothing in it but what the author has."""
    (here / "n").mkdir()
    (here / "n" / "cast.md").write_text(CAST, encoding="utf-8")
    (here / "n" / "outline.md").write_text(OUTLINE, encoding="utf-8")
    return here / "n"


def test_a_folder_with_the_authors_files_is_planned_with_them(
    run: Run, served: Callable[..., FakeServer], folder: Path
) -> None:
    server = served()
    told = run("write", PREMISE, "--out", "n", "--pages", 12, "--until", "plan")
    assert told.code == 0, told.err
    kept = "From the author, and kept word for word: cast.md (1 person), outline.md (2 chapters,"
    assert kept in told.err
    shown = run("show", "n", "plan").out
    assert "  c1  Mara Quint" in shown
    assert "[author]\n      Harbour doctor. She counts stairs.\n" in shown
    assert "Chapter 1: The Tide" in shown
    assert "words)  [author]\n  Mara finds a ledger.\n" in shown
    assert "Mara reads it.  [author]\n" in shown
    assert "\nEnding: " in shown  # the planner's
    assert any("She counts stairs." in request.prompt for request in server.requests)
    assert (folder / "cast.md").read_text(encoding="utf-8") == CAST
    assert run("write", "n", "--until", 1).code == 0
    (folder / "cast.md").write_text(CAST.replace("Harbour", "Ship's"), encoding="utf-8")
    told = run("write", "n")
    assert told.code == 18
    assert "n/cast.md says something else than branch main was planned with." in told.err
    assert "novelcraft steer n character" in told.err


def test_new_names_what_it_found(run: Run, folder: Path) -> None:
    told = run("new", "n", "--premise", PREMISE)
    assert told.code == 0, told.err
    assert "The plan will keep: cast.md (1 person), outline.md (2 chapters, 1 scene)." in told.out
    assert sorted(path.name for path in folder.iterdir()) == ["cast.md", "novel.toml", "outline.md"]


@pytest.mark.parametrize("verb", ["write", "new"])
def test_a_file_that_cannot_be_used_is_named_before_anything_is_made(
    run: Run, folder: Path, verb: str
) -> None:
    (folder / "cast.md").write_bytes(b"## Mara\n\n\xff")
    premise = [PREMISE, "--out", "n"] if verb == "write" else ["n", "--premise", PREMISE]
    told = run(verb, *premise)
    assert told.code == 18
    assert "n/cast.md, line 3: byte 9 is not UTF-8 text." in told.err
    assert not (folder / "novel.toml").exists()


def test_another_number_of_chapters_than_the_outline_has_is_refused(
    run: Run, served: Callable[..., FakeServer], folder: Path
) -> None:
    served()
    told = run("write", PREMISE, "--out", "n", "--chapters", 5)
    assert told.code == 18
    assert "n/outline.md has 2 chapters, and the settings say chapters = 5." in told.err


def test_a_batch_takes_them_up_too(run: Run, served: Callable[..., FakeServer], here: Path) -> None:
    server = served()
    (here / "shelf" / "doctor").mkdir(parents=True)
    (here / "shelf" / "doctor" / "cast.md").write_text(CAST, encoding="utf-8")
    (here / "rows.jsonl").write_text(
        f'{{"name": "doctor", "premise": "{PREMISE}", "pages": 3}}\n', encoding="utf-8"
    )
    told = run("batch", "rows.jsonl", "--out", "shelf")
    assert told.code == 0, told.err
    assert any("She counts stairs." in request.prompt for request in server.requests)
