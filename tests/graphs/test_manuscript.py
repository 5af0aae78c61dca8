"""`manuscript.md`: a file a branch, true to its head, and never over a person's hand."""

from __future__ import annotations

import hashlib
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.config.settings import NovelSettings
from novelcraft.graphs.manuscript import (
    RunningHash,
    manuscript_path,
    manuscript_state,
    renew_manuscript,
    unmarked,
)
from novelcraft.present import views
from novelcraft.state.acts import EditScene, Redraw
from novelcraft.tools.export.edits import manuscript_edits
from novelcraft.tools.export.markdown import manuscript_markdown
from tests import factories
from tests.fakes.server import FakeServer
from tests.graphs.conftest import OpenDesk

PLAN = factories.plan()
NOVEL = NovelSettings()
CHAIN = factories.chain(3)


def renew(folder: Path, scenes: int = 3, branch: str = "main") -> str | None:
    return renew_manuscript(folder, branch, PLAN, CHAIN[:scenes], NOVEL)


def text(folder: Path) -> str:
    return (folder / "manuscript.md").read_text(encoding="utf-8")


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.edited-*"))


@given(st.lists(st.binary(max_size=6), max_size=6))
def test_the_hash_of_a_growing_text_is_that_of_the_whole(pieces: list[bytes]) -> None:
    running = RunningHash()
    for text in (*accumulate(pieces), *pieces):
        assert running.of(text) == hashlib.sha256(text).hexdigest()


def test_an_edit_by_hand_is_noticed_by_the_run_that_wrote_the_file(tmp_path: Path) -> None:
    running = RunningHash()
    assert renew_manuscript(tmp_path, "main", PLAN, CHAIN[:2], NOVEL, running) is None
    edited = text(tmp_path).replace("a", "e", 1)
    (tmp_path / "manuscript.md").write_text(edited, encoding="utf-8")
    assert renew_manuscript(tmp_path, "main", PLAN, CHAIN, NOVEL, running) is not None
    assert [path.read_text(encoding="utf-8") for path in kept(tmp_path)] == [edited]
    assert renew_manuscript(tmp_path, "main", PLAN, CHAIN, NOVEL, running) is None


def test_it_holds_the_book_and_names_its_head(tmp_path: Path) -> None:
    assert renew(tmp_path) is None
    assert unmarked(text(tmp_path)) == manuscript_markdown(PLAN, CHAIN, NOVEL)
    assert (
        text(tmp_path)
        .splitlines()[-1]
        .startswith(f"<!-- novelcraft: branch main, commit {CHAIN[-1].id[:12]}, ")
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_this_program_wrote_is_written_over(tmp_path: Path, newline: str) -> None:
    renew(tmp_path, 2)
    (tmp_path / "manuscript.md").write_bytes(text(tmp_path).replace("\n", newline).encode())
    assert renew(tmp_path, 3) is None
    assert renew(tmp_path, 3) is None
    assert kept(tmp_path) == []


@pytest.mark.parametrize("scenes", [2, 3])
def test_a_file_of_the_program_before_there_were_marks_is_no_edit(
    tmp_path: Path, scenes: int
) -> None:
    old = manuscript_markdown(PLAN, CHAIN[:scenes], NOVEL)
    (tmp_path / "manuscript.md").write_text(old, encoding="utf-8")
    assert renew(tmp_path, 3) is None
    assert kept(tmp_path) == []


def test_an_empty_file_is_no_edit(tmp_path: Path) -> None:
    renew(tmp_path)
    manuscript_path(tmp_path, "main").write_bytes(b"")
    assert manuscript_state(manuscript_path(tmp_path, "main"), CHAIN[-1]) == "missing"
    assert renew(tmp_path) is None
    assert kept(tmp_path) == []


@pytest.mark.parametrize("mark", ["kept", "lost"])
def test_a_persons_edit_is_kept_aside_and_told(tmp_path: Path, mark: str) -> None:
    renew(tmp_path, 2)
    edited = text(tmp_path).replace("Elias Marrow read letter 2.", "He burnt letter 2.")
    edited = edited if mark == "kept" else unmarked(edited)
    (tmp_path / "manuscript.md").write_text(edited, encoding="utf-8")
    told = renew(tmp_path, 3)
    (aside,) = kept(tmp_path)
    assert told is not None
    assert aside.name in told
    assert aside.read_text(encoding="utf-8") == edited
    assert unmarked(text(tmp_path)) == manuscript_markdown(PLAN, CHAIN, NOVEL)
    assert renew(tmp_path, 3) is None
    (edit,) = manuscript_edits(unmarked(edited), PLAN, CHAIN[:2], NOVEL).scenes
    assert (edit.position, edit.prose) == (2, "He burnt letter 2.\n\nThe sea was quiet.")


def test_a_file_that_is_no_text_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "manuscript.md").write_bytes(b"\xff\xfe\x00")
    assert renew(tmp_path) is not None
    assert [path.read_bytes() for path in kept(tmp_path)] == [b"\xff\xfe\x00"]


def test_each_branch_has_a_file_of_its_own(tmp_path: Path) -> None:
    renew(tmp_path, 3)
    renew(tmp_path, 2, "darker")
    assert manuscript_path(tmp_path, "darker") == tmp_path / "manuscript-darker.md"
    assert "branch darker" in (tmp_path / "manuscript-darker.md").read_text(encoding="utf-8")
    assert unmarked(text(tmp_path)) == manuscript_markdown(PLAN, CHAIN, NOVEL)


async def test_an_edit_of_a_finished_book_is_in_its_manuscript(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = open_desk(serve())
    assert await desk.write()
    await desk.do(EditScene(scene="2", prose="Elias sold the boat."))
    assert "Elias sold the boat." in text(desk.novel.folder)
    assert desk.chain()[-1].id[:12] in text(desk.novel.folder)
    await desk.do(Redraw(scene="3"))
    assert desk.chain()[-1].id[:12] in text(desk.novel.folder)


async def test_writing_on_a_branch_leaves_the_main_text_alone(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = open_desk(serve())
    await desk.write(until=3)
    before = text(desk.novel.folder)
    desk.novel.fork("1", "darker")
    assert await desk.write(branch="darker")
    assert text(desk.novel.folder) == before
    shown = views.status(desk.novel, "darker")
    assert str(desk.novel.folder / "manuscript-darker.md") in shown
    assert [Path(line).parent.name for line in shown.splitlines() if line.endswith(".epub")] == [
        "darker"
    ]
    assert "darker" not in views.status(desk.novel, "main").replace("Branches: darker", "")


async def test_a_run_that_meets_an_edited_manuscript_says_so(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = open_desk(serve())
    await desk.write(until=1)
    path = desk.novel.folder / "manuscript.md"
    path.write_text(text(desk.novel.folder) + "\nMy own end.\n", encoding="utf-8")
    await desk.write(until=2)
    (notice,) = [n.text for n in desk.of("notice") if "by hand" in n.text]
    (aside,) = kept(desk.novel.folder)
    assert aside.name in notice
    assert "My own end." in aside.read_text(encoding="utf-8")
