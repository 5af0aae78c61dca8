"""The book of a branch as files, and what is found in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import UnknownTargetError
from novelcraft.graphs.exporting import (
    export_branch,
    exports_folder,
    finding_keys,
    summarize_run,
    written,
)
from novelcraft.state.findings import Finding
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.checks import check_book
from tests import factories

PLAN = factories.plan(chapters=2, scenes_each=2)
LOOP = Finding(check="prose.loop", severity="warn", message="It loops.", about="c1")
NOVEL = NovelSettings(title="The Sea", author="Ida Penn")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ManuscriptStore]:
    """Two scenes on the main branch, one on another, and a third that is not begun."""
    with ManuscriptStore.create(tmp_path / "novel.db") as opened:
        opened.create_branch("main", head=None, plan_version=None)
        opened.add_plan("main", PLAN)
        first = opened.commit("main", factories.commit(1))
        opened.create_branch("darker", head=first.id, plan_version=1)
        opened.create_branch("new", head=None, plan_version=1)
        opened.commit("main", factories.commit(2, first, findings=(LOOP,)))
        yield opened


def test_other_branches_have_folders_of_their_own(tmp_path: Path) -> None:
    assert exports_folder(tmp_path, "main") == tmp_path / "exports"
    assert exports_folder(tmp_path, "darker") == tmp_path / "exports" / "darker"


def test_a_branch_without_a_scene_has_no_book(store: ManuscriptStore, tmp_path: Path) -> None:
    for ask in (
        lambda: written(store, "new"),
        lambda: summarize_run(store, "new", NOVEL),
        lambda: export_branch(store, tmp_path, "new", NOVEL),
    ):
        with pytest.raises(UnknownTargetError, match="Branch 'new' has no scene yet") as raised:
            ask()
        assert raised.value.fix == "Write some first: novelcraft write FOLDER"


def test_what_was_found_in_any_scene_and_any_book_has_a_key(store: ManuscriptStore) -> None:
    plan, chain = written(store, "darker")
    books = {finding.key for finding in check_book(chain, plan)}
    assert finding_keys(store) >= books | {LOOP.key}


def test_the_sums_are_those_of_the_branch(store: ManuscriptStore) -> None:
    store.exempt(LOOP.key, "He does.")
    summary = summarize_run(store, "main", NOVEL)
    head = store.branch("main").head
    assert (summary.branch, summary.head, summary.novel_id) == ("main", head, store.novel_id)
    assert (summary.author, summary.words) == ("Ida Penn", 18)
    assert [scene.position for scene in summary.scenes] == [1, 2]
    assert len(summarize_run(store, "darker", NOVEL).scenes) == 1


def test_a_book_is_written_where_its_branch_belongs_in_the_formats_that_are_asked_for(
    store: ManuscriptStore, tmp_path: Path
) -> None:
    result = export_branch(store, tmp_path, "darker", NOVEL, ("md", "report"))
    assert result.paths
    assert {path.parent for path in result.paths} == {tmp_path / "exports" / "darker"}
    book = next(path for path in result.paths if path.suffix == ".md").read_text(encoding="utf-8")
    assert "Elias Marrow read letter 1." in book
    assert "letter 2" not in book
