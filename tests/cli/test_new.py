"""`novelcraft new`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PREMISE = "A lighthouse keeper finds that the sea answers letters"


def test_it_makes_a_file_that_loads(run: Run, here: Path) -> None:
    told = run("new", "my novel", "--premise", PREMISE, "--pages", 10, "--seed", 7)
    assert told.code == 0
    assert "novelcraft write 'my novel'" in told.out
    novel = tomllib.loads((here / "my novel" / "novel.toml").read_text("utf-8"))["novel"]
    assert novel == {"premise": PREMISE, "pages": 10, "seed": 7}


def test_without_a_premise_it_says_where_to_put_one(run: Run, here: Path) -> None:
    assert "under premise" in run("new", "n").out
    told = run("write", "n")
    assert told.code == 13
    assert "novel.toml: [novel] premise is empty" in told.err


def test_what_the_environment_says_now_is_not_written_down(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NARRATOR", "openai:elsewhere")
    monkeypatch.setenv("NOVELCRAFT_NOVEL_TITLE", "Elsewhere")
    run("new", "n")
    assert "lsewhere" not in (here / "n" / "novel.toml").read_text("utf-8")


def test_a_novel_that_is_there_is_left_alone(run: Run, here: Path) -> None:
    run("new", "n")
    before = (here / "n" / "novel.toml").read_bytes()
    told = run("new", "n", "--pages", 3)
    assert told.code == 20
    assert "holds a novel already" in told.err
    assert (here / "n" / "novel.toml").read_bytes() == before


def test_other_peoples_files_are_left_alone(run: Run, here: Path) -> None:
    (here / "n").mkdir()
    (here / "n" / "taxes.ods").write_text("", encoding="utf-8")
    assert run("new", "n").code == 21
    assert [p.name for p in (here / "n").iterdir()] == ["taxes.ods"]


@pytest.mark.parametrize("pages", [0, 10_000])
def test_pages_out_of_range(run: Run, here: Path, pages: int) -> None:
    told = run("new", "n", "--pages", pages)
    assert told.code == 14
    assert f"--pages = {pages}" in told.err
    assert not (here / "n").exists()
